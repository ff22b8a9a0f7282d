import { describe, expect, it } from 'vitest';
import type { PairStateOrAbsent } from '../domain/pair-states.ts';
import { isLawful, PAIR_STATES } from '../domain/pair-states.ts';
import type { PairFacts } from '../domain/storage-controller.ts';
import { TransitionLog, wayBetween } from './transitions.ts';

describe('the way between two states', () => {
  it.each<['sync' | 'async', PairStateOrAbsent, PairStateOrAbsent, string | null]>([
    ['async', 'duplex', 'suspend', 'duplex suspending suspend'],
    ['async', 'duplex', 'failure-suspend', 'duplex suspending failure-suspend'],
    ['sync', 'duplex', 'suspend', 'duplex suspend'],
    ['sync', 'failure-suspend', 'duplex', 'failure-suspend duplex-pending duplex'],
    ['async', 'absent', 'duplex', 'absent simplex initial-copying duplex'],
    ['sync', 'simplex', 'duplex', 'simplex initial-copying duplex'],
    ['sync', 'suspend', 'suspend', 'suspend suspend'],
    ['async', 'duplex', 'absent', 'duplex absent'],
    ['sync', 'duplex', 'simplex', null],
  ])('%s: %s to %s', (kind, from, to, way) => {
    expect(wayBetween(kind, from, to)?.join(' ') ?? null).toBe(way);
  });

  it('is made of rows of the table, whatever the two states', () => {
    for (const kind of ['sync', 'async'] as const) {
      for (const from of ['absent', ...PAIR_STATES] as const) {
        for (const to of PAIR_STATES) {
          const way = wayBetween(kind, from, to) ?? [];
          for (let index = 1; index < way.length; index += 1)
            expect(isLawful(kind, way[index - 1] ?? from, way[index] ?? to)).toBe(true);
        }
      }
    }
  });
});

describe('what a step records', () => {
  const ends = { a: 'I', b: 'R' };
  const facts = (state: PairFacts['state'], name = 'I-R') =>
    ({ name, state, definition: { kind: 'async' } }) as PairFacts;

  it('says nothing of a first look or an unchanged state', () => {
    const log = new TransitionLog({});
    expect(log.look('R', ends, facts('duplex'))).toBe(false);
    expect(log.look('R', ends, facts('duplex'))).toBe(false);
    expect(log.list).toEqual([]);
  });

  it('tells what both ends went through once, and a second time what happened twice', () => {
    const log = new TransitionLog({});
    for (const state of ['duplex', 'suspend', 'duplex', 'suspend'] as const) {
      log.look('R', ends, facts(state));
      log.look('I', ends, facts(state));
    }
    expect(log.list.map((each) => each.to)).toEqual([
      'suspending',
      'suspend',
      'duplex-pending',
      'duplex',
      'suspending',
      'suspend',
    ]);
  });

  it('remembers across steps, and tells a reversal under the new name', () => {
    const first = new TransitionLog({});
    first.look('R', ends, facts('suspend'));
    const second = new TransitionLog(structuredClone(first.seen));
    second.look('R', ends, facts('suspend', 'R-I'));
    expect(second.list).toEqual([{ pair: 'R-I', from: 'suspend', to: 'suspend' }]);
    second.look('R', ends, null);
    expect(second.list.at(-1)).toEqual({ pair: 'R-I', from: 'suspend', to: 'absent' });
  });
});
