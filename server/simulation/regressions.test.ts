import { describe, expect, it } from 'vitest';
import { playSchedule } from './play.ts';
import { REGRESSIONS } from './regressions.ts';

describe('defects found once', () => {
  it.each(REGRESSIONS.map((regression) => [regression.name, regression] as const))(
    '%s',
    async (_name, { schedule }) => {
      const { violations } = await playSchedule(schedule);
      expect(violations.map(({ checker, text }) => `${checker}: ${text}`)).toEqual([]);
    },
  );

  it('have names of their own', () => {
    expect(new Set(REGRESSIONS.map(({ name }) => name)).size).toBe(REGRESSIONS.length);
  });
});
