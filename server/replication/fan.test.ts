/** Storage systems of a fan: what the third system may see, what is kept for it, and how it resumes from the second one. */
import { describe, expect, it } from 'vitest';
import { block, FanGroup } from '../simulation/testing/fan-group.ts';
import { HostLoad } from './testing/host-load.ts';

describe('a fan of storage systems', () => {
  it.each(['a', 'b', 'c'])(
    'goes on at 2, which 3 follows by the missing entries alone, and comes back (seed %s)',
    async (seed) => {
      const group = new FanGroup(seed, { journalBytes: 1024 * 1024 });
      const load = new HostLoad(group, 7);
      await group.run(async () => {
        const { scheduler } = group.world;
        await group.formed();
        load.start('1', 4);
        await scheduler.sleep(150);
        // 3 falls behind: its line to 1 is cut a while before the site is lost.
        group.cut('1', '3');
        await scheduler.sleep(60);
        group.kill('1');
        await load.stop();
        await group.takenOver();
        expect(group.resume().kind).toBe('delta');
        load.start('2', 4);
        await group.create('2', '3', 'async', true);
        expect(group.pairOf('3', '2')?.state).toBe('duplex');
        await scheduler.sleep(200);
        expect(group.pairOf('3', '2')?.copy).toBeNull();

        group.heal('1', '3');
        group.start('1');
        await scheduler.until(() => group.running('1') && group.pairOf('1', '3') === null, 3000);
        await group.instruct('2', { verb: 'reverse', pair: '2-1', kind: 'sync', token: group.token() });
        await group.resync('2', '2', '1');
        await scheduler.sleep(100);
        expect(group.facts('2').completedNumber).toBeLessThanOrEqual(group.facts('1').lastNumber);

        // The roles are swapped back.
        await load.stop();
        await group.fence('swap-1', ['1', '3', '2']);
        await group.promote('1');
        await group.instruct('3', { verb: 'delete', pair: '2-3', token: group.token() });
        await group.instruct('1', { verb: 'reverse', pair: '1-2', kind: 'sync', token: group.token() });
        await group.resync('1', '1', '2');
        await group.create('1', '3', 'async', true);
        expect(group.pairOf('3', '1')?.state).toBe('duplex');
        expect(group.pairOf('3', '1')?.copy).toBeNull();
        load.start('1', 4);
        await scheduler.sleep(100);
        await load.stop();
        await scheduler.until(() => group.facts('3').lastNumber === group.facts('1').lastNumber, 2000);
      });
      expect(group.equal('1', '2', '3')).toBe(true);
      expect(load.completed.length).toBeGreaterThan(50);
    },
  );

  it('shows 3 no update that 2 has not answered', async () => {
    const group = new FanGroup('beyond');
    const load = new HostLoad(group, 3);
    await group.run(async () => {
      await group.formed();
      load.start('1', 8);
      for (let turn = 0; turn < 200; turn += 1) {
        await group.world.scheduler.sleep(1);
        expect(group.facts('3').lastNumber).toBeLessThanOrEqual(group.facts('2').lastNumber);
      }
      await load.stop();
    });
    expect(load.completed.length).toBeGreaterThan(20);
  });

  it('would be caught showing 3 more than 2 has answered', async () => {
    const group = new FanGroup('beyond-mutant', { mutants: ['reads-beyond-answered'] });
    const load = new HostLoad(group, 3);
    let beyond = 0;
    await group.run(async () => {
      await group.formed();
      // 2 answers late, 3 does not.
      group.world.network.setWay('2', '1', { delayMs: 30 });
      load.start('1', 8);
      for (let turn = 0; turn < 200; turn += 1) {
        await group.world.scheduler.sleep(1);
        const shown = group.facts('3').lastNumber;
        if (shown > (group.pairOf('1', '2')?.appliedNumber ?? 0)) beyond += 1;
      }
      await load.stop();
    });
    expect(beyond).toBeGreaterThan(0);
  });

  it('would be caught forgetting at 2 what 3 lacks', async () => {
    const group = new FanGroup('forgets-mutant', { mutants: ['forgets-consumers'] });
    await group.run(async () => {
      await group.formed();
      group.cut('1', '3');
      group.cut('2', '3');
      for (let turn = 0; turn < 8; turn += 1) await group.write('1', 0, turn * 4096, block(turn));
      await group.world.scheduler.sleep(300);
      expect(group.resume().kind).toBe('impossible');
    });
  });

  it('keeps at 2 what 3 has not confirmed, in the room there is, and says what was let go', async () => {
    const group = new FanGroup('kept', { journalBytes: 128 * 1024 });
    await group.run(async () => {
      const { scheduler } = group.world;
      await group.formed();
      await group.write('1', 0, 0, block(1));
      await scheduler.sleep(300);
      group.cut('1', '3');
      group.cut('2', '3');
      const confirmed = group.facts('3').lastNumber;
      for (let turn = 0; turn < 8; turn += 1) expect(await group.write('1', 0, turn * 4096, block(turn))).toBe(0);
      await scheduler.sleep(300);
      const kept = group.facts('2').journal.kept?.[0];
      expect(kept).toMatchObject({ consumer: '3', number: confirmed });
      expect(kept?.bytes).toBeGreaterThan(8 * 4096);
      expect(group.resume()).toEqual({ kind: 'delta', updates: 8 });

      // A restart forgets neither.
      group.kill('2');
      group.start('2');
      await scheduler.until(() => group.running('2'), 1000);
      expect(group.facts('2').journal.kept?.[0]?.number).toBe(confirmed);
      await group.world.scheduler.sleep(500);
      if (group.pairOf('1', '2')?.state !== 'duplex') await group.resync('1', '1', '2');
    });
  });

  it('begins to keep them for one that joins under a load that never pauses', async () => {
    const group = new FanGroup('joins-under-load', { journalBytes: 1024 * 1024 });
    const load = new HostLoad(group, 7);
    await group.run(async () => {
      const { scheduler } = group.world;
      await group.formed();
      await group.instruct('1', { verb: 'delete', pair: '1-3', token: group.token() });
      await scheduler.until(() => group.pairOf('3', '1') === null, 1000);
      // 3 always trails by more than it takes 2 to make an update durable.
      for (const [from, to] of [
        ['1', '3'],
        ['3', '1'],
      ] as const)
        group.world.network.setWay(from, to, { delayMs: 60 });
      load.start('1', 2, 8);
      await scheduler.sleep(100);
      await group.create('1', '3', 'async');
      await group.reaches('1', '3', 'duplex');
      await scheduler.sleep(300);
      expect(group.resume().kind).toBe('delta');
      group.cut('1', '3');
      group.cut('2', '3');
      await scheduler.sleep(30);
      expect(group.resume().kind).toBe('delta');
      await load.stop();
    });
  });

  it('lets go of the oldest updates before a host would have to wait, and refuses the delta by name', async () => {
    const group = new FanGroup('trimmed', { journalBytes: 128 * 1024 });
    await group.run(async () => {
      const { scheduler } = group.world;
      await group.formed();
      group.cut('1', '3');
      group.cut('2', '3');
      for (let turn = 0; turn < 60; turn += 1)
        expect(await group.write('1', 0, (turn % 32) * 4096, block(turn))).toBe(0);
      await scheduler.sleep(300);
      const { trimmedTo, usedBytes, sizeBytes } = group.facts('2').journal;
      expect(usedBytes).toBeLessThanOrEqual(sizeBytes * 0.8);
      expect(trimmedTo).toBeGreaterThan(group.facts('3').lastNumber);
      expect(group.pairOf('2', '1')?.state).toBe('duplex');
      const missing = group.facts('3').lastNumber + 1;
      expect(group.resume()).toEqual({
        kind: 'impossible',
        why: `update ${missing} was trimmed from the journal of 2`,
      });
      group.kill('1');
      group.heal('2', '3');
      await scheduler.until(() => group.facts('3').lines.some((line) => line.peer === '2' && line.connected), 3000);
      await group.takenOver();
      await expect(group.create('2', '3', 'async', true)).rejects.toThrow(`update ${missing} was trimmed`);
      await group.create('2', '3', 'async');
      await group.reaches('2', '3', 'duplex');
      await scheduler.sleep(200);
    });
    expect(group.equal('2', '3')).toBe(true);
  });

  it('drains to 3 what 2 has answered, and marks the rest', async () => {
    const group = new FanGroup('drain', { fence: 'data' });
    await group.run(async () => {
      const { scheduler } = group.world;
      await group.formed();
      await group.write('1', 0, 0, block(1));
      await scheduler.sleep(200);
      group.cut('1', '2');
      // Refused to the host under fence level data, yet in the journal of 1.
      expect(await group.write('1', 0, 65536, block(2))).not.toBe(0);
      await group.drain('1', '1', '3');
      expect(group.facts('3').lastNumber).toBeLessThan(group.facts('1').lastNumber);
      expect(group.pairOf('1', '3')?.dirtyTracks).toBeGreaterThan(0);
    });
  });
});
