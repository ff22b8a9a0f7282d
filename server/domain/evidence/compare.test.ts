import { describe, expect, it } from 'vitest';
import { comparePhases, compareSteps, differenceOf } from './compare.ts';

const phase = (routine: string, durationMs: number | null, outageMs: number | null = null) => ({
  ...{ routine, durationMs, outageMs, lost: null, worstRpoMs: null },
});
const step = (id: string, startedAt: number, endedAt: number | null, outcome: string | null = 'done') => ({
  ...{ id, startedAt, endedAt, outcome },
});

describe('two drills side by side', () => {
  it.each([
    [10, 15, 5, 0.5],
    [10, 10, 0, 0],
    [0, 5, 5, null],
    [null, 5, null, null],
    [10, null, null, null],
  ])('from %s to %s', (before, after, by, share) =>
    expect(differenceOf(before, after)).toEqual({ before, after, by, share }),
  );

  it('phases are matched by their routine and its round, in the order of the later drill', () => {
    const found = comparePhases(
      [phase('failover', 4_000, 12_000), phase('reverse-copy', 1_000), phase('initial-copy', 3_000)],
      [phase('initial-copy', 2_000), phase('failover', 5_000), phase('initial-copy', 9_000)],
    );
    expect(
      found.map(({ routine, round, only, duration, outage }) => [routine, round, only, duration.by, outage.by]),
    ).toEqual([
      ['initial-copy', 1, null, -1_000, 0],
      ['failover', 1, null, 1_000, -12_000],
      ['initial-copy', 2, 'after', null, null],
      ['reverse-copy', 1, 'before', null, null],
    ]);
  });

  it('steps are matched by routine, id and round; one that did not end has no duration', () => {
    const before = [{ routine: 'failover', steps: [step('S230', 0, 100), step('S240', 100, null, null)] }];
    const after = [{ routine: 'failover', steps: [step('S230', 0, 150, 'late'), step('S230', 200, 210)] }];
    expect(compareSteps(before, after)).toEqual([
      expect.objectContaining({
        step: 'S230',
        round: 1,
        only: null,
        outcomes: ['done', 'late'],
        duration: { before: 100, after: 150, by: 50, share: 0.5 },
      }),
      expect.objectContaining({ step: 'S230', round: 2, only: 'after', outcomes: [null, 'done'] }),
      expect.objectContaining({
        step: 'S240',
        round: 1,
        only: 'before',
        duration: { before: null, after: null, by: null, share: null },
      }),
    ]);
  });
});
