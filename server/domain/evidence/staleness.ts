/**
 * Proof goes stale: what was proven on other software, on another topology, by another runbook or too long ago proves
 * nothing of what is there now. Pure.
 */
import type { GroupDefinition } from '../arrangement.ts';

export interface Software {
  version: string;
  /** SHA-256 of the code it was built from; null where nobody knows. */
  content: string | null;
}

export interface Topology {
  definition: GroupDefinition;
  rpoObjectiveMs: number;
}

/** What a drill was recorded on. */
export interface ProofBasis {
  software: Software;
  /** SHA-256 of the runbook's file. */
  runbook: string;
  topology: Topology;
}

export interface StaleReason {
  kind: 'software' | 'runbook' | 'topology' | 'group' | 'age';
  text: string;
}

/** What there is now; `runbook` null where it is no longer in the library. */
export interface Present {
  software: Software;
  runbook: string | null;
  topology: Topology;
  /** When the group was made, ms: one that had its name before is another. */
  groupSince: number;
  /** Wall clock, ms. */
  at: number;
}

/** Beyond this age a proof is stale whatever stayed the same: 90 days. */
export const PROOF_HOLDS_MS = 90 * 86_400_000;
const DAY_MS = 86_400_000;
const SHOWN_OF_HASH = 8;

/** Why a drill that ended at `endedAt` no longer proves anything; empty where it does. */
export function staleReasons(
  proof: { basis: ProofBasis | null; endedAt: number },
  present: Present,
  holdsMs = PROOF_HOLDS_MS,
): StaleReason[] {
  const { basis, endedAt } = proof;
  const reasons: StaleReason[] = [];
  if (basis === null) reasons.push({ kind: 'software', text: 'nobody wrote down what it was recorded on' });
  else {
    const software = softwareDifference(basis.software, present.software);
    if (software) reasons.push({ kind: 'software', text: software });
    if (present.runbook === null) reasons.push({ kind: 'runbook', text: 'its runbook is no longer in the library' });
    else if (present.runbook !== basis.runbook)
      reasons.push({ kind: 'runbook', text: 'its runbook was changed since' });
    for (const text of topologyDifferences(basis.topology, present.topology)) reasons.push({ kind: 'topology', text });
  }
  if (endedAt < present.groupSince) reasons.push({ kind: 'group', text: 'the group was deleted and made anew since' });
  const days = Math.floor((present.at - endedAt) / DAY_MS);
  if (present.at - endedAt > holdsMs)
    reasons.push({ kind: 'age', text: `it is ${days} days old, and holds for ${Math.floor(holdsMs / DAY_MS)}` });
  return reasons;
}

/** Null where it is the same software. */
export function softwareDifference(before: Software, now: Software): string | null {
  if (before.version === now.version && before.content === now.content) return null;
  return `the software changed: ${softwareWords(before)} → ${softwareWords(now)}`;
}

export function softwareWords({ version, content }: Software): string {
  return content === null ? version : `${version} (${content.slice(0, SHOWN_OF_HASH)})`;
}

/** Every difference as a clause: `line I-R is 2000 km, was 1000 km`. */
export function topologyDifferences(before: Topology, now: Topology): string[] {
  const then = figuresOf(before);
  const found = figuresOf(now);
  return [...new Set([...then.keys(), ...found.keys()])].flatMap((name) => {
    const was = then.get(name);
    const is = found.get(name);
    if (was === is) return [];
    if (is === undefined) return [`there is no ${name} any more`];
    return [was === undefined ? `${name} is new: ${is}` : `${name} is ${is}, was ${was}`];
  });
}

/** What a topology consists of, by name and in words. */
function figuresOf({ definition, rpoObjectiveMs }: Topology): Map<string, string> {
  const figures = new Map<string, string>();
  const { lines, transport } = definition;
  figures.set('arrangement', definition.arrangement);
  for (const name of Object.keys(lines).sort()) {
    const line = lines[name];
    if (!line) continue;
    figures.set(`line ${name}`, `${line.km} km`);
    figures.set(`line ${name} paths`, String(line.paths));
    figures.set(`line ${name} rate`, line.rateBytesPerSecond === null ? 'unlimited' : `${line.rateBytesPerSecond} B/s`);
  }
  figures.set('volumes', `${definition.volumeCount} × ${mib(definition.volumeBytes)}`);
  figures.set('track size', `${definition.trackBytes} B`);
  figures.set('journal', mib(definition.journalBytes));
  figures.set('fence level', definition.fence);
  for (const pair of Object.keys(transport).sort()) figures.set(`transport of ${pair}`, transport[pair] ?? 'journal');
  figures.set('pull interval', `${definition.pullIntervalMs} ms`);
  const { ledger } = definition;
  figures.set('ledger', ledger.enabled ? `${ledger.transactionsPerSecond} transactions/s` : 'none');
  figures.set('RPO objective', `${rpoObjectiveMs} ms`);
  return figures;
}

const mib = (bytes: number) => `${bytes / 1024 ** 2} MiB`;
