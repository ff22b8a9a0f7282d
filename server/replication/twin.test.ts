/** Storage systems of twin sites: what becomes of updates that the master had not sent when the backup took over. */
import { describe, expect, it } from 'vitest';
import { Node } from '../simulation/node.ts';
import { World } from '../simulation/world.ts';
import { StorageGroup } from './testing/storage-group.ts';
import type { TestSettings } from './testing/test-world.ts';

const TRACK = 16 * 1024;
const track = (fill: number) => new Uint8Array(TRACK).fill(fill);

function groupOf(arrangement: string, settings: TestSettings = {}) {
  return new StorageGroup(
    {
      world: (hooks) => new World(arrangement, hooks),
      node: (ports, name, definition, known, handle) => new Node(ports, name, definition, known, true, handle),
    },
    { ...settings, arrangement },
  );
}

type Group = ReturnType<typeof groupOf>;

async function formed(group: Group): Promise<void> {
  const { scheduler } = group.world;
  group.startAll();
  const systems = group.arrangement.systems.map(({ name }) => name);
  await scheduler.until(() => systems.every((name) => group.running(name)), 1000);
  await scheduler.sleep(100);
  await group.write('M', 0, 0, track(1));
  for (const { source, destination, kind } of group.arrangement.normal.pairs) {
    await group.create(source, destination, kind);
    await group.reaches(source, destination, 'duplex');
  }
  await group.write('M', 0, TRACK, track(2));
  await scheduler.sleep(200);
}

/**
 * The line is cut, M writes tracks 3 and 4 and dies; B1 takes over and writes tracks 4 and 5; M comes back and follows B1.
 * Only M wrote track 3, only B1 track 5.
 */
async function masterReturned(group: Group): Promise<void> {
  const { scheduler } = group.world;
  group.cut('M', 'B1');
  await group.write('M', 0, 3 * TRACK, track(30));
  await group.write('M', 0, 4 * TRACK, track(40));
  group.kill('M');
  await group.fence('takeover-1', ['B1']);
  // M is dead, so that nothing can be drained.
  await group.instruct('B1', { verb: 'split', pair: 'M-B1', token: group.token() });
  expect(group.pairOf('B1', 'M')?.state).toBe('failure-suspend');
  await group.reverse('B1', 'B1', 'M');
  await group.promote('B1');
  await group.write('B1', 0, 4 * TRACK, track(44));
  await group.write('B1', 0, 5 * TRACK, track(55));
  group.heal('M', 'B1');
  group.start('M');
  await scheduler.until(() => group.running('M') && group.pairOf('M', 'B1')?.name === 'B1-M', 3000);
}

const resynced = async (group: Group, leaveOwn: boolean) => {
  await group.instruct('B1', { verb: 'resync', pair: 'B1-M', token: group.token(), leaveOwn });
  await group.reaches('B1', 'M', 'duplex');
};

/** First byte of each of the first tracks of volume 0. */
const firstBytes = (group: Group, name: string) =>
  [0, 1, 2, 3, 4, 5].map((index) => group.contents(name)[index * TRACK]);

const switchedBack = async (group: Group, accepted: boolean) => {
  await group.fence('switch-back-1', ['M', 'B1']);
  await group.drain('M', 'B1', 'M');
  await group.reverse('M', 'M', 'B1');
  await group.promote('M', accepted);
};

it('table 1 of a pair that flows is what its log has not got confirmed', async () => {
  const group = groupOf('twin');
  await group.run(async () => {
    await formed(group);
    const table = () =>
      group.system('M').differences({ pair: 'M-B1', volume: 0, firstTrack: 0, trackCount: null, buckets: 1024 });
    expect(table()).toMatchObject({ unconfirmed: { updates: 0, isListed: true }, setTracks: 0 });
    group.cut('M', 'B1');
    await group.write('M', 0, 3 * TRACK, track(30));
    await group.write('M', 0, 5 * TRACK, track(50));
    expect(group.pairOf('M', 'B1')?.state).toBe('duplex');
    const cutOff = table();
    expect(cutOff).toMatchObject({ unconfirmed: { updates: 2, isListed: true }, setTracks: 0 });
    expect(cutOff.volumes[0]?.unconfirmedBuckets?.flatMap((bit, index) => (bit ? [index] : []))).toEqual([3, 5]);
    await group.instruct('M', { verb: 'split', pair: 'M-B1', token: group.token() });
    await group.world.scheduler.until(() => group.pairOf('M', 'B1')?.state === 'failure-suspend', 30_000);
    // Now they are bits.
    const stopped = table();
    expect(stopped.unconfirmed).toBeUndefined();
    expect(stopped.volumes[0]?.buckets.flatMap((bit, index) => (bit ? [index] : []))).toEqual([3, 5]);
  });
});

describe('the master returns', () => {
  it('merge: its table is joined to the backup’s, and it ends byte-equal to the backup', async () => {
    const group = groupOf('twin');
    await group.run(async () => {
      await formed(group);
      await masterReturned(group);
      expect(group.pairOf('M', 'B1')?.dirtyTracks).toBe(2);
      const before = group.pairOf('B1', 'M')?.transferredBytes ?? 0;
      await resynced(group, false);
      expect((group.pairOf('B1', 'M')?.transferredBytes ?? 0) - before).toBe(3 * TRACK);
      expect(firstBytes(group, 'M')).toEqual([1, 2, 0, 0, 44, 55]);
      expect(group.contents('M').equals(group.contents('B1'))).toBe(true);
      expect(group.facts('M')).toMatchObject({ consistent: true });
      await group.write('B1', 0, 2 * TRACK, track(66));
      await group.world.scheduler.sleep(200);
      expect(firstBytes(group, 'M')[2]).toBe(66);
    });
  });

  it('no-merge: only the backup’s changes are sent; its own track stays, is no image to serve, and is carried on at recovery', async () => {
    const group = groupOf('twin-no-merge');
    await group.run(async () => {
      await formed(group);
      await masterReturned(group);
      const before = group.pairOf('B1', 'M')?.transferredBytes ?? 0;
      await resynced(group, true);
      expect((group.pairOf('B1', 'M')?.transferredBytes ?? 0) - before).toBe(2 * TRACK);
      expect(firstBytes(group, 'M')).toEqual([1, 2, 0, 30, 44, 55]);
      expect(group.facts('M')).toMatchObject({ consistent: false, mixedTracks: 1 });
      expect(group.system('M').exports.find('test/M/0')).toMatchObject({ refused: expect.stringContaining('mixes') });
      await expect(switchedBack(group, false)).rejects.toMatchObject({ refusal: { code: 'not-consistent' } });
      await group.promote('M', true);
      expect(firstBytes(group, 'M')).toEqual([1, 2, 0, 30, 44, 55]);
      expect(group.facts('M')).toMatchObject({ consistent: true });
      expect(group.facts('M').mixedTracks).toBeUndefined();
      await group.resync('M', 'M', 'B1');
      expect(group.contents('B1').equals(group.contents('M'))).toBe(true);
      expect(firstBytes(group, 'B1')[3]).toBe(30);
    });
  });

  it('no-merge: a second disaster while the master follows loses nothing the backup has', async () => {
    const group = groupOf('twin-no-merge');
    await group.run(async () => {
      await formed(group);
      await masterReturned(group);
      await resynced(group, true);
      group.kill('M');
      await group.write('B1', 0, 2 * TRACK, track(22));
      group.start('M');
      await group.world.scheduler.until(() => group.running('M'), 1000);
      await group.world.scheduler.sleep(300);
      if (group.pairOf('B1', 'M')?.state !== 'duplex') await resynced(group, true);
      await group.world.scheduler.sleep(200);
      expect(firstBytes(group, 'M')).toEqual([1, 2, 22, 30, 44, 55]);
      await switchedBack(group, true);
      await group.resync('M', 'M', 'B1');
      expect(group.contents('B1').equals(group.contents('M'))).toBe(true);
    });
  });

  it('no-merge: rolled back, it has the image it had before, and the backup’s changes are sent anew', async () => {
    const group = groupOf('twin-no-merge');
    await group.run(async () => {
      await formed(group);
      await masterReturned(group);
      await resynced(group, true);
      await group.split('B1', 'B1', 'M');
      await group.instruct('M', { verb: 'rollback', pair: 'B1-M', token: group.token() });
      expect(firstBytes(group, 'M')).toEqual([1, 2, 0, 30, 40, 0]);
      expect(group.facts('M')).toMatchObject({ consistent: true });
      await resynced(group, true);
      expect(firstBytes(group, 'M')).toEqual([1, 2, 0, 30, 44, 55]);
    });
  });

  it('no-merge: a master that lost its power may lack anything, so all of it is copied over', async () => {
    const group = groupOf('twin-no-merge');
    await group.run(async () => {
      await formed(group);
      group.cut('M', 'B1');
      await group.write('M', 0, 3 * TRACK, track(30));
      group.world.machine('M').losePower(group.world.random.fork('loss'));
      await group.fence('takeover-1', ['B1']);
      await group.instruct('B1', { verb: 'split', pair: 'M-B1', token: group.token() });
      await group.reverse('B1', 'B1', 'M');
      await group.promote('B1');
      await group.write('B1', 0, 5 * TRACK, track(55));
      group.heal('M', 'B1');
      group.start('M');
      await group.world.scheduler.until(() => group.running('M') && group.pairOf('M', 'B1')?.name === 'B1-M', 3000);
      await resynced(group, true);
      expect(group.contents('M').equals(group.contents('B1'))).toBe(true);
      expect(group.facts('M')).toMatchObject({ consistent: true });
    });
  });
});
