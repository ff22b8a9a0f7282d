/**
 * Where two systems went on in different ways behind a common number: what only one of them has becomes differences, and
 * these tracks alone are copied (1b rule 20).
 */
import { describe, expect, it } from 'vitest';
import { block, FanGroup } from '../simulation/testing/fan-group.ts';

describe('3 is ahead of 2', () => {
  const moved = (group: FanGroup) => group.pairOf('2', '3')?.transferredBytes ?? 0;

  it('turns the excess into differences, and copies these tracks alone', async () => {
    const group = new FanGroup('ahead');
    await group.run(async () => {
      await group.forked({ alone: 5, after: 3 });
      expect(group.resume()).toMatchObject({ kind: 'differ', excess: 5, missing: 3 });
      // Nobody has said that they may go.
      await expect(group.create('2', '3', 'async', true)).rejects.toThrow(
        '3 holds 5 updates that are not of this history',
      );
      await group.create('2', '3', 'async', 'differing');
      await group.reaches('2', '3', 'duplex');
      expect(moved(group)).toBe(8 * group.definition.trackBytes);
      expect(group.happened).toContainEqual(expect.objectContaining({ system: '3', kind: 'excess-marked' }));
      expect(group.facts('3').lineage).toEqual(group.facts('2').lineage);
      await group.write('2', 0, 0, block(9));
      await group.world.scheduler.sleep(200);
    });
    expect(group.equal('2', '3')).toBe(true);
  });

  it('does so when 2 has written nothing of its own', async () => {
    const group = new FanGroup('ahead-only');
    await group.run(async () => {
      await group.forked({ alone: 2, after: 0 });
      await group.create('2', '3', 'async', 'differing');
      await group.reaches('2', '3', 'duplex');
      expect(moved(group)).toBe(2 * group.definition.trackBytes);
    });
    expect(group.equal('2', '3')).toBe(true);
  });

  it('keeps at 3 what tells the excess, over a restart too, and refuses by name once it is let go', async () => {
    const group = new FanGroup('ahead-trimmed', { journalBytes: 128 * 1024 });
    await group.run(async () => {
      await group.forked({ alone: 6, after: 0 });
      group.kill('3');
      group.start('3');
      await group.world.scheduler.until(() => group.running('3'), 1000);
      expect(group.facts('3').journal.kept).toEqual([expect.objectContaining({ consumer: '2' })]);
      expect(group.resume()).toMatchObject({ kind: 'differ', excess: 6 });
    });
    const full = new FanGroup('ahead-full', { journalBytes: 128 * 1024 });
    await full.run(async () => {
      await full.forked({ alone: 60, after: 0 });
      const first = full.facts('2').lastNumber + 1;
      expect(full.resume()).toMatchObject({
        kind: 'impossible',
        why: expect.stringContaining(`update ${first} was trimmed from the journal of 3`),
      });
      await expect(full.create('2', '3', 'async', 'differing')).rejects.toThrow('was trimmed from the journal of 3');
    });
  });

  it('goes on after a kill of either end at any call of the joining', async () => {
    for (const victim of ['2', '3'])
      for (let calls = 1; calls <= 36; calls += 5) {
        const group = new FanGroup(`ahead-kill-${victim}-${calls}`);
        await group.run(async () => {
          const { scheduler } = group.world;
          await group.forked({ alone: 3, after: 2 });
          const machine = group.world.machine(victim);
          machine.killPlan = { ordinal: machine.calls + calls, moment: { when: 'before' } };
          await group.create('2', '3', 'async', 'differing').catch(() => undefined);
          await scheduler.sleep(200);
          machine.killPlan = null;
          if (!group.running(victim)) group.start(victim);
          await scheduler.until(() => group.running(victim) && group.facts('2').hostWrites.accepted, 3000);
          await scheduler.sleep(1500);
          // Whatever is left of it is taken up the way the routine does.
          const standing = group.pairOf('2', '3');
          if (!standing) {
            if (group.pairOf('3', '2'))
              await group.instruct('3', { verb: 'delete', pair: '2-3', token: group.token() });
            await group.create('2', '3', 'async', 'differing');
          } else if (standing.state !== 'duplex') await group.resync('2', '2', '3');
          await group.reaches('2', '3', 'duplex');
          await scheduler.sleep(200);
        });
        expect(group.equal('2', '3'), `${victim} killed at call ${calls}`).toBe(true);
      }
  });

  it('would be caught taking the numbers of another history for its own', async () => {
    const group = new FanGroup('ahead-mutant', { mutants: ['lineage-ignored'] });
    await group.run(async () => {
      await group.forked({ alone: 3, after: 5 });
      await group.create('2', '3', 'async', true);
      await group.world.scheduler.sleep(300);
    });
    expect(group.equal('2', '3')).toBe(false);
  });
});

it('copies to a second system that lacks updates the tracks of these alone', async () => {
  const group = new FanGroup('sync-delta');
  await group.run(async () => {
    await group.formed();
    for (let turn = 0; turn < 4; turn += 1)
      await group.write('1', 0, turn * group.definition.trackBytes, block(turn + 1));
    await group.world.scheduler.sleep(200);
    const before = group.pairOf('1', '2')?.transferredBytes ?? 0;
    await group.instruct('2', { verb: 'delete', pair: '1-2', token: group.token() });
    await group.write('1', 0, 5 * group.definition.trackBytes, block(9));
    await group.create('1', '2', 'sync', 'differing');
    await group.reaches('1', '2', 'duplex');
    expect(group.pairOf('1', '2')?.transferredBytes).toBe(before + group.definition.trackBytes);
  });
  expect(group.equal('1', '2')).toBe(true);
});

it('does not get what 1 had written and 2 never answered, even once 1 knows that the pair of the two was turned round', async () => {
  const group = new FanGroup('turned');
  await group.run(async () => {
    const { scheduler } = group.world;
    await group.formed();
    await group.write('1', 0, 0, block(1));
    await scheduler.until(() => group.facts('3').lastNumber === group.facts('1').lastNumber, 2000);
    const answered = group.facts('2').lastNumber;
    group.cut('1', '2');
    // Nobody is ever told that it is complete: the split is not on record yet when 1 dies.
    void group.write('1', 0, group.definition.trackBytes, block(2));
    await scheduler.until(() => group.facts('1').lastNumber === answered + 1, 100);
    group.kill('1');
    await group.fence('takeover-1', ['2', '3']);
    await group.promote('2');
    await group.instruct('2', { verb: 'reverse', pair: '2-1', kind: 'async', token: group.token() });
    group.heal('1', '2');
    group.start('1');
    await scheduler.until(() => group.running('1') && group.pairOf('1', '2')?.definition.source === '2', 3000);
    await scheduler.sleep(500);
    expect(group.facts('1').lastNumber).toBe(answered + 1);
    expect(group.pairOf('1', '3')?.state).toBe('duplex');
    expect(group.facts('3').lastNumber).toBe(answered);
  });
});
