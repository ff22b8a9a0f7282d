/** Storage systems of longer chains: cascades, pairs of both kinds between the same two systems, pairs that need no copy. */
import { describe, expect, it } from 'vitest';
import type { PairKind } from '../domain/pair-states.ts';
import { TRANSPORTS } from '../domain/storage-controller.ts';
import { outcomeOf } from '../simulation/testing/refusals.ts';
import { SimulatedStorage } from '../simulation/testing/storage-world.ts';
import { HostLoad } from './testing/host-load.ts';

async function started(group: SimulatedStorage): Promise<void> {
  group.startAll();
  const systems = group.arrangement.systems.map(({ name }) => name);
  await group.world.scheduler.until(() => systems.every((name) => group.running(name)), 1000);
  await group.world.scheduler.sleep(50);
}

async function formed(group: SimulatedStorage): Promise<void> {
  for (const { source, destination, kind } of group.arrangement.normal.pairs) {
    await group.create(source, destination, kind);
    await group.reaches(source, destination, 'duplex');
  }
}

/** Turns the pair, then copies differences. */
async function turned(group: SimulatedStorage, source: string, destination: string, kind: PairKind): Promise<void> {
  const pair = `${source}-${destination}`;
  await group.instruct(source, { verb: 'reverse', pair, kind, token: group.token() });
  await group.resync(source, source, destination);
}

const copiedBytes = (group: SimulatedStorage, source: string, destination: string) =>
  group.pairOf(source, destination)?.transferredBytes ?? 0;

describe.each(TRANSPORTS)('chain-4 of storage systems, transport %s', (transport) => {
  it.each(['a', 'b'])('goes there and back again with every byte (seed %s)', async (seed) => {
    const group = new SimulatedStorage(seed, { arrangement: 'chain-4', transport });
    const load = new HostLoad(group, 7);
    await group.run(async () => {
      const { scheduler } = group.world;
      await started(group);
      load.start('P', 4);
      await formed(group);
      await scheduler.sleep(200);

      group.kill('P');
      await load.stop();
      const evidence = await group.fence('failover-1', ['R', 'J', 'I']);
      await group.drain('J', 'I', 'J');
      await group.drain('R', 'J', 'R');
      expect(group.facts('R').consistentNumber).toBeGreaterThanOrEqual(evidence.get('I')?.answeredNumber ?? -1);
      await group.instruct('R', { verb: 'delete', pair: 'J-R', token: group.token() });
      const before = copiedBytes(group, 'R', 'J');
      await group.create('R', 'J', 'sync', true);
      expect(group.pairOf('R', 'J')?.state).toBe('duplex');
      expect(group.pairOf('J', 'R')?.state).toBe('duplex');
      expect(copiedBytes(group, 'R', 'J')).toBe(before);
      await group.promote('R');
      load.start('R', 4);
      await scheduler.sleep(100);
      // What R completes, J has answered.
      expect(group.facts('R').completedNumber).toBeLessThanOrEqual(group.facts('J').lastNumber);

      group.start('P');
      await scheduler.until(() => group.running('P'), 1000);
      await scheduler.sleep(500);
      await turned(group, 'J', 'I', 'async');
      await turned(group, 'I', 'P', 'async');
      await scheduler.sleep(100);
      expect(group.pairOf('J', 'I')?.state).toBe('duplex');

      await load.stop();
      await group.fence('failback-1', ['P', 'I', 'J', 'R']);
      await group.drain('I', 'J', 'I');
      await group.drain('P', 'I', 'P');
      await group.instruct('P', { verb: 'delete', pair: 'I-P', token: group.token() });
      await group.create('P', 'I', 'sync', true);
      expect(group.pairOf('P', 'I')?.state).toBe('duplex');
      await group.promote('P');
      load.start('P', 4);
      await turned(group, 'I', 'J', 'async');
      await turned(group, 'J', 'R', 'async');
      await scheduler.sleep(100);
      await load.stop();
      await scheduler.sleep(500);
    });
    for (const name of ['I', 'J', 'R']) expect(group.contents(name).equals(group.contents('P'))).toBe(true);
    expect(load.completed.length).toBeGreaterThan(50);
  });
});

describe('chain-4 of storage systems', () => {
  it('keeps a system from being the source of a sync pair while it is fed asynchronously', async () => {
    const group = new SimulatedStorage('cascade', { arrangement: 'chain-4' });
    await group.run(async () => {
      await started(group);
      await formed(group);
      await group.split('J', 'J', 'R');
      const pair = { source: 'J', destination: 'R', kind: 'sync' as const, transport: 'journal' as const };
      await group.instruct('J', { verb: 'delete', pair: 'J-R', token: group.token() });
      const create = { verb: 'create' as const, token: group.token(), knownEqual: false };
      const created = group.instruct('J', { ...create, pair: { ...pair, fence: 'status' } });
      expect(await outcomeOf(created)).toBe('other-copier');
    });
  });
});

describe('a track copied onto the same bytes', () => {
  it('is no change: no other pair has to copy it on', async () => {
    const group = new SimulatedStorage('same-bytes', { arrangement: 'chain-3' });
    await group.run(async () => {
      await started(group);
      await formed(group);
      await group.write('P', 0, 0, new Uint8Array(4096).fill(1));
      await group.world.scheduler.sleep(100);
      await group.split('I', 'I', 'R');
      await group.split('P', 'P', 'I');
      await group.write('P', 1, 0, new Uint8Array(4096).fill(2));
      const before = copiedBytes(group, 'P', 'I');
      await group.instruct('P', { verb: 'delete', pair: 'P-I', token: group.token() });
      await group.create('P', 'I', 'sync');
      await group.reaches('P', 'I', 'duplex');
      // Everything was copied, and I marks for R only what came out different.
      expect(copiedBytes(group, 'P', 'I') - before).toBe(group.contents('P').length);
      expect(group.pairOf('I', 'R')?.dirtyTracks).toBe(1);
    });
    expect(group.contents('I').equals(group.contents('P'))).toBe(true);
  });
});

describe('a pair formed as known equal', () => {
  it('is refused where anything was written in between, and nothing is left of it', async () => {
    const group = new SimulatedStorage('not-equal', { arrangement: 'chain-4' });
    await group.run(async () => {
      await started(group);
      await formed(group);
      await group.write('P', 0, 0, new Uint8Array(4096).fill(1));
      await group.world.scheduler.sleep(100);
      await group.split('P', 'P', 'I');
      await group.split('I', 'I', 'J');
      await group.world.scheduler.sleep(300);
      await group.write('P', 0, 0, new Uint8Array(4096).fill(2));
      await group.instruct('P', { verb: 'delete', pair: 'P-I', token: group.token() });
      expect(await outcomeOf(group.create('P', 'I', 'sync', true))).toBe('not-equal');
      expect(group.pairOf('P', 'I')).toBeNull();
      expect(group.pairOf('I', 'P')).toBeNull();
      await group.create('P', 'I', 'sync');
      await group.reaches('P', 'I', 'duplex');
    });
    expect(group.contents('I').equals(group.contents('P'))).toBe(true);
  });

  it('goes on from the destination’s number where it is asynchronous, and sends no track', async () => {
    const group = new SimulatedStorage('delta', { arrangement: 'chain-4' });
    await group.run(async () => {
      await started(group);
      await formed(group);
      await group.write('P', 0, 0, new Uint8Array(4096).fill(1));
      await group.world.scheduler.sleep(300);
      await group.split('J', 'J', 'R');
      const before = copiedBytes(group, 'J', 'R');
      await group.instruct('J', { verb: 'delete', pair: 'J-R', token: group.token() });
      await group.write('P', 0, 8192, new Uint8Array(4096).fill(3));
      await group.create('J', 'R', 'async', true);
      expect(group.pairOf('J', 'R')?.state).toBe('duplex');
      await group.world.scheduler.until(() => group.facts('R').lastNumber === group.facts('P').lastNumber, 2000);
      expect(copiedBytes(group, 'J', 'R') - before).toBe(4096);
    });
    expect(group.contents('R').equals(group.contents('P'))).toBe(true);
  });
});

describe('chain-3-direct of storage systems', () => {
  it('copies straight from R to P, by difference the second time', async () => {
    const group = new SimulatedStorage('direct', { arrangement: 'chain-3-direct' });
    const load = new HostLoad(group, 7);
    await group.run(async () => {
      const { scheduler } = group.world;
      await started(group);
      load.start('P', 4);
      await formed(group);
      await scheduler.sleep(150);
      group.kill('P');
      await load.stop();
      await group.fence('failover-1', ['R', 'I']);
      await group.drain('R', 'I', 'R');
      await group.promote('R');
      load.start('R', 2);
      group.start('P');
      await scheduler.until(() => group.running('P'), 1000);
      // I is lost: it is not needed, and P is instructed over the direct line.
      group.kill('I');
      await scheduler.sleep(1500);
      await group.create('R', 'P', 'async');
      await group.reaches('R', 'P', 'duplex');
      const whole = copiedBytes(group, 'R', 'P');
      await scheduler.sleep(100);
      await load.stop();
      await group.fence('failback-1', ['P', 'R']);
      await group.drain('P', 'R', 'P');
      await group.promote('P');
      await group.write('P', 1, 0, new Uint8Array(4096).fill(9));
      expect(whole).toBeGreaterThan(2 * 256 * 1024 - 1);
      expect(group.pairOf('R', 'P')?.dirtyTracks).toBeLessThan(4);
    });
    expect(load.completed.length).toBeGreaterThan(20);
  });
});
