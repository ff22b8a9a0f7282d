import { describe, expect, it } from 'vitest';
import { generateSchedule } from './generate.ts';
import { rehearseSchedule } from './rehearse.ts';

describe('a rehearsal', () => {
  it.each([1, 37, 404])('of seed %i is the same each time', async (seed) => {
    const once = await rehearseSchedule(generateSchedule(seed));
    const again = await rehearseSchedule(generateSchedule(seed));
    expect(again.historyHash).toBe(once.historyHash);
    expect(again.events).toBe(once.events);
  });

  it('of another seed is another story', async () => {
    const one = await rehearseSchedule(generateSchedule(1));
    const two = await rehearseSchedule(generateSchedule(2));
    expect(two.historyHash).not.toBe(one.historyHash);
  });
});
