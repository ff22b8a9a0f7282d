import { describe, expect, it } from 'vitest';
import { dueOf } from './firings.ts';

const HOUR_MS = 3_600_000;
const at = (hours: number, ms = 0) => hours * HOUR_MS + ms;

describe('a schedule', () => {
  it.each<[string, number[], number, ReturnType<typeof dueOf>]>([
    ['nothing came due', [], at(3), { due: null, missed: null }],
    ['at its moment', [at(3)], at(3), { due: at(3), missed: null }],
    ['a worker was replaced meanwhile', [at(3)], at(3, 60_000), { due: at(3), missed: null }],
    ['too late: it does not run late', [at(3)], at(3, 60_001), { due: null, missed: { dueAt: at(3), count: 1 } }],
    [
      'several passed, and the last is due',
      [at(1), at(2), at(3)],
      at(3, 5_000),
      { due: at(3), missed: { dueAt: at(2), count: 2 } },
    ],
    ['all passed', [at(1), at(2), at(3)], at(9), { due: null, missed: { dueAt: at(3), count: 3 } }],
  ])('%s', (_name, moments, now, expected) => expect(dueOf(moments, now)).toEqual(expected));
});
