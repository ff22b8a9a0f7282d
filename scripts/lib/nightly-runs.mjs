// What the nightly does with each runbook: a group for it, the recording, the proof of the bundle; and the table of all that.
import { spawn } from 'node:child_process';
import path from 'node:path';

/**
 * Records the chosen runbooks one after the other. What goes wrong with one is its result; the next is recorded all the same.
 * @param {{ root: string, url: string, choose: (library: Runbook[]) => Runbook[], keep: boolean, say: (line: string) => void }} options
 * @returns {Promise<Result[]>}
 */
export async function runNightly({ root, url, choose, keep, say }) {
  const switchback = (...words) => command(root, url, words);
  const runbooks = choose(await switchback('runbook', 'library'));
  const arrangements = await switchback('group', 'arrangements');
  const stamp = new Date().toISOString().slice(5, 16).replace(/\D/g, '');
  const results = [];
  for (const [index, runbook] of runbooks.entries()) {
    say(`${index + 1} of ${runbooks.length}: ${runbook.name} (${runbook.arrangement})`);
    const group = groupFor(runbook.name, stamp, index);
    const began = Date.now();
    let result;
    try {
      const form = arrangements.find(({ id }) => id === runbook.arrangement).moves.form;
      await makeGroup(switchback, group, runbook.arrangement, form);
      result = await recordOne(switchback, url, runbook.name, group);
    } catch (error) {
      result = { outcome: 'not recorded', stoppedAt: error.message, bundle: null, intact: null, phases: [] };
    }
    const good = isGood({ runbook: runbook.name, ...result });
    // What went wrong can be looked at afterwards, and the group gone on with.
    if (!keep && good) await switchback('group', 'delete', group).catch((error) => say(error.message));
    results.push({ runbook: runbook.name, group, tookMs: Date.now() - began, ...result });
    say(`   ${result.outcome}${result.stoppedAt ? ` at: ${result.stoppedAt}` : ''}`);
  }
  return results;
}

/** No longer than a group may be called, and never used before. */
function groupFor(name, stamp, index) {
  return `${name.slice(0, 19).replace(/-$/, '')}-${stamp}-${index + 1}`;
}

/** Those that were asked for, or all. Refuses a name that is not in the library. */
export function chosenFrom(library, only) {
  if (only === undefined) return library;
  const names = only.split(',').map((name) => name.trim());
  const unknown = names.filter((name) => !library.some((runbook) => runbook.name === name));
  if (unknown.length > 0)
    throw new Error(
      `There is no runbook ${unknown.join(', ')}. There are: ${library.map(({ name }) => name).join(', ')}`,
    );
  return library.filter(({ name }) => names.includes(name));
}

/** It was walked to its end, and its bundle is what was sealed. */
export const isGood = ({ outcome, intact }) => outcome === 'passed' && intact === true;

async function makeGroup(switchback, group, arrangement, form) {
  await switchback('group', 'create', group, '--arrangement', arrangement);
  await switchback('run', form, '--group', group, '--yes');
  await switchback('ledger', 'start', '--group', group);
}

async function recordOne(switchback, url, runbook, group) {
  // A drill that did not pass answers with status 1 and an error; what was sealed is asked for.
  const refusal = await switchback('runbook', 'record', runbook, '--group', group).then(
    () => null,
    (error) => error,
  );
  const drill = (await switchback('runbook', 'list', '--group', group))[0];
  if (!drill) throw refusal ?? new Error('nothing was recorded');
  const report = await switchback('runbook', 'verify', drill.bundle).catch(() => ({ intact: false }));
  return {
    outcome: drill.outcome ?? drill.status,
    stoppedAt: refusal ? (drill.progress.ended?.stoppedAt ?? drill.progress.last) : null,
    reason: drill.progress.ended?.reason ?? null,
    bundle: drill.bundle,
    intact: report.intact,
    phases: await phasesOf(url, drill.bundle),
  };
}

/** As the bundle itself has them; none where it has not. */
async function phasesOf(url, bundle) {
  const password = process.env.SWITCHBACK_ADMIN_PASSWORD;
  const headers = password ? { authorization: `Basic ${Buffer.from(`admin:${password}`).toString('base64')}` } : {};
  const answer = await fetch(`${url}/api/evidence/${bundle}/facts/phases.json`, { headers }).catch(() => null);
  return answer?.ok ? answer.json() : [];
}

/** Runs `switchback … --json` and resolves with its value; rejects with its error's words. */
function command(root, url, words) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [path.join(root, 'scripts', 'switchback.mjs'), ...words, '--json'], {
      cwd: root,
      env: { ...process.env, SWITCHBACK_URL: url },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      said += text;
    });
    child.once('error', reject);
    child.once('close', (code) => {
      try {
        const value = JSON.parse(said);
        if (code === 0) resolve(value);
        else reject(new Error(value.error ? `${value.error.message} (${value.error.cure})` : `status ${code}`));
      } catch {
        reject(new Error(`switchback ${words.join(' ')}: status ${code}, and no answer`));
      }
    });
  });
}

/** The table, then the phases of each with how long the work stood still and what could have been lost. */
export function formatResults(results) {
  const rows = results.map((result) => [
    result.runbook,
    result.outcome,
    span(result.tookMs),
    result.intact === null ? '–' : result.intact ? 'proven' : 'NOT what was sealed',
    result.bundle ?? '–',
  ]);
  const lines = table([['runbook', 'outcome', 'took', 'bundle is', 'bundle'], ...rows]);
  const stopped = results
    .filter((result) => !isGood(result))
    .map(
      ({ runbook, group, stoppedAt, reason }) =>
        `${runbook} (group ${group}) stopped at: ${stoppedAt}. ${reason ?? ''}`,
    );
  const phases = results.flatMap(({ runbook, phases: all }) =>
    all.map((phase) => [
      runbook,
      phase.routine,
      phase.ending ?? 'under way',
      span(phase.durationMs),
      span(phase.outageMs),
      phase.lost ? lossOf(phase.lost) : '–',
      span(phase.worstRpoMs),
    ]),
  );
  const heads = ['runbook', 'routine', 'ended', 'took', 'RTO: work stood still', 'RPO: lost', 'exposed at most'];
  const parts = [lines, ...(stopped.length > 0 ? [stopped] : []), table([heads, ...phases])];
  return `${parts.map((part) => part.join('\n')).join('\n\n')}\n`;
}

function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]))
      .join('  ')
      .trimEnd(),
  );
}

function span(ms) {
  if (ms === null || ms === undefined) return '–';
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)}:${String(Math.floor((ms % 60_000) / 1_000)).padStart(2, '0')} min`;
}

/**
 * @typedef {{ name: string, arrangement: string, title: string }} Runbook
 * @typedef {{ runbook: string, group: string, tookMs: number, outcome: string, stoppedAt: string | null, reason?: string | null,
 *   bundle: string | null, intact: boolean | null, phases: object[] }} Result
 */

/** Where nobody knows how long ago the first lost update was made, no time is said: it would read as none. */
function lossOf({ updates, ms }) {
  return updates > 0 && ms === 0 ? `${updates} updates` : `${updates} updates, ${span(ms)}`;
}
