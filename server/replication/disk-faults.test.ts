/** A disk that is full, or fails: a clear answer, no crash, and everything as it was once the disk is well again. */
import { describe, expect, it } from 'vitest';
import { SimulatedStorage } from '../simulation/testing/storage-world.ts';
import { HostLoad } from './testing/host-load.ts';

const SHAPE = { volumeBytes: 128 * 1024, journalBytes: 256 * 1024 };

const TROUBLES = ['disk-full', 'write-error', 'io-error'] as const;

describe.each(TROUBLES)('%s', (trouble) => {
  it.each(['P', 'I', 'R'])('at %s under load ends no process and loses nothing', async (victim) => {
    for (const lastsMs of [7, 60, 900]) {
      const group = new SimulatedStorage(`${trouble}-${victim}-${lastsMs}`, SHAPE);
      const load = new HostLoad(group, 9);
      await group.run(async () => {
        const { scheduler } = group.world;
        await group.form();
        load.start('P', 3, 6);
        await scheduler.sleep(40);
        group.world.machine(victim).image.trouble = trouble;
        await scheduler.sleep(lastsMs);
        expect(group.facts(victim).system).toBe(victim);
        group.world.machine(victim).image.trouble = null;
        await scheduler.sleep(2500);
        await load.stop();
        expect(group.deaths).toEqual([]);
        await group.mend();
        load.start('P', 3, 6);
        await scheduler.sleep(40);
        await load.stop();
        expect(await group.equalises()).toBe(true);
        for (const system of ['P', 'I', 'R']) expect([system, load.missingAt(system)]).toEqual([system, []]);
      });
    }
  });

  it('at the start of P keeps it waiting, and its process alive', async () => {
    const group = new SimulatedStorage(`start-${trouble}`, SHAPE);
    await group.run(async () => {
      const { scheduler } = group.world;
      await group.form();
      group.kill('P');
      group.world.machine('P').image.trouble = trouble;
      group.start('P');
      await scheduler.sleep(1500);
      expect(group.machine('P').life).not.toBeNull();
      expect(group.facts('P').hostWrites.reason).toMatch(/its disk fails/);
      await expect(group.instruct('P', { verb: 'query' })).rejects.toThrow(/disk of P fails/);
      group.world.machine('P').image.trouble = null;
      await group.mend();
      expect(await group.equalises()).toBe(true);
    });
  });
});
