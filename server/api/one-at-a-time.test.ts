import { describe, expect, it } from 'vitest';
import { OneAtATime } from './one-at-a-time.ts';

/** Reads that come back when told, whatever their order. */
function slowReads() {
  const open: { key: string; read: number; answer: () => void }[] = [];
  const told: string[] = [];
  let value = 0;
  const failures: unknown[] = [];
  const reads = new OneAtATime<string>(
    async (key) => {
      const read = value;
      if (key === 'broken') throw new Error('away');
      await new Promise<void>((answer) => open.push({ key, read, answer }));
      told.push(`${key} ${read}`);
    },
    (error) => failures.push(error),
  );
  const change = (key: string) => {
    value += 1;
    reads.ask(key);
  };
  const settle = async () => {
    for (let turns = 0; turns < 10; turns += 1) await Promise.resolve();
  };
  return { open, told, failures, change, settle };
}

describe('reads one at a time', () => {
  it('tell the newest last, where a change comes while one is under way', async () => {
    const { open, told, change, settle } = slowReads();
    change('run');
    change('run');
    change('run');
    expect(open).toHaveLength(1);
    open.shift()?.answer();
    await settle();
    expect(open).toHaveLength(1);
    open.shift()?.answer();
    await settle();
    expect(told).toEqual(['run 1', 'run 3']);
    expect(open).toHaveLength(0);
  });

  it('go on after one that failed, and begin again after a rest', async () => {
    const { open, told, failures, change, settle } = slowReads();
    change('broken');
    change('other');
    await settle();
    open.shift()?.answer();
    await settle();
    expect(failures).toHaveLength(1);
    change('other');
    await settle();
    open.shift()?.answer();
    await settle();
    expect(told).toEqual(['other 2', 'other 3']);
  });
});
