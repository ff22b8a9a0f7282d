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
    ['sync', 'suspend', 'suspend', 'suspend'],
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
  /** What one end answers; its version counts its own changes. */
  const facts = (state: PairFacts['state'], version: number, name = 'I-R', kind = 'async') =>
    ({ name, state, version, changedAt: version, definition: { kind } }) as PairFacts;
  const words = (log: TransitionLog) => log.list.map(({ pair, from, to }) => `${pair} ${from} → ${to}`);
  /** The log of the next step, as it begins after a resume. */
  const next = (log: TransitionLog) => new TransitionLog(structuredClone(log.seen));

  it('says nothing of a first look or an unchanged state', () => {
    const log = new TransitionLog({});
    expect(log.look('R', ends, facts('duplex', 3))).toBe(false);
    expect(log.look('R', ends, facts('duplex', 3))).toBe(false);
    expect(log.list).toEqual([]);
  });

  it('tells what both ends went through once, and a second time what happened twice', () => {
    const log = new TransitionLog({});
    for (const [turn, state] of (['duplex', 'suspend', 'duplex', 'suspend'] as const).entries()) {
      log.look('R', ends, facts(state, 3 + 2 * turn));
      log.look('I', ends, facts(state, 3 + 2 * turn));
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

  it('leaves to the step in which one end told it what the other end is asked about later', () => {
    const drain = new TransitionLog({});
    drain.look('R', ends, facts('duplex', 3));
    drain.look('I', ends, facts('duplex', 3));
    drain.look('R', ends, facts('suspending', 4));
    drain.look('R', ends, facts('suspend', 5));
    const later = next(next(drain));
    expect(later.look('I', ends, facts('suspend', 5))).toBe(false);
    expect(later.list).toEqual([]);
    later.look('I', ends, facts('duplex-pending', 6));
    expect(words(later)).toEqual(['I-R suspend → duplex-pending']);
  });

  it('tells what the second end saw beyond the first, though it is asked for the first time', () => {
    const drain = new TransitionLog({});
    drain.look('I', ends, facts('duplex', 3));
    drain.look('I', ends, facts('suspending', 4));
    const later = next(drain);
    later.look('R', ends, facts('suspending', 4));
    later.look('R', ends, facts('suspend', 5));
    later.look('I', ends, facts('suspend', 5));
    expect(words(later)).toEqual(['I-R suspending → suspend']);
  });

  it('takes the end that lags through the same story, whichever state it is found in', () => {
    const log = new TransitionLog({});
    log.look('I', ends, facts('suspend', 5));
    log.look('R', ends, facts('suspend', 5));
    log.look('I', ends, facts('duplex', 7));
    const later = next(log);
    later.look('R', ends, facts('duplex-pending', 6));
    later.look('R', ends, facts('duplex', 7));
    expect(later.list).toEqual([]);
    later.look('R', ends, facts('suspending', 8));
    later.look('I', ends, facts('suspend', 9));
    expect(words(later)).toEqual(['I-R duplex → suspending', 'I-R suspending → suspend']);
  });

  it('knows by the count of changes which time round an end is', () => {
    const log = new TransitionLog({});
    log.look('I', ends, facts('suspend', 5));
    log.look('R', ends, facts('suspend', 5));
    for (const [version, state] of [
      [6, 'duplex-pending'],
      [7, 'duplex'],
      [8, 'suspending'],
      [9, 'suspend'],
    ] as const)
      log.look('I', ends, facts(state, version));
    log.look('I', ends, facts('duplex-pending', 10));
    const later = next(log);
    later.look('R', ends, facts('duplex-pending', 6));
    later.look('R', ends, facts('suspend', 9));
    later.look('R', ends, facts('duplex-pending', 10));
    expect(later.list).toEqual([]);
    later.look('R', ends, facts('duplex', 11));
    expect(words(later)).toEqual(['I-R duplex-pending → duplex']);
  });

  it('takes a reversal for no transition, and goes on under the new name', () => {
    const split = new TransitionLog({});
    for (const end of ['R', 'I']) split.look(end, ends, facts('suspend', 5));
    const reversal = next(split);
    for (const end of ['R', 'I']) reversal.look(end, ends, facts('suspend', 6, 'R-I'));
    expect(reversal.list).toEqual([]);
    const resync = next(reversal);
    resync.look('R', ends, facts('duplex', 8, 'R-I'));
    resync.look('I', ends, facts('duplex', 8, 'R-I'));
    expect(words(resync)).toEqual(['R-I suspend → duplex-pending', 'R-I duplex-pending → duplex']);
  });

  it('still finds the other end where it was, when it has only been reversed there', () => {
    const log = new TransitionLog({});
    for (const end of ['R', 'I']) log.look(end, ends, facts('suspend', 5));
    log.look('R', ends, facts('duplex-pending', 7, 'R-I'));
    log.look('I', ends, facts('suspend', 6, 'R-I'));
    log.look('I', ends, facts('duplex-pending', 7, 'R-I'));
    expect(words(log)).toEqual(['R-I suspend → duplex-pending']);
  });

  it('tells where the ends went apart', () => {
    const log = new TransitionLog({});
    for (const end of ['R', 'I']) log.look(end, ends, facts('duplex', 3, 'I-R', 'sync'));
    log.look('R', ends, facts('failure-suspend', 4, 'I-R', 'sync'));
    log.look('I', ends, facts('suspend', 4, 'I-R', 'sync'));
    expect(words(log)).toEqual(['I-R duplex → failure-suspend', 'I-R failure-suspend → suspend']);
  });

  it('tells once that a pair is gone, and that it was formed anew', () => {
    const log = new TransitionLog({});
    for (const end of ['R', 'I']) log.look(end, ends, facts('suspend', 5));
    for (const end of ['R', 'I']) log.look(end, ends, null);
    for (const end of ['I', 'R']) log.look(end, ends, facts('simplex', 1));
    expect(words(log)).toEqual(['I-R suspend → absent', 'I-R absent → simplex']);
  });

  it('keeps so much of a pair’s story and no more', () => {
    let log = new TransitionLog({});
    log.look('R', ends, facts('suspend', 1));
    for (let turn = 0; turn < 100; turn += 1) {
      log = next(log);
      log.look('I', ends, facts(turn % 2 === 0 ? 'duplex' : 'suspend', 3 + 2 * turn));
    }
    expect(JSON.stringify(log.seen).length).toBeLessThan(4000);
    expect(log.look('R', ends, facts('suspend', 201))).toBe(false);
  });
});
