/** The report of a drill: one page that opens without a server, from the folder it lies in. Pure: facts and notes in, HTML out. */
import { type DrillNote, wordsOf } from '../../domain/evidence/drill-notes.ts';
import type { DrillOutcome } from '../../domain/evidence/manifest.ts';
import { softwareWords } from '../../domain/evidence/staleness.ts';
import type { DrillFacts } from './facts.ts';
import { rpoChart } from './report-chart.ts';
import { REPORT_SCRIPT, REPORT_STYLE } from './report-style.ts';

export interface ReportInput {
  facts: DrillFacts;
  notes: readonly DrillNote[];
  outcome: DrillOutcome;
  stoppedAt: string | null;
  reason: string | null;
  publicKey: string;
  previous: { bundle: string; sha256: string } | null;
  /** There is a film in the bundle that plays; a trace of Playwright. */
  filmed: boolean;
  traced: boolean;
}

const OUTCOME: Record<DrillOutcome, string> = {
  passed: '✓ Walked to its end; everything held that was expected',
  failed: '✕ Stopped: something did not hold that was expected',
  aborted: '✕ Stopped by an operator',
  incomplete: '? Incomplete: the recording was broken off',
};

export function renderReport(input: ReportInput): string {
  const { facts, outcome } = input;
  const { drill } = facts;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${html(drill.title)}: ${html(drill.bundle)}</title>
<style>${REPORT_STYLE}</style>
<header>
<p class="muted">Switchback · sealed evidence of a drill</p>
<h1>${html(drill.title)}</h1>
<p class="outcome ${outcome}">${html(OUTCOME[outcome])}</p>
${stop(input)}
</header>
<main>
${factTable(input)}
${achieved(facts)}
${verdicts(facts)}
${ledger(facts)}
${aftermath(facts)}
${chapters(input)}
${timeline(facts)}
${commands(input)}
${topology(facts)}
${sealText(input)}
</main>
<script>${REPORT_SCRIPT}</script>
</html>
`;
}

function stop({ outcome, stoppedAt, reason }: ReportInput): string {
  if (stoppedAt === null) return '';
  const why = reason ? `<p><code>${html(reason)}</code></p>` : '';
  return `<div class="box ${outcome}"><p>It stopped at: <strong>${html(stoppedAt)}</strong></p>${why}</div>`;
}

function section(title: string, body: string): string {
  return `<section><h2>${html(title)}</h2>\n${body}\n</section>`;
}

function factTable({ facts, notes }: ReportInput): string {
  const { drill, versions } = facts;
  const begun = notes.find((note) => note.kind === 'begun');
  const rows: [string, string][] = [
    ['Group', drill.group],
    ['Runbook', `${drill.title} (${drill.runbook})`],
    ['What it shows', begun?.kind === 'begun' ? begun.says : '–'],
    ['Started', `${utc(drill.startedAt)} by ${drill.startedBy}`],
    ['Approved by', drill.approvedBy ? `${drill.approvedBy}, as stated by ${drill.startedBy}` : 'nobody was stated'],
    ['Ended', `${utc(drill.endedAt)}, after ${span(drill.endedAt - drill.startedAt)}`],
    ['Bundle', `${drill.bundle}, number ${drill.sequence} of the group`],
    [
      'Software',
      `Switchback ${facts.basis ? softwareWords(facts.basis.software) : versions.switchback}, Node ${versions.node}, ${versions.platform}`,
    ],
  ];
  return `<table class="facts">${rows.map(([name, value]) => `<tr><th>${html(name)}<td>${html(value)}`).join('')}</table>`;
}

/** The film with its chapters; every step with its picture. */
function chapters({ notes, filmed }: ReportInput): string {
  const film = filmed
    ? `<video id="film" src="film.webm" controls preload="metadata"${poster(notes)}></video><p class="paper muted">The film lies beside this report: film.webm. Times are those of the film.</p>`
    : '<p class="muted">There is no film: the recording was broken off before there was one.</p>';
  const items = notes.map((note) => {
    if (note.kind === 'chapter')
      return `<li class="chapter"><h3>${jump(note, filmed)} ${html(note.title)}</h3><p>${html(note.text)}</p>`;
    const words = wordsOf(note);
    if (words === null) return '';
    const picture = 'picture' in note ? note.picture : null;
    const shown = picture
      ? `<a href="${html(picture)}"><img src="${html(picture)}" width="1280" height="800" loading="lazy" alt="Screen at: ${html(words)}"></a>`
      : '';
    const attached = note.kind === 'attached' ? ` <a href="${html(note.path)}">${html(note.path)}</a>` : '';
    return `<li class="${note.kind}">${jump(note, filmed)}<span>${mark(note)}${html(words)}${attached}</span>${shown}`;
  });
  const body = items.length === 0 ? '<p>Nothing was done: the recording ended before it began.</p>' : '';
  return section(
    'What was done and seen',
    `${film}\n${filmed ? jumps(notes) : ''}${body}<ol class="notes">${items.join('\n')}</ol>`,
  );
}

/** Chapters of the film, to be jumped to. */
function jumps(notes: readonly DrillNote[]): string {
  const buttons = notes.flatMap((note) =>
    note.kind === 'chapter' && note.filmMs !== null
      ? [
          `<li><button type="button" data-film="${note.filmMs / 1000}">${span(note.filmMs)} · ${html(note.title)}</button>`,
        ]
      : [],
  );
  return `<ul class="jumps" aria-label="Chapters of the film">${buttons.join('')}</ul>`;
}

/** Until it plays, the film shows the first picture. */
function poster(notes: readonly DrillNote[]): string {
  const first = notes.find((note) => 'picture' in note && note.picture !== null);
  return first && 'picture' in first && first.picture ? ` poster="${html(first.picture)}"` : '';
}

function jump({ filmMs, at }: DrillNote, filmed: boolean): string {
  if (filmMs === null || !filmed) return `<span class="time">${clock(at)}</span>`;
  return `<button type="button" class="time" data-film="${filmMs / 1000}">${span(filmMs)}</button>`;
}

const mark = (note: DrillNote) => (note.kind === 'check' ? '✓ ' : note.kind === 'act' ? '▸ ' : '');

function achieved({ phases: all, seconds, basis, drill }: DrillFacts): string {
  const { startedAt, endedAt } = drill;
  const objectiveMs = basis?.topology.rpoObjectiveMs ?? null;
  const chart = rpoChart({ startedAt, endedAt, points: seconds, phases: all, objectiveMs });
  const drawn = chart
    ? `${chart}<p class="muted">Above: what a loss in that second would have cost (logarithmic). Below: writes completed by hosts. Shaded: the routines. A gap: nobody knew.</p>`
    : '<p class="muted">Nothing was measured in that time.</p>';
  if (all.length === 0) return section('Achieved', `<p>No routine was run.</p>${drawn}`);
  const rows = all.map(
    (phase) =>
      `<tr><td>${html(phase.routine)}<td>${html(phase.ending ?? 'still under way')}<td>${phase.durationMs === null ? '–' : span(phase.durationMs)}<td>${phase.outageMs === null ? 'none' : span(phase.outageMs)}<td>${phase.lost === null ? '–' : lossOf(phase.lost)}<td>${phase.worstRpoMs === null ? 'unknown' : span(phase.worstRpoMs)}`,
  );
  return section(
    'Achieved',
    `<div class="wide"><table><thead><tr><th>Routine<th>Ended<th>Took<th>Work stood still (RTO)<th>Lost (RPO)<th>Exposed at most</thead>${rows.join('')}</table></div>${drawn}`,
  );
}

function verdicts({ runs }: DrillFacts): string {
  const said = runs.flatMap((run) => (run.verdict ? [{ routine: run.routine, verdict: run.verdict }] : []));
  if (said.length === 0) return section('Verdicts', '<p>None was said.</p>');
  const words = { 'no-data-loss': 'No data loss, proven', 'data-loss': 'Data loss', unknown: 'Unknown' };
  return section(
    'Verdicts',
    said
      .map(
        ({ routine, verdict }) =>
          `<h3>${html(routine)}: ${words[verdict.kind]}</h3><ul>${[...verdict.evidence, ...verdict.missing.map((each) => `missing: ${each}`)].map((each) => `<li>${html(each)}`).join('')}</ul>`,
      )
      .join('\n'),
  );
}

function ledger({ ledger: report }: DrillFacts): string {
  if ('unknown' in report) return section('Ledger', `<p>It could not be verified: ${html(report.unknown)}</p>`);
  const sum = report.balance.adds ? 'adds up' : 'DOES NOT ADD UP';
  return section(
    'Ledger',
    `<p>Verified on ${html(report.verifiedOn)} at the end: completed through ${report.completedThrough}, present through ${report.presentThrough}, <strong>${report.missingCount} missing</strong>, ${report.corrupt} corrupt; the balance <strong>${sum}</strong>.</p>`,
  );
}

function aftermath({ aftermath: left }: DrillFacts): string {
  if (left.whole) return section('How the group was left', `<p>${html(left.summary)} Nothing is left to be done.</p>`);
  const ways = left.goOn.map(
    ({ text, command }) => `<li>${html(text)}${command ? `<br><code>${html(command)}</code>` : ''}`,
  );
  return section(
    'How the group was left, and how to go on',
    `<div class="box incomplete"><p>${html(left.summary)}</p><p>To go on, in this order:</p><ol>${ways.join('')}</ol></div>`,
  );
}

function timeline({ timeline: events, timelineIsCut }: DrillFacts): string {
  const rows = events.map(
    (event) => `<tr><td class="time">${clock(event.at)}<td>${html(event.observer)}<td>${html(event.text)}`,
  );
  const cut = timelineIsCut ? '<p>There was more: the first events are shown.</p>' : '';
  return section(
    'Timeline',
    `<p class="muted">Every change of a pair’s state and every event of the group, as the control plane has it.</p>${cut}<div class="wide"><table><thead><tr><th>UTC<th>Observer<th>What</thead>${rows.join('')}</table></div>`,
  );
}

/** What the control plane was told, and what an operator would type for what the runbook did on the screen. */
function commands({ facts, notes }: ReportInput): string {
  const rows = facts.commands.map(
    ({ at, actor, action, subject, outcome }) =>
      `<tr><td class="time">${clock(at)}<td>${html(actor)}<td>${html(action)}<td>${html(subject)}<td>${html(outcome)}`,
  );
  const table =
    rows.length === 0
      ? '<p>None was given.</p>'
      : `<div class="wide"><table><thead><tr><th>UTC<th>By<th>Command<th>About<th>Outcome</thead>${rows.join('')}</table></div>`;
  const told = notes.flatMap((note) => (note.kind === 'act' && note.command ? [note.command] : []));
  const lines = told.length === 0 ? '' : `<h3>The same on the command line</h3><pre>${told.map(html).join('\n')}</pre>`;
  return section('Commands', `${table}${lines}`);
}

function topology({ definition }: DrillFacts): string {
  return section(
    'Topology',
    `<p class="muted">The group as it was defined when the drill ran.</p><pre>${html(JSON.stringify(definition, null, 1))}</pre>`,
  );
}

function sealText({ publicKey, previous, facts, notes, traced }: ReportInput): string {
  const before = previous
    ? `It follows ${html(previous.bundle)}, whose manifest has SHA-256 <code>${previous.sha256}</code>.`
    : 'It is the first of its group.';
  const noted = notes.length === 0 ? '' : '<a href="notes.ndjson">notes of the recorder</a>, ';
  const trace = traced
    ? '<a href="trace.zip">trace of the browser</a> (npx playwright show-trace trace.zip)'
    : 'there is no trace of the browser: the recording was broken off before it was stored';
  return section(
    'Seal',
    `<p>Every file of this bundle is named with its SHA-256 in <a href="manifest.json">manifest.json</a>, which is signed (<a href="manifest.sig">manifest.sig</a>, Ed25519). ${before}</p>
<p>Public key: <code>${html(publicKey)}</code></p><p>Verify with <code>npx switchback runbook verify ${html(facts.drill.bundle)}</code>, or with the path of this folder or of its archive where no server runs.</p>
<p>More: <a href="facts/drill.json">drill</a>, <a href="facts/timeline.json">timeline</a>, <a href="facts/runs.json">runs</a>, <a href="facts/seconds.json">seconds</a>, <a href="facts/topology.json">topology</a>, <a href="facts/commands.json">commands</a>, <a href="facts/aftermath.json">how it was left</a>, <a href="facts/ledger.json">ledger</a>; ${noted}${trace}.</p>`,
  );
}

const html = (text: string) =>
  text.replace(/[&<>"]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[sign] ?? sign);
const utc = (at: number) =>
  new Date(at)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, ' UTC');
const clock = (at: number) => new Date(at).toISOString().slice(11, 23);

/** Where nobody knows how long ago the first lost update was made, no time is said: it would read as none. */
function lossOf({ updates, ms }: { updates: number; ms: number }): string {
  return updates > 0 && ms === 0 ? `${updates} updates` : `${updates} updates, ${span(ms)}`;
}

function span(ms: number): string {
  if (ms < 1_000) return `${ms} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')} min`;
}
