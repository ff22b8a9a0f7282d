/** The whole of chain-3 at the level of storage systems: there and back again, under host writes. */
import { describe, expect, it } from 'vitest';
import { TRANSPORTS } from '../domain/storage-controller.ts';
import { SimulatedStorage } from '../simulation/testing/storage-world.ts';
import { HostLoad } from './testing/host-load.ts';

describe.each(TRANSPORTS)('chain-3 of storage systems, transport %s', (transport) => {
  it.each(['a', 'b', 'c', 'd'])('goes there and back again with every byte (seed %s)', async (seed) => {
    const group = new SimulatedStorage(seed, { transport });
    const load = new HostLoad(group, 7);
    await group.run(async () => {
      const { scheduler } = group.world;
      group.startAll();
      await scheduler.until(() => group.running('P') && group.running('I') && group.running('R'), 1000);
      await scheduler.sleep(50);
      load.start('P', 4);
      await scheduler.sleep(50);
      await group.create('P', 'I', 'sync');
      await group.reaches('P', 'I', 'duplex');
      await group.create('I', 'R', 'async');
      await group.reaches('I', 'R', 'duplex');
      await scheduler.sleep(200);

      // Disaster: P is killed under load.
      group.kill('P');
      await load.stop();
      const evidence = await group.fence('failover-1', ['R', 'I']);
      await group.drain('R', 'I', 'R');
      const frozen = evidence.get('I')?.answeredNumber ?? -1;
      expect(group.facts('R').consistentNumber).toBeGreaterThanOrEqual(frozen);
      expect(group.contents('R').equals(group.contents('I'))).toBe(true);
      await group.promote('R');
      load.start('R', 4);
      await group.reverse('R', 'R', 'I');
      await group.resync('R', 'R', 'I');
      await scheduler.sleep(100);

      // Return of P: it must refuse, then be rebuilt by copy control.
      group.start('P');
      await scheduler.until(() => group.running('P'), 1000);
      await scheduler.sleep(1000);
      expect(await group.write('P', 0, 0, new Uint8Array(512)).catch(() => 1)).not.toBe(0);
      await group.drain('R', 'R', 'I');
      await group.reverse('I', 'I', 'P');
      await group.resync('I', 'I', 'P');
      await group.split('I', 'I', 'P');
      await group.resync('R', 'R', 'I');
      for (let cycle = 0; cycle < 2; cycle += 1) {
        await scheduler.sleep(100);
        await group.drain('R', 'R', 'I');
        await group.resync('I', 'I', 'P');
        await group.split('I', 'I', 'P');
        await group.resync('R', 'R', 'I');
      }

      // Failback, after the work on R has stopped.
      await load.stop();
      await group.fence('failback-1', ['R', 'I', 'P']);
      await group.drain('I', 'R', 'I');
      await group.resync('I', 'I', 'P');
      await group.split('I', 'I', 'P');
      await group.promote('P');
      load.start('P', 4);
      await group.reverse('P', 'P', 'I');
      await group.resync('P', 'P', 'I');
      await group.reverse('I', 'I', 'R');
      await group.resync('I', 'I', 'R');
      await scheduler.sleep(100);
      await load.stop();
      await scheduler.sleep(500);
      expect(group.pairOf('P', 'I')?.state).toBe('duplex');
      expect(group.pairOf('I', 'R')?.state).toBe('duplex');
    });
    expect(group.contents('I').equals(group.contents('P'))).toBe(true);
    expect(group.contents('R').equals(group.contents('P'))).toBe(true);
    expect(load.completed.length).toBeGreaterThan(50);
  });
});

describe('chain-3 of storage systems', () => {
  it.each([300, 700, 1_400, 2_000])(
    'takes the first write after %i quiet ms for what it is, not for a silent line',
    async (quietMs) => {
      const group = new SimulatedStorage('quiet');
      await group.run(async () => {
        const { scheduler } = group.world;
        group.startAll();
        await scheduler.until(() => group.running('P') && group.running('I') && group.running('R'), 1000);
        await scheduler.sleep(50);
        await group.create('P', 'I', 'sync');
        await group.reaches('P', 'I', 'duplex');
        for (let round = 0; round < 3; round += 1) {
          await scheduler.sleep(quietMs);
          expect(await group.write('P', 0, 0, new Uint8Array(512).fill(round + 1))).toBe(0);
          expect(group.pairOf('P', 'I')?.state).toBe('duplex');
        }
      });
    },
  );

  it('is told from a system with a dead disk while nothing is written', async () => {
    const group = new SimulatedStorage('idle');
    await group.run(async () => {
      const { scheduler } = group.world;
      group.startAll();
      await scheduler.until(() => group.running('P'), 1000);
      await scheduler.sleep(60_000);
      expect(group.facts('P').lastIoAgeMs).toBe(0);
    });
  });
});
