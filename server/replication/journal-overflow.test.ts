/** A journal that fills up: whoever writes is held back, then the end that lags is let go, and bits take over (1b rules 17, 19). */
import { describe, expect, it } from 'vitest';
import { SimulatedStorage } from '../simulation/testing/storage-world.ts';
import type { Life } from '../simulation/virtual-process.ts';
import type { World } from '../simulation/world.ts';
import { HostLoad } from './testing/host-load.ts';
import { TEST_TIMING } from './testing/test-world.ts';

const SMALL = { journalBytes: 64 * 1024, journalSegments: 4, volumeBytes: 64 * 1024 };

/** A place on the line I–R where updates get stuck while it is closed; all else passes. */
function sluice(group: SimulatedStorage): { closed: boolean } {
  const state = { closed: true };
  group.intercept('R', 'I', (_bytes, { type }) => (state.closed && type === 'entry' ? [] : null));
  return state;
}

/** A group in duplex/duplex with a small journal, and its load. */
async function filling(seed: string, story: (group: SimulatedStorage, load: HostLoad<Life, World>) => Promise<void>) {
  const group = new SimulatedStorage(seed, SMALL);
  const load = new HostLoad(group, 5);
  await group.run(async () => {
    await group.form();
    await story(group, load);
  });
  return { group, load };
}

const statesOf = (group: SimulatedStorage, system: string, pair: string): string[] =>
  group.transitions.filter((change) => change.system === system && change.pair === pair).map(({ to }) => to);

describe('a journal that fills because R lags', () => {
  it('lets R go after a little patience: bits take over, the hosts go on, P and I stay in duplex', async () => {
    const { load } = await filling('overflow', async (group, hosts) => {
      const { scheduler } = group.world;
      const line = sluice(group);
      hosts.start('P', 6, 1);
      await scheduler.until(() => group.pairOf('I', 'R')?.state === 'failure-suspend', 10_000);
      expect(group.pairOf('I', 'R')?.state).toBe('failure-suspend');
      expect(statesOf(group, 'I', 'I-R').slice(-2)).toEqual(['suspending', 'failure-suspend']);
      expect(group.happened.filter(({ kind }) => kind === 'journal-overflow').map(({ system }) => system)).toEqual([
        'I',
      ]);
      const before = hosts.completed.length;
      await scheduler.sleep(200);
      expect(hosts.completed.length - before).toBeGreaterThan(100);
      expect([group.pairOf('P', 'I')?.state, group.pairOf('I', 'P')?.state]).toEqual(['duplex', 'duplex']);
      expect(group.pairOf('I', 'R')?.dirtyTracks).toBeGreaterThan(0);
      await hosts.stop();
      // Its image is old and whole; what is missing is in the bits of I.
      expect(group.facts('R').consistent).toBe(true);
      line.closed = false;
      await group.reaches('R', 'I', 'failure-suspend');
      const moved = group.pairOf('I', 'R')?.transferredBytes ?? 0;
      const dirty = group.pairOf('I', 'R')?.dirtyTracks ?? 0;
      await group.resync('I', 'I', 'R');
      const copied = (group.pairOf('I', 'R')?.transferredBytes ?? 0) - moved;
      expect(copied).toBeLessThanOrEqual(dirty * group.definition.trackBytes);
      expect(await group.equalises()).toBe(true);
    });
    expect(load.writes.filter(({ errno }) => errno !== 0)).toEqual([]);
  });

  it('holds the hosts back while R lags, for no longer than the source’s patience', async () => {
    await filling('inflow', async (group, hosts) => {
      const { scheduler } = group.world;
      sluice(group);
      hosts.start('P', 6, 1);
      await scheduler.until(() => group.happened.some(({ kind }) => kind === 'journal-overflow'), 10_000);
      await scheduler.sleep(300);
      await hosts.stop();
      const longest = Math.max(...hosts.writes.map(({ begunAt, endedAt }) => (endedAt ?? Number.NaN) - begunAt));
      // Held, or there was no inflow control; and answered well before I would be taken for dead.
      expect(longest).toBeGreaterThan(TEST_TIMING.syncTimeoutMs / 4);
      expect(longest).toBeLessThan(TEST_TIMING.syncTimeoutMs);
    });
  });

  it('lets nobody go where R catches up in time: the writes that waited go on', async () => {
    const { group, load } = await filling('in-time', async (storage, hosts) => {
      const { scheduler } = storage.world;
      hosts.start('P', 6, 1);
      for (let round = 0; round < 5; round += 1) {
        storage.world.network.setWay('I', 'R', { cut: true });
        const begun = hosts.writes.length;
        await scheduler.until(() => hosts.writes.length > begun + 60, 40);
        storage.world.network.setWay('I', 'R', { cut: false });
        await scheduler.sleep(120);
      }
      await hosts.stop();
      if (!(await storage.equalises())) throw new Error(storage.describe());
    });
    expect(group.happened.filter(({ kind }) => kind === 'journal-overflow')).toEqual([]);
    expect(group.transitions.filter(({ to }) => to.includes('suspend'))).toEqual([]);
    // More than the journal holds went through it.
    expect(load.completed.reduce((sum, { data }) => sum + data.length, 0)).toBeGreaterThan(3 * SMALL.journalBytes);
  });

  it('never fills because of a pair that is suspended, however long and however much is written', async () => {
    const { group, load } = await filling('absent', async (storage, hosts) => {
      await storage.split('I', 'I', 'R');
      storage.kill('R');
      hosts.start('P', 6, 1);
      await storage.world.scheduler.sleep(500);
      await hosts.stop();
      expect(storage.facts('I').journal.usedBytes).toBeLessThanOrEqual(SMALL.journalBytes);
      storage.start('R');
      await storage.mend();
      expect(await storage.equalises()).toBe(true);
    });
    expect(group.happened.filter(({ kind }) => kind === 'journal-overflow')).toEqual([]);
    expect(load.completed.reduce((sum, { data }) => sum + data.length, 0)).toBeGreaterThan(3 * SMALL.journalBytes);
  });

  it('overflows again and again, and every time the differences bring R back', async () => {
    await filling('again', async (group, hosts) => {
      const line = sluice(group);
      hosts.start('P', 4, 1);
      for (let round = 0; round < 3; round += 1) {
        line.closed = true;
        await group.reaches('I', 'R', 'failure-suspend');
        line.closed = false;
        await group.resync('I', 'I', 'R');
      }
      await hosts.stop();
      expect(await group.equalises()).toBe(true);
      expect(group.happened.filter(({ kind }) => kind === 'journal-overflow')).toHaveLength(3);
    });
  });
});

describe('a journal that fills at the first end', () => {
  it('because I’s disk does not become durable, holds the hosts back, then goes on alone', async () => {
    await filling('first', async (group, hosts) => {
      const { scheduler } = group.world;
      hosts.start('P', 6, 1);
      await scheduler.sleep(50);
      group.world.machine('I').pause();
      await scheduler.until(() => group.pairOf('P', 'I')?.state === 'failure-suspend', 3000);
      const before = hosts.completed.length;
      await scheduler.sleep(400);
      expect(hosts.completed.length - before).toBeGreaterThan(60);
      group.world.machine('I').resume();
      await hosts.stop();
      await group.mend();
      expect(await group.equalises()).toBe(true);
      expect(hosts.writes.filter(({ errno }) => errno !== 0)).toEqual([]);
    });
  });
});
