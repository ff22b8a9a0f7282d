/** Loss of power: any subset of the pages that were not synced is gone (1b rules 5, 12; simulating power loss). */
import { describe, expect, it } from 'vitest';
import { TRANSPORTS } from '../domain/storage-controller.ts';
import { SimulatedStorage } from '../simulation/testing/storage-world.ts';
import { HostLoad } from './testing/host-load.ts';
import type { TestSettings } from './testing/test-world.ts';

const SEEDS = Array.from({ length: 12 }, (_, index) => `power-${index}`);

function losePower(group: SimulatedStorage, name: string): void {
  group.world.machine(name).losePower(group.world.random.fork(`loss-${name}`));
}

describe.each(TRANSPORTS)('over %s', (transport) => {
  function groupOf(seed: string, settings: TestSettings = {}) {
    return new SimulatedStorage(seed, { volumeBytes: 128 * 1024, journalBytes: 256 * 1024, transport, ...settings });
  }

  describe('the holder loses its power in duplex', () => {
    it.each(SEEDS)(
      'has back from its destination whatever was completed, before it serves anyone (%s)',
      async (seed) => {
        const group = groupOf(seed);
        const load = new HostLoad(group, 5);
        await group.run(async () => {
          const { scheduler } = group.world;
          await group.form();
          load.start('P', 3);
          await scheduler.sleep(30 + SEEDS.indexOf(seed) * 13);
          losePower(group, 'P');
          await load.stop();
          group.start('P');
          if (!(await scheduler.until(() => group.running('P') && group.facts('P').consistent, 5000)))
            throw new Error(group.describe());
          expect(load.missingAt('P')).toEqual([]);
          // Nothing is unknown: everything that was completed had been answered by I.
          expect(group.facts('P').evidenceLost).toBe(false);
          await group.mend();
          expect(await group.write('P', 0, 0, new Uint8Array(512))).toBe(0);
          expect(await group.equalises()).toBe(true);
        });
      },
    );

    it('serves nobody while its destination is out of reach', async () => {
      const group = groupOf('alone');
      await group.run(async () => {
        await group.form();
        await group.write('P', 0, 0, new Uint8Array(4096).fill(1));
        losePower(group, 'P');
        group.cut('P', 'I');
        group.start('P');
        await group.world.scheduler.sleep(3000);
        expect(group.facts('P').hostWrites.accepted).toBe(false);
        expect(group.facts('P').hostWrites.reason).toMatch(/may be missing/);
        expect(group.facts('P').evidenceLost).toBe(true);
        group.heal('P', 'I');
        await group.mend();
        expect(group.facts('P').hostWrites.accepted).toBe(true);
      });
    });

    it('fenced before it could ask, is made whole by the copy back to it', async () => {
      const group = groupOf('fenced');
      const load = new HostLoad(group, 5);
      await group.run(async () => {
        await group.form();
        load.start('P', 3);
        await group.world.scheduler.sleep(60);
        losePower(group, 'P');
        await load.stop();
        await group.fence('takeover', ['R', 'I']);
        await group.drain('R', 'I', 'R');
        await group.promote('R');
        group.start('P');
        await group.world.scheduler.sleep(2000);
        // Whatever it had back from I meanwhile: of its numbers it proves nothing.
        expect(group.facts('P').evidenceLost).toBe(true);
        await group.reverse('R', 'R', 'I');
        await group.resync('R', 'R', 'I');
        await group.drain('R', 'R', 'I');
        await group.reverse('I', 'I', 'P');
        await group.resync('I', 'I', 'P');
        expect(group.facts('P')).toMatchObject({ consistent: true, evidenceLost: false });
        expect(group.contents('P').equals(group.contents('R'))).toBe(true);
      });
    });
  });

  describe('a destination loses its power in duplex', () => {
    it.each(SEEDS)('is given again what it may have lost, and vouches for nothing before (%s)', async (seed) => {
      for (const victim of ['I', 'R']) {
        const group = groupOf(`${seed}-${victim}`, { timing: { syncTimeoutMs: 4000 } });
        const load = new HostLoad(group, 5);
        await group.run(async () => {
          const { scheduler } = group.world;
          await group.form();
          load.start('P', 3);
          await scheduler.sleep(30 + SEEDS.indexOf(seed) * 13);
          losePower(group, victim);
          await scheduler.sleep(20);
          group.start(victim);
          await scheduler.until(() => group.running(victim), 1000);
          expect(group.facts(victim)).toMatchObject({ consistent: false, evidenceLost: true });
          await scheduler.until(() => group.facts(victim).consistent, 60_000);
          if (!group.facts(victim).consistent) throw new Error(group.describe());
          await load.stop();
          // A destination that was behind what the journal lost is suspended with its bits, and resynced by difference.
          await group.mend();
          expect(await group.equalises()).toBe(true);
          expect(load.missingAt(victim)).toEqual([]);
          expect(group.pairOf('P', 'I')?.state).toBe('duplex');
          expect(group.pairOf('I', 'R')?.state).toBe('duplex');
        });
      }
    });

    it('answers the fence with its doubt, so that no proof rests on it', async () => {
      const group = groupOf('evidence');
      await group.run(async () => {
        await group.form();
        await group.write('P', 0, 0, new Uint8Array(4096).fill(1));
        group.kill('P');
        losePower(group, 'I');
        group.start('I');
        await group.world.scheduler.sleep(500);
        const evidence = await group.fence('takeover', ['I']);
        expect(evidence.get('I')).toMatchObject({ evidenceLost: true, consistent: false });
      });
    });
  });

  describe('power lost while a copy is under way', () => {
    it.each(SEEDS)('costs a full copy, and no byte (%s)', async (seed) => {
      for (const victim of ['P', 'I']) {
        const group = groupOf(`${seed}-${victim}`);
        const load = new HostLoad(group, 5);
        await group.run(async () => {
          const { scheduler } = group.world;
          await group.form();
          load.start('P', 3, 6);
          await group.drain('I', 'I', 'R');
          await group.split('P', 'P', 'I');
          await scheduler.sleep(30);
          const resyncing = group.instruct('P', { verb: 'resync', pair: 'P-I', token: group.token() });
          resyncing.catch(() => undefined);
          await scheduler.sleep(1 + SEEDS.indexOf(seed));
          losePower(group, victim);
          await load.stop();
          await group.mend();
          load.start('P', 3, 6);
          await scheduler.sleep(30);
          await load.stop();
          expect(await group.equalises()).toBe(true);
        });
      }
    });
  });

  describe('power lost everywhere at once', () => {
    it.each(SEEDS)('leaves what was flushed, and a group that can be mended (%s)', async (seed) => {
      const group = groupOf(seed);
      const load = new HostLoad(group, 5);
      await group.run(async () => {
        const { scheduler } = group.world;
        await group.form();
        load.start('P', 2);
        await scheduler.sleep(20);
        await load.stop();
        const flushed = new Uint8Array(8192).fill(211);
        expect(await group.write('P', 1, 96 * 1024, flushed, true)).toBe(0);
        load.start('P', 2);
        await scheduler.sleep(SEEDS.indexOf(seed) / 4);
        const stopped = load.stop();
        const before = group.contents('P').subarray(224 * 1024, 232 * 1024);
        for (const name of ['P', 'I', 'R']) losePower(group, name);
        await stopped;
        await group.mend();
        expect(
          group
            .contents('P')
            .subarray(224 * 1024, 232 * 1024)
            .equals(before),
        ).toBe(true);
        expect(await group.equalises()).toBe(true);
      });
    });
  });
});
