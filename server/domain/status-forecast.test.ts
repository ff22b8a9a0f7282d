import { describe, expect, it } from 'vitest';
import { defaultGroup, findArrangement } from './arrangement.ts';
import type { PairState } from './pair-states.ts';
import type { GroupFacts } from './status-facts.ts';
import { forecastsOf } from './status-forecast.ts';
import { NOW, pairFacts, systemFacts } from './status-testkit.ts';
import type { SystemFacts } from './storage-controller.ts';

const GENERATION = { number: 1, runId: 'initial', holder: '1' };
const MIB = 1024 * 1024;

interface Bench {
  numbers?: { two?: number; three?: number };
  trimmed?: { two?: number; three?: number };
  kept?: number;
  /** As 1 and 2 have it; null: 1 is not heard. */
  sync?: [PairState | null, PairState];
}

function bench({ numbers = {}, trimmed = {}, kept, sync = ['duplex', 'duplex'] }: Bench = {}): GroupFacts {
  const arrangement = findArrangement('fan');
  if (!arrangement) throw new Error('fan is gone');
  const [atOne, atTwo] = sync;
  const made = (name: string, change: Partial<SystemFacts>, trimmedTo = 0): SystemFacts => ({
    ...systemFacts(name, GENERATION, [], []),
    volumes: [{ sizeBytes: 16 * MIB, dirtyTracks: 0 }],
    journal: { usedBytes: 0, sizeBytes: MIB, trimmedTo, fullInMs: null },
    ...change,
  });
  const two = made(
    '2',
    { lastNumber: numbers.two ?? 100, pairs: [pairFacts('1', '2', 'destination', atTwo)] },
    trimmed.two,
  );
  if (kept !== undefined) two.journal.kept = [{ consumer: '3', number: 90, bytes: kept }];
  const systems = [two, made('3', { lastNumber: numbers.three ?? 100 }, trimmed.three)];
  if (atOne) systems.push(made('1', { pairs: [pairFacts('1', '2', 'source', atOne)] }));
  return {
    definition: defaultGroup('fan', arrangement),
    arrangement,
    powered: true,
    now: NOW,
    boundMs: 5000,
    processes: systems.map((storage) => ({
      name: storage.system,
      kind: 'storage',
      state: 'up',
      pid: 1,
      nbdPort: null,
      observer: 'agent',
      observedAt: NOW,
      factsAt: NOW,
      storage,
      host: null,
      witness: null,
      downSince: null,
      writesPerSecond: null,
      bytesPerSecond: null,
      pairRates: {},
    })),
    run: null,
    faults: [],
    objectives: { rpoMs: 1000 },
    lastDrill: null,
  };
}

const said = (facts: GroupFacts) => forecastsOf(facts, '1').map(({ system, kind, text }) => [system, kind, text]);

describe('what a loss of the first system would mean for the third', () => {
  it.each<[string, Bench, string, string]>([
    ['both hold the same', {}, 'none', 'delta, 0 B'],
    ['3 trails', { numbers: { three: 90 }, kept: 1.2 * MIB }, 'delta', 'delta, 1.2 MiB'],
    ['3 trails, and nobody has told by how much', { numbers: { three: 90 } }, 'delta', 'delta, 10 updates'],
    [
      '2 has let go of what 3 lacks',
      { numbers: { three: 90 }, trimmed: { two: 95 } },
      'full',
      'full copy, 16.0 MiB (update 91 was trimmed from the journal of 2)',
    ],
    ['3 was looked at later than 2', { numbers: { two: 95 } }, 'none', 'delta, 0 B'],
    [
      'the sync pair is broken, which 2 has not heard, and 3 goes on following 1',
      { numbers: { two: 95 }, sync: ['failure-suspend', 'duplex'] },
      'differ',
      'differential copy (3 holds 5 updates that 2 does not have)',
    ],
    [
      'so it is, and 3 has let go of what tells the difference',
      { numbers: { two: 95 }, trimmed: { three: 98 }, sync: ['failure-suspend', 'duplex'] },
      'full',
      'full copy, 16.0 MiB (3 holds updates 96 to 100, which 2 does not have; update 96 was trimmed from the journal of 3)',
    ],
    [
      '1 is not heard: the word of 2 is all there is',
      { numbers: { two: 95 }, sync: [null, 'duplex'] },
      'none',
      'delta, 0 B',
    ],
  ])('%s', (_name, how, kind, words) => {
    expect(said(bench(how))).toEqual([['3', kind, `if 1 is lost now: ${words}`]]);
  });

  it('is not known where one of the two is silent', () => {
    const facts = bench();
    expect(said({ ...facts, processes: facts.processes.filter(({ name }) => name !== '3') })).toEqual([
      ['3', 'unknown', 'if 1 is lost now: not known, 3 is not heard'],
    ]);
  });

  it('is no question where nobody holds the role, or no system has two sides to follow', () => {
    expect(forecastsOf(bench(), null)).toEqual([]);
    const chain = findArrangement('chain-3');
    if (chain) expect(forecastsOf({ ...bench(), arrangement: chain }, 'P')).toEqual([]);
  });
});
