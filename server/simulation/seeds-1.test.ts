/** The first half of the seeds of every arrangement. Two files, so that two cores share them. */
import { expect, it } from 'vitest';
import { failingSeeds, shareOfSeeds } from './testing/seed-runs.ts';

it.each(shareOfSeeds(0, 2))(
  '%s, %s: every checker holds for the seeds %i to %i',
  async (arrangement, transport, first, last) => {
    expect(await failingSeeds(first, last, arrangement, transport)).toEqual([]);
  },
);
