/** Seeds 251 to 500 of chain-3. Two files, so that two cores share the seeds. */
import { describe, expect, it } from 'vitest';
import { failingSeeds, stretches } from './testing/seed-runs.ts';

describe('chain-3: every checker holds', () => {
  it.each(stretches(251, 500, 25))('seeds %i to %i', async (first, last) => {
    expect(await failingSeeds(first, last)).toEqual([]);
  });
});
