/** Short forms in which the checkers' tests write histories. */
import type { PairStateOrAbsent } from '../../../domain/pair-states.ts';
import type { Verdict } from '../../../domain/verdict.ts';
import type { CellImage } from '../../cells.ts';
import { History, type HistoryEvent, type Images, type PairImage, type SystemImage } from '../../history.ts';
import { CHECKERS } from '../all.ts';
import { evidenceOf } from '../checker.ts';

export const CELLS = 16;

export function historyOf(events: readonly HistoryEvent[], arrangement = 'chain-3'): History {
  const history = new History({
    arrangement,
    systems: ['P', 'I', 'R'],
    firstHolder: 'P',
    fence: 'status',
    trackBytes: 2048,
    volumeBytes: CELLS * 512,
    opaqueVolumes: [],
    terminationBoundMs: 1000,
  });
  for (const [index, event] of events.entries()) history.add(index, event);
  return history;
}

/** Where a checker asks for something that chain-3 does not promise. */
const ARRANGEMENT: Readonly<Record<string, string>> = {
  'never-whole': 'twin',
  'in-step': 'fan',
  'kept-for-others': 'fan',
};

export function findings(name: string, events: readonly HistoryEvent[]): string[] {
  const checker = CHECKERS.find((candidate) => candidate.name === name);
  if (!checker) throw new Error(`no checker ${name}`);
  return checker.check(evidenceOf(historyOf(events, ARRANGEMENT[name]))).map((violation) => violation.text);
}

/** One volume whose cells hold the writes given by cell number. */
export function cells(content: Record<number, number>): CellImage {
  const volume = new Uint32Array(CELLS);
  for (const [cell, write] of Object.entries(content)) volume[Number(cell)] = write;
  return [volume];
}

export function system(name: string, content: Record<number, number>, change: Partial<SystemImage> = {}): SystemImage {
  return {
    system: name,
    up: true,
    generation: 1,
    consistent: true,
    cells: cells(content),
    contentHash: JSON.stringify(content),
    gold: null,
    pairs: [],
    journal: { firstNumber: 0, lastNumber: 0, entries: [] },
    durableNumber: 0,
    ...change,
  };
}

export function pair(
  name: string,
  end: 'source' | 'destination',
  state: PairStateOrAbsent,
  change: Partial<PairImage> = {},
): PairImage {
  const [source = '', destination = ''] = name.split('-');
  return {
    name,
    kind: 'async',
    transport: 'journal',
    state,
    end,
    peer: end === 'source' ? destination : source,
    setTracks: new Set(),
    ...change,
  };
}

export function images(...systems: SystemImage[]): HistoryEvent {
  const all: Images = Object.fromEntries(systems.map((image) => [image.system, image]));
  return { kind: 'images', label: 'test', images: all };
}

export const issued = (write: number, cell: number, name = 'P'): HistoryEvent => ({
  kind: 'write-issued',
  write,
  system: name,
  volume: 0,
  firstCell: cell,
  cells: 1,
  zeroes: false,
});
export const completed = (write: number, heldBy: string[] | null = ['P', 'I'], name = 'P'): HistoryEvent => ({
  kind: 'write-completed',
  write,
  system: name,
  syncState: 'duplex',
  syncPeer: 'I',
  heldBy,
});
export const moved = (
  name: string,
  pairName: string,
  from: PairStateOrAbsent,
  to: PairStateOrAbsent,
  version = 1,
  pairKind: 'sync' | 'async' = 'async',
): HistoryEvent => ({
  kind: 'pair',
  system: name,
  pair: pairName,
  pairKind,
  from,
  to,
  version,
  reason: 'test',
});
export const promoted = (name: string, image: CellImage, forced = false): HistoryEvent => ({
  kind: 'promoted',
  system: name,
  generation: 2,
  forced,
  image,
});

export function verdict(
  kind: Verdict['kind'],
  lost: Partial<Verdict['lost']>,
  image: CellImage,
  proofExists: boolean | null = null,
): HistoryEvent {
  const full: Verdict = {
    kind,
    lost: { updates: 0, bytes: 0, seconds: 0, bound: 'exact', ...lost },
    evidence: [],
    missing: [],
    toSettle: [],
    fenced: true,
    survivorNumber: 0,
    attestation: null,
  };
  return { kind: 'verdict', run: 'run', routine: 'failover', survivor: 'R', verdict: full, image, proofExists };
}

export const token = (claimEpoch: number, step: number, runId = 'run') => ({ generation: 2, runId, claimEpoch, step });
export const done = (
  name: string,
  verb: 'drain' | 'raise-generation',
  claimEpoch: number,
  step: number,
): HistoryEvent => ({
  kind: 'instruction',
  system: name,
  outcome: 'done',
  // Each comes after all that were told of before it.
  cameOrder: Number.MAX_SAFE_INTEGER,
  instruction:
    verb === 'drain'
      ? { verb, pair: 'I-R', token: token(claimEpoch, step), deadlineMs: 1000 }
      : { verb, generation: { number: 2, runId: 'run', holder: null }, token: token(claimEpoch, step) },
});

/** Two writes in order: 1 into cell 0, then 2 into cell 1. */
export const twoWrites = [issued(1, 0), completed(1), issued(2, 1), completed(2)];
export const started: HistoryEvent = { kind: 'run-started', run: 'run', routine: 'failover' };
export const ended = (ending = 'done'): HistoryEvent => ({
  kind: 'run-ended',
  run: 'run',
  routine: 'failover',
  ending,
  text: 'work restarted on R',
});
export const entry = (content: string) => ({
  firstNumber: 1,
  lastNumber: 2,
  entries: [{ number: 1, generation: 1, content }],
});

export const start = (process: string): HistoryEvent => ({ kind: 'process', process, what: 'start', reason: '' });
export const powerLost = (process: string): HistoryEvent => ({
  kind: 'process',
  process,
  what: 'power-loss',
  reason: 'power lost',
});
export const seenBeat = (ageMs: number, deadMs: number): HistoryEvent => ({
  kind: 'heartbeat-view',
  observer: 'witness',
  of: 'host-P',
  ageMs,
  lost: false,
  deadMs,
});
/** Each event comes a millisecond after the one before. */
export const pass = (ms: number): HistoryEvent[] =>
  Array.from({ length: ms }, () => ({ kind: 'fault', what: 'time passes' }));

export function ledger(missingCount: number): HistoryEvent {
  const report = {
    source: 'own',
    completedThrough: 5,
    presentThrough: 5,
    missing: missingCount > 0 ? { from: 1, to: 2 } : null,
    missingCount,
    uncompletedPresent: 0,
    corrupt: 0,
    outOfOrder: 0,
    balance: { accounts: 2, total: 0, expected: 0, adds: true },
    verifiedOn: 'R',
  };
  return { kind: 'ledger', host: 'host-R', report };
}

/** Checker, a sound history, an unsound one. */
