/** Each checker passes over a sound history and names what is wrong in an unsound one. */
import { describe, expect, test } from 'vitest';
import { CORRUPT_CELL } from '../cells.ts';
import type { HistoryEvent, SystemImage } from '../history.ts';
import { CHECKERS } from './all.ts';
import { crashEquivalence } from './crash-equivalence.ts';
import {
  cells,
  completed,
  done,
  ended,
  entry,
  findings,
  historyOf,
  images,
  issued,
  ledger,
  moved,
  pair,
  pass,
  powerLost,
  promoted,
  seenBeat,
  start,
  started,
  system,
  twoWrites,
  verdict,
} from './testing/event-words.ts';

const begun = (markedTracks: number): HistoryEvent => ({
  kind: 'copy-begun',
  destination: 'B1',
  pair: 'M-B1',
  markedTracks,
  allTracks: 4,
});

/** One end of the suspended pair P-I, with no bit set. */
const suspendedAt = (name: string, content: Record<number, number>, end: 'source' | 'destination'): SystemImage =>
  system(name, content, { pairs: [pair('P-I', end, 'suspend')] });

/** A clone of R, and what a test writes to it. */
const cloned = (what: 'made' | 'read', content: Record<number, number>): HistoryEvent => ({
  kind: 'clone',
  what,
  system: 'R',
  run: 'test',
  image: cells(content),
});
const wrote = (cell: number, content: number, done: boolean): HistoryEvent => ({
  kind: 'clone-write',
  system: 'R',
  volume: 0,
  firstCell: cell,
  contents: [content],
  done,
});
const testWrote = (cell: number, content: number) => [wrote(cell, content, false), wrote(cell, content, true)];
const testStep = (step: string, outcome: string): HistoryEvent => ({
  kind: 'step',
  run: 'test',
  routine: 'test-failover',
  step,
  outcome,
});

/** 1⇒2 and 1→3; first and last number in the journals, of which 3 has made all but one durable. */
function fanned({
  two,
  three,
  sync = 'duplex',
}: Record<'two' | 'three', [number, number]> & { sync?: 'duplex' | 'suspend' }): HistoryEvent {
  const journal = ([firstNumber, lastNumber]: [number, number]) => ({ firstNumber, lastNumber, entries: [] });
  const couple = (end: 'source' | 'destination') => [
    pair('1-2', end, sync, { kind: 'sync' }),
    pair('1-3', end, 'duplex'),
  ];
  const [toTwo, toThree] = couple('destination');
  return images(
    system('1', {}, { pairs: couple('source'), journal: journal([1, 9]) }),
    system('2', {}, { pairs: toTwo ? [toTwo] : [], journal: journal(two), durableNumber: two[1] }),
    system('3', {}, { pairs: toThree ? [toThree] : [], journal: journal(three), durableNumber: three[1] - 1 }),
  );
}
const broken = fanned({ two: [1, 5], three: [1, 6], sync: 'suspend' });

const CASES: [name: string, sound: HistoryEvent[], unsound: HistoryEvent[]][] = [
  ['no-crash', [], [{ kind: 'crash', process: 'P', error: 'TypeError' }]],
  ['lawful-transition', [moved('P', 'P-I', 'simplex', 'duplex')], [moved('P', 'P-I', 'simplex', 'suspending')]],
  [
    'lawful-transition',
    [moved('P', 'P-I', 'suspend', 'duplex-pending', 4), moved('P', 'P-I', 'failure-suspend', 'duplex-pending', 7)],
    [moved('P', 'P-I', 'duplex-pending', 'duplex', 4), moved('P', 'P-I', 'suspend', 'duplex-pending', 5)],
  ],
  [
    'lawful-transition',
    // Turned round: the change that is not told counts.
    [moved('R', 'I-R', 'suspending', 'suspend', 5), moved('R', 'R-I', 'suspend', 'duplex-pending', 7)],
    [moved('R', 'I-R', 'suspending', 'suspend', 5), moved('R', 'R-I', 'failure-suspend', 'duplex-pending', 6)],
  ],
  [
    'lawful-transition',
    // The word of its deletion was lost with the process; defined anew, its versions begin anew.
    [
      moved('J', 'J-R', 'suspending', 'suspend', 5),
      moved('J', 'R-J', 'absent', 'simplex', 1),
      moved('J', 'J-R', 'failure-suspend', 'duplex-pending', 6),
    ],
    [moved('J', 'J-R', 'suspending', 'suspend', 5), moved('J', 'R-J', 'simplex', 'initial-copying', 2)],
  ],
  [
    'one-copier',
    [moved('I', 'R-I', 'suspending', 'suspend'), moved('I', 'I-P', 'suspend', 'duplex-pending', 2, 'sync')],
    [moved('I', 'R-I', 'duplex-pending', 'duplex'), moved('I', 'I-P', 'suspend', 'duplex-pending', 2, 'sync')],
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
    'clone-apart',
    [
      ...twoWrites,
      cloned('made', { 0: 1 }),
      ...testWrote(1, 77),
      images(system('R', { 0: 2 })),
      cloned('read', { 0: 1, 1: 77 }),
    ],
    [...twoWrites, cloned('made', { 0: 1 }), cloned('read', { 0: 2 })],
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
    'bitmap-soundness',
    [
      powerLost('I'),
      images(suspendedAt('P', { 5: 1 }, 'source'), { ...suspendedAt('I', {}, 'destination'), up: false }),
    ],
    [powerLost('I'), images(suspendedAt('P', { 5: 1 }, 'source'), suspendedAt('I', {}, 'destination'))],
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
  ['in-step', [fanned({ two: [1, 5], three: [1, 5] })], [fanned({ two: [1, 5], three: [1, 6] })]],
  [
    'in-step',
    // At the instant in which the pair breaks it still holds; later it need not.
    [moved('1', '1-2', 'duplex', 'suspend', 4, 'sync'), pass(1)[0] ?? start('1'), broken],
    [moved('1', '1-2', 'duplex', 'suspend', 4, 'sync'), broken],
  ],
  [
    'kept-for-others',
    [fanned({ two: [4, 5], three: [4, 5] }), { kind: 'let-go', system: '2' }, fanned({ two: [6, 9], three: [4, 5] })],
    [fanned({ two: [4, 5], three: [4, 5] }), fanned({ two: [6, 9], three: [4, 5] })],
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
    'never-whole',
    [moved('B1', 'M-B1', 'initial-copying', 'duplex'), begun(3)],
    [moved('B1', 'M-B1', 'initial-copying', 'duplex'), begun(4)],
  ],
  [
    'prefix',
    [...twoWrites, images(system('R', { 1: 2 }, { consistent: false, mixed: new Set([0]) }))],
    [...twoWrites, images(system('R', { 1: 2 }, { consistent: false, mixed: new Set([1]) }))],
  ],
  [
    'prefix',
    [...twoWrites, images(system('R', { 1: 2 }, { consistent: false, mixed: new Set([0]) }))],
    [...twoWrites, images(system('R', { 1: 2 }, { consistent: true, mixed: new Set([0]) }))],
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
    [{ kind: 'flushed', system: 'P', startedOrder: 0, missing: [] }],
    [{ kind: 'flushed', system: 'P', startedOrder: 0, missing: [{ write: 1, system: 'I' }] }],
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

  test('a test is held apart in every way', () => {
    const made = [...twoWrites, cloned('made', { 0: 1 })];
    const speaks = (...events: HistoryEvent[]) => findings('clone-apart', [...made, ...events]).join();
    // What was not answered may be there or not.
    expect(speaks(wrote(1, 77, false), cloned('read', { 0: 1 }))).toBe('');
    expect(speaks(...testWrote(1, 77), cloned('read', { 0: 1 }))).toMatch('cell 1 of volume 0 reads 0, not 77');
    expect(speaks(...testWrote(1, 77), images(system('R', { 1: 77 })))).toMatch('holds what a test wrote');
    const begun: HistoryEvent = { kind: 'run-started', run: 'run', routine: 'test-failover' };
    expect(speaks(begun, done('R', 'drain', 1, 5))).toMatch('gave drain to R');
    const looked = [testStep('T110', 'ready'), moved('I', 'I-R', 'duplex', 'suspending')];
    const ended = [testStep('T190', 'discarded'), testStep('T200', 'undisturbed')];
    expect(speaks(...looked, ...ended)).toMatch('says that no pair has changed');
    expect(speaks(testStep('T110', 'ready'), ...ended)).toBe('');
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
