/** Every seeded defect, on every arrangement it fits: one half of them. A checker that cannot fail proves nothing. */
import { expect, it } from 'vitest';
import { catchOf, shareOfMutants } from './testing/mutant-runs.ts';

it.each(shareOfMutants(0, 2))('%s is caught in %s', async (mutant, arrangement) => {
  expect(await catchOf(mutant, arrangement)).not.toBeNull();
});
