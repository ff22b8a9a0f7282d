/** The report of a drill: one page that opens without a server, from the folder it lies in. Pure: facts and notes in, HTML out. */
import { type DrillNote, wordsOf } from '../../domain/evidence/drill-notes.ts';
import type { DrillOutcome } from '../../domain/evidence/manifest.ts';
import type { Phase } from '../../domain/evidence/phases.ts';
import { softwareWords } from '../../domain/evidence/staleness.ts';
import type { DrillFacts } from './facts.ts';

export interface ReportInput {
  facts: DrillFacts;
  notes: readonly DrillNote[];
  outcome: DrillOutcome;
  stoppedAt: string | null;
  reason: string | null;
  publicKey: string;
  previous: { bundle: string; sha256: string } | null;
  /** There is a film in the bundle. */
  filmed: boolean;
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
<style>${STYLE}</style>
<header>
<p class="muted">Switchback · sealed evidence of a drill</p>
<h1>${html(drill.title)}</h1>
<p class="outcome ${outcome}">${html(OUTCOME[outcome])}</p>
${input.stoppedAt ? `<p>It stopped at: <strong>${html(input.stoppedAt)}</strong>${input.reason ? `<br><code>${html(input.reason)}</code>` : ''}</p>` : ''}
</header>
<main>
${factTable(input)}
${chapters(input)}
${phases(facts.phases)}
${verdicts(facts)}
${ledger(facts)}
${aftermath(facts)}
${timeline(facts)}
${commands(input.notes)}
${sealText(input)}
</main>
<script>${REPORT_SCRIPT}</script>
</html>
`;
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

/** The film beside its chapters; every step with its picture. */
function chapters({ notes, filmed }: ReportInput): string {
  const film = filmed
    ? `<video id="film" src="film.webm" controls preload="metadata"${poster(notes)}></video>`
    : '<p class="muted">There is no film: the recording was broken off before it was stored.</p>';
  const items = notes.map((note) => {
    if (note.kind === 'chapter')
      return `<li class="chapter"><h3>${jump(note)} ${html(note.title)}</h3><p>${html(note.text)}</p>`;
    const words = wordsOf(note);
    if (words === null) return '';
    const picture = 'picture' in note ? note.picture : null;
    const shown = picture
      ? `<a href="${html(picture)}"><img loading="lazy" src="${html(picture)}" alt="Screen at: ${html(words)}"></a>`
      : '';
    const attached = note.kind === 'attached' ? ` <a href="${html(note.path)}">${html(note.path)}</a>` : '';
    return `<li class="${note.kind}">${jump(note)} ${mark(note)}${html(words)}${attached}${shown}`;
  });
  return section('What was done and seen', `${film}\n<ol class="notes">${items.join('\n')}</ol>`);
}

/** Until it plays, the film shows the first picture. */
function poster(notes: readonly DrillNote[]): string {
  const first = notes.find((note) => 'picture' in note && note.picture !== null);
  return first && 'picture' in first && first.picture ? ` poster="${html(first.picture)}"` : '';
}

function jump({ filmMs, at }: DrillNote): string {
  const words = filmMs === null ? clock(at) : span(filmMs);
  return filmMs === null
    ? `<span class="time">${words}</span>`
    : `<button type="button" class="time" data-film="${filmMs / 1000}">${words}</button>`;
}

const mark = (note: DrillNote) => (note.kind === 'check' ? '✓ ' : note.kind === 'act' ? '▸ ' : '');

function phases(all: readonly Phase[]): string {
  if (all.length === 0) return section('Achieved', '<p>No routine was run.</p>');
  const rows = all.map(
    (phase) =>
      `<tr><td>${html(phase.routine)}<td>${html(phase.ending ?? 'still under way')}<td>${phase.durationMs === null ? '–' : span(phase.durationMs)}<td>${phase.outageMs === null ? 'none' : span(phase.outageMs)}<td>${phase.lost === null ? '–' : `${phase.lost.updates} updates, ${span(phase.lost.ms)}`}<td>${phase.worstRpoMs === null ? 'unknown' : span(phase.worstRpoMs)}`,
  );
  return section(
    'Achieved',
    `<table><thead><tr><th>Routine<th>Ended<th>Took<th>Work stood still (RTO)<th>Lost (RPO)<th>Exposed at most</thead>${rows.join('')}</table>`,
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
  const goOn =
    left.goOn.length === 0
      ? '<p>Nothing is left to be done.</p>'
      : `<p>To go on:</p><ul>${left.goOn.map((each) => `<li>${html(each)}`).join('')}</ul>`;
  return section('How the group was left', `<p>${html(left.summary)}</p>${goOn}`);
}

function timeline({ timeline: events }: DrillFacts): string {
  const rows = events.map(
    (event) => `<tr><td class="time">${clock(event.at)}<td>${html(event.observer)}<td>${html(event.text)}`,
  );
  return section('Timeline', `<table><thead><tr><th>UTC<th>Observer<th>What</thead>${rows.join('')}</table>`);
}

function commands(notes: readonly DrillNote[]): string {
  const told = notes.flatMap((note) => (note.kind === 'act' && note.command ? [note.command] : []));
  if (told.length === 0) return '';
  return section('The same on the command line', `<pre>${told.map(html).join('\n')}</pre>`);
}

function sealText({ publicKey, previous, facts }: ReportInput): string {
  const before = previous
    ? `It follows ${html(previous.bundle)}, whose manifest has SHA-256 <code>${previous.sha256}</code>.`
    : 'It is the first of its group.';
  return section(
    'Seal',
    `<p>Every file of this bundle is named with its SHA-256 in <a href="manifest.json">manifest.json</a>, which is signed (<a href="manifest.sig">manifest.sig</a>, Ed25519). ${before}</p>
<p>Public key: <code>${html(publicKey)}</code></p><p>Verify with <code>npx switchback runbook verify ${html(facts.drill.bundle)}</code>. More: <a href="facts/drill.json">facts</a>, <a href="notes.ndjson">notes</a>, <a href="trace.zip">trace</a>.</p>`,
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

function span(ms: number): string {
  if (ms < 1_000) return `${ms} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  const minutes = Math.floor(ms / 60_000);
  return `${minutes}:${String(Math.round((ms % 60_000) / 1_000)).padStart(2, '0')} min`;
}

const STYLE = `:root{color-scheme:light dark;--text:#161b20;--muted:#4e5359;--line:#cbced1;--surface:#f9fafb}
@media (prefers-color-scheme:dark){:root{--text:#ebedef;--muted:#a9afb4;--line:#393e42;--surface:#1c1e21}}
@media print{:root{--text:#161b20;--muted:#4e5359;--line:#cbced1;--surface:#fff}video{display:none}section{break-inside:auto}li,tr{break-inside:avoid}}
body{margin:0 auto;max-width:1000px;padding:24px;background:var(--surface);color:var(--text);font:15px/22px system-ui,sans-serif}
h1{font-size:28px;line-height:36px;margin:4px 0}h2{font-size:20px;margin:32px 0 8px}h3{font-size:16px;margin:16px 0 4px}
.muted{color:var(--muted)}.outcome{font-weight:600;font-size:18px}.failed,.aborted{color:#970b0a}.incomplete{color:#630579}
@media (prefers-color-scheme:dark){.failed,.aborted{color:#f96055}.incomplete{color:#e39cee}}
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:4px 12px 4px 0;border-bottom:1px solid var(--line)}
.facts th{width:140px;font-weight:500;color:var(--muted)}video,img{max-width:100%;border:1px solid var(--line);border-radius:6px}
img{display:block;width:480px;margin:6px 0 12px}code,pre,.time{font:13px/20px ui-monospace,monospace}pre{white-space:pre-wrap}code{overflow-wrap:anywhere}
ol.notes{list-style:none;padding:0}ol.notes li{margin:6px 0}button.time{border:1px solid var(--line);border-radius:4px;background:none;color:inherit;padding:2px 6px;min-height:24px;cursor:pointer}`;

/** Its hash is what a served report may run. */
export const REPORT_SCRIPT = `document.addEventListener('click',function(event){var button=event.target.closest('[data-film]');var film=document.getElementById('film');
if(!button||!film)return;film.currentTime=Number(button.dataset.film);film.play();film.scrollIntoView({block:'nearest'});});`;
