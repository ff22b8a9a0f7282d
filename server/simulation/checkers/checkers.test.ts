/** Each checker passes over a sound history and names what is wrong in an unsound one. */
import { describe, expect, test } from 'vitest';
import type { PairStateOrAbsent } from '../../domain/pair-states.ts';
import type { Verdict } from '../../domain/verdict.ts';
import { type CellImage, CORRUPT_CELL } from '../cells.ts';
import { History, type HistoryEvent, type Images, type PairImage, type SystemImage } from '../history.ts';
import { CHECKERS } from './all.ts';
import { evidenceOf } from './checker.ts';
import { crashEquivalence } from './crash-equivalence.ts';

const CELLS = 16;

function historyOf(events: readonly HistoryEvent[]): History {
  const history = new History({
    arrangement: 'chain-3',
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

function findings(name: string, events: readonly HistoryEvent[]): string[] {
  const checker = CHECKERS.find((candidate) => candidate.name === name);
  if (!checker) throw new Error(`no checker ${name}`);
  return checker.check(evidenceOf(historyOf(events))).map((violation) => violation.text);
}

/** One volume whose cells hold the writes given by cell number. */
function cells(content: Record<number, number>): CellImage {
  const volume = new Uint32Array(CELLS);
  for (const [cell, write] of Object.entries(content)) volume[Number(cell)] = write;
  return [volume];
}

function system(name: string, content: Record<number, number>, change: Partial<SystemImage> = {}): SystemImage {
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

function pair(
  name: string,
  end: 'source' | 'destination',
  state: PairStateOrAbsent,
  change: Partial<PairImage> = {},
): PairImage {
  const [source = '', destination = ''] = name.split('-');
  return {
    name,
    kind: 'async',
    state,
    end,
    peer: end === 'source' ? destination : source,
    setTracks: new Set(),
    ...change,
  };
}

function images(...systems: SystemImage[]): HistoryEvent {
  const all: Images = Object.fromEntries(systems.map((image) => [image.system, image]));
  return { kind: 'images', label: 'test', images: all };
}

const issued = (write: number, cell: number, name = 'P'): HistoryEvent => ({
  kind: 'write-issued',
  write,
  system: name,
  volume: 0,
  firstCell: cell,
  cells: 1,
  zeroes: false,
});
const completed = (write: number, heldBy: string[] | null = ['P', 'I'], name = 'P'): HistoryEvent => ({
  kind: 'write-completed',
  write,
  system: name,
  syncState: 'duplex',
  syncPeer: 'I',
  heldBy,
});
const moved = (
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
const promoted = (name: string, image: CellImage, forced = false): HistoryEvent => ({
  kind: 'promoted',
  system: name,
  generation: 2,
  forced,
  image,
});

function verdict(
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

const token = (claimEpoch: number, step: number, runId = 'run') => ({ generation: 2, runId, claimEpoch, step });
const done = (name: string, verb: 'drain' | 'raise-generation', claimEpoch: number, step: number): HistoryEvent => ({
  kind: 'instruction',
  system: name,
  outcome: 'done',
  instruction:
    verb === 'drain'
      ? { verb, pair: 'I-R', token: token(claimEpoch, step), deadlineMs: 1000 }
      : { verb, generation: { number: 2, runId: 'run', holder: null }, token: token(claimEpoch, step) },
});

/** Two writes in order: 1 into cell 0, then 2 into cell 1. */
const twoWrites = [issued(1, 0), completed(1), issued(2, 1), completed(2)];
const started: HistoryEvent = { kind: 'run-started', run: 'run', routine: 'failover' };
const ended = (ending = 'done'): HistoryEvent => ({
  kind: 'run-ended',
  run: 'run',
  routine: 'failover',
  ending,
  text: 'work restarted on R',
});
const entry = (content: string) => ({
  firstNumber: 1,
  lastNumber: 2,
  entries: [{ number: 1, generation: 1, content }],
});

const start = (process: string): HistoryEvent => ({ kind: 'process', process, what: 'start', reason: '' });
const seenBeat = (ageMs: number, deadMs: number): HistoryEvent => ({
  kind: 'heartbeat-view',
  observer: 'witness',
  of: 'host-P',
  ageMs,
  lost: false,
  deadMs,
});
/** Each event comes a millisecond after the one before. */
const pass = (ms: number): HistoryEvent[] => Array.from({ length: ms }, () => ({ kind: 'fault', what: 'time passes' }));

function ledger(missingCount: number): HistoryEvent {
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
const CASES: [name: string, sound: HistoryEvent[], unsound: HistoryEvent[]][] = [
  ['no-crash', [], [{ kind: 'crash', process: 'P', error: 'TypeError' }]],
  ['lawful-transition', [moved('P', 'P-I', 'simplex', 'duplex')], [moved('P', 'P-I', 'simplex', 'suspending')]],
  [
    'lawful-transition',
    [moved('P', 'P-I', 'suspend', 'duplex-pending', 4), moved('P', 'P-I', 'failure-suspend', 'duplex-pending', 7)],
    [moved('P', 'P-I', 'duplex-pending', 'duplex', 4), moved('P', 'P-I', 'suspend', 'duplex-pending', 5)],
  ],
  [
    'one-copier',
    [moved('I', 'R-I', 'suspending', 'suspend'), moved('I', 'I-P', 'suspend', 'duplex-pending')],
    [moved('I', 'R-I', 'duplex-pending', 'duplex'), moved('I', 'I-P', 'suspend', 'duplex-pending')],
  ],
  [
    'number-unique',
    [images(system('P', {}, { journal: entry('a') }), system('I', {}, { journal: entry('a') }))],
    [images(system('P', {}, { journal: entry('a') }), system('I', {}, { journal: entry('b') }))],
  ],
  [
    'stale-token',
    [done('R', 'drain', 1, 5), done('R', 'drain', 2, 1)],
    [done('R', 'drain', 2, 1), done('R', 'drain', 1, 5)],
  ],
  [
    'register-monotone',
    [
      {
        kind: 'register',
        record: { generation: { number: 1, runId: 'x', holder: 'P' }, epoch: 1, state: 'alone', number: 1 },
      },
      {
        kind: 'register',
        record: { generation: { number: 1, runId: 'x', holder: 'P' }, epoch: 2, state: 'joined', number: 1 },
      },
    ],
    [
      {
        kind: 'register',
        record: { generation: { number: 1, runId: 'x', holder: 'P' }, epoch: 1, state: 'alone', number: 1 },
      },
      {
        kind: 'register',
        record: { generation: { number: 1, runId: 'x', holder: 'P' }, epoch: 1, state: 'joined', number: 1 },
      },
    ],
  ],
  ['sync-durability', [issued(1, 0), completed(1, ['P', 'I'])], [issued(1, 0), completed(1, ['P'])]],
  [
    'sync-durability',
    [...twoWrites, images(system('I', { 0: 1, 1: 2 }))],
    [...twoWrites, images(system('I', { 0: 1 }))],
  ],
  [
    'equality',
    [
      issued(1, 0),
      { kind: 'entered-duplex', pair: 'P-I', source: cells({ 0: 1 }), destination: cells({}) },
      completed(1),
    ],
    [
      issued(1, 0),
      completed(1),
      { kind: 'entered-duplex', pair: 'P-I', source: cells({ 0: 1 }), destination: cells({}) },
    ],
  ],
  [
    'bitmap-soundness',
    [
      images(
        system('P', { 0: 1 }, { pairs: [pair('P-I', 'source', 'suspend', { setTracks: new Set([0]) })] }),
        system('I', {}, { pairs: [pair('P-I', 'destination', 'suspend')] }),
      ),
    ],
    [
      images(
        system('P', { 5: 1 }, { pairs: [pair('P-I', 'source', 'suspend', { setTracks: new Set([0]) })] }),
        system('I', {}, { pairs: [pair('P-I', 'destination', 'suspend')] }),
      ),
    ],
  ],
  [
    'journal-trim',
    [
      images(
        system(
          'I',
          {},
          { pairs: [pair('I-R', 'source', 'duplex')], journal: { firstNumber: 8, lastNumber: 9, entries: [] } },
        ),
        system('R', {}, { pairs: [pair('I-R', 'destination', 'duplex')], durableNumber: 7 }),
      ),
    ],
    [
      images(
        system(
          'I',
          {},
          { pairs: [pair('I-R', 'source', 'duplex')], journal: { firstNumber: 9, lastNumber: 9, entries: [] } },
        ),
        system('R', {}, { pairs: [pair('I-R', 'destination', 'duplex')], durableNumber: 7 }),
      ),
    ],
  ],
  [
    'gold-copy',
    [
      ...twoWrites,
      moved('P', 'P-I', 'initial-copying', 'duplex'),
      images(
        system('P', { 0: 1, 1: 2 }),
        system('I', { 1: 2 }, { consistent: false, gold: cells({}) }),
        system('R', {}, { consistent: false }),
      ),
    ],
    [
      ...twoWrites,
      moved('P', 'P-I', 'initial-copying', 'duplex'),
      images(
        system('P', { 0: 1, 1: 2 }),
        system('I', { 1: 2 }, { consistent: false }),
        system('R', {}, { consistent: false }),
      ),
    ],
  ],
  ['prefix', [...twoWrites, images(system('R', { 0: 1 }))], [...twoWrites, images(system('R', { 1: 2 }))]],
  [
    'prefix',
    [...twoWrites, images(system('R', { 1: 2 }, { consistent: false }))],
    [...twoWrites, images(system('R', { 0: CORRUPT_CELL }))],
  ],
  [
    'prefix',
    [...twoWrites, promoted('R', cells({ 0: 1 })), issued(3, 2, 'R'), images(system('R', { 0: 1, 2: 3 }))],
    [...twoWrites, promoted('R', cells({ 0: 1 })), issued(3, 2, 'R'), images(system('R', { 0: 1, 1: 2, 2: 3 }))],
  ],
  [
    'read-back',
    [...twoWrites, { kind: 'read', system: 'P', volume: 0, firstCell: 0, found: [1, 2], startedOrder: 4 }],
    [...twoWrites, { kind: 'read', system: 'P', volume: 0, firstCell: 0, found: [1, 0], startedOrder: 4 }],
  ],
  [
    'bounded-cost',
    [
      {
        kind: 'copy',
        system: 'P',
        pair: 'P-I',
        markedTracks: 2,
        trackBytes: 65_536,
        movedBytes: 131_072,
        writtenBytes: 0,
      },
    ],
    [
      {
        kind: 'copy',
        system: 'P',
        pair: 'P-I',
        markedTracks: 2,
        trackBytes: 65_536,
        movedBytes: 262_144,
        writtenBytes: 0,
      },
    ],
  ],
  [
    'single-writer',
    [promoted('R', cells({})), issued(1, 0, 'R'), completed(1, null, 'R')],
    [issued(1, 0), promoted('R', cells({})), completed(1)],
  ],
  [
    'single-writer',
    [issued(1, 0), promoted('R', cells({}), true), completed(1)],
    [promoted('R', cells({})), issued(1, 0), completed(1)],
  ],
  [
    'fence-precedes-evidence',
    [started, done('R', 'raise-generation', 1, 1), done('R', 'drain', 1, 2)],
    [started, done('R', 'drain', 1, 2)],
  ],
  [
    'truthful-verdict',
    [...twoWrites, verdict('no-data-loss', {}, cells({ 0: 1, 1: 2 }))],
    [...twoWrites, verdict('no-data-loss', {}, cells({ 0: 1 }))],
  ],
  [
    'truthful-verdict',
    [...twoWrites, verdict('data-loss', { updates: 1, bytes: 512 }, cells({ 0: 1 }))],
    [...twoWrites, verdict('data-loss', { updates: 2, bytes: 1024 }, cells({ 0: 1 }))],
  ],
  [
    'truthful-verdict',
    [...twoWrites, verdict('data-loss', { updates: 1, bound: 'at-least' }, cells({}))],
    [...twoWrites, verdict('unknown', { updates: 3, bound: 'at-least' }, cells({}))],
  ],
  ['verdict-usefulness', [verdict('no-data-loss', {}, cells({}), true)], [verdict('unknown', {}, cells({}), true)]],
  [
    'flush-durability',
    [{ kind: 'flushed', system: 'P', missing: [] }],
    [{ kind: 'flushed', system: 'P', missing: [{ write: 1, system: 'I' }] }],
  ],
  ['heartbeat-age', [seenBeat(2000, 1000)], [seenBeat(100, 1000)]],
  [
    'confirmed-first',
    [start('P'), { kind: 'confirmed', system: 'P', generation: 1 }, issued(1, 0), completed(1)],
    [start('P'), issued(1, 0), completed(1)],
  ],
  [
    'old-holder-stops',
    [{ kind: 'healed' }, promoted('R', cells({}), true), issued(1, 0, 'R'), ...pass(5000), completed(1, null, 'R')],
    [{ kind: 'healed' }, promoted('R', cells({}), true), issued(1, 0), ...pass(5000), completed(1)],
  ],
  ['ledger-adds-up', [ledger(0)], [ledger(2)]],
  ['termination', [{ kind: 'healed' }, started, ended()], [{ kind: 'healed' }, started]],
  [
    'convergence',
    [
      images(...['P', 'I', 'R'].map((name) => system(name, { 0: 1 }, { pairs: [pair('P-I', 'source', 'duplex')] }))),
      { kind: 'finished' },
    ],
    [images(system('P', { 0: 1 }), system('I', { 0: 1 }), system('R', {})), { kind: 'finished' }],
  ],
];

describe('checkers', () => {
  test.each(CASES)('%s is silent on a sound history', (name, sound) => {
    expect(findings(name, sound)).toEqual([]);
  });

  test.each(CASES)('%s speaks up on an unsound one', (name, _sound, unsound) => {
    expect(findings(name, unsound)).not.toEqual([]);
  });

  test('every checker has a case here', () => {
    expect(new Set(CASES.map(([name]) => name))).toEqual(new Set(CHECKERS.map((checker) => checker.name)));
  });

  test('crash-equivalence compares endings, verdicts and generations', () => {
    const reference = historyOf([started, verdict('no-data-loss', {}, cells({})), ended()]);
    expect(crashEquivalence(reference, historyOf([started, verdict('no-data-loss', {}, cells({})), ended()]))).toEqual(
      [],
    );
    expect(crashEquivalence(reference, historyOf([started, verdict('unknown', {}, cells({})), ended()]))).toHaveLength(
      1,
    );
    expect(crashEquivalence(reference, historyOf([started, ended('failed')]))).toHaveLength(1);
  });

  test('a write that overlaps another in time may come before or after it', () => {
    const overlapping = [issued(1, 0), issued(2, 0), completed(2), completed(1)];
    for (const last of [1, 2])
      expect(findings('sync-durability', [...overlapping, images(system('I', { 0: last }))])).toEqual([]);
    expect(
      findings('sync-durability', [
        issued(1, 0),
        completed(1),
        issued(2, 0),
        completed(2),
        images(system('I', { 0: 1 })),
      ]),
    ).toHaveLength(1);
  });
});
