/** Seeds of the other chains, and of fan. */
import { describe, expect, it } from 'vitest';
import { failingSeeds, stretches } from './testing/seed-runs.ts';

const CHAINS = ['chain-3-direct', 'chain-4-bypass', 'chain-4-bypass-backup', 'chain-4', 'fan'];

describe.each(CHAINS)('%s: every checker holds', (arrangement) => {
  it.each(stretches(1, 50, 25))('seeds %i to %i', async (first, last) => {
    expect(await failingSeeds(first, last, arrangement)).toEqual([]);
  });
});
