/** Seeds 1 to 250 of chain-3. Two files, so that two cores share the seeds. */
import { describe, expect, it } from 'vitest';
import { failingSeeds, stretches } from './testing/seed-runs.ts';

describe('chain-3: every checker holds', () => {
  it.each(stretches(1, 250, 25))('seeds %i to %i', async (first, last) => {
    expect(await failingSeeds(first, last)).toEqual([]);
  });
});
