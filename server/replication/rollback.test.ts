/** The way back after a copy that did not end: the last image the group really had, and on from there (1b rule 16). */
import { describe, expect, it } from 'vitest';
import { outcomeOf } from '../simulation/testing/refusals.ts';
import { SimulatedStorage } from '../simulation/testing/storage-world.ts';

const TRACKS = 10;

async function writeTracks(group: SimulatedStorage, value: number, tracks = TRACKS): Promise<void> {
  const { trackBytes } = group.definition;
  for (let track = 0; track < tracks; track += 1)
    expect(await group.write('P', 0, track * trackBytes + 512, new Uint8Array(512).fill(value + track))).toBe(0);
}

/** Lets `passing` tracks of each copy to `at` through and holds back the rest, while `on`. */
function trap(group: SimulatedStorage, at: string, from: string, passing: number) {
  const state = { on: true, passed: 0 };
  group.intercept(at, from, (_bytes, { type }) => {
    if (!state.on || (type !== 'copy' && type !== 'copy-end')) return null;
    state.passed += 1;
    return state.passed > passing ? [] : null;
  });
  return state;
}

interface Interrupted {
  group: SimulatedStorage;
  /** R's image before the copy began, and the number it stood at. */
  before: Buffer;
  number: number;
  trapped: ReturnType<typeof trap>;
}

/** R consistent and behind; a resync of it got some tracks across, then failed. */
async function interrupted(seed: string, story: (parts: Interrupted) => Promise<void>): Promise<void> {
  const group = new SimulatedStorage(seed);
  await group.run(async () => {
    await group.form();
    await writeTracks(group, 1);
    await group.equalises();
    await group.split('I', 'I', 'R');
    await writeTracks(group, 100);
    const before = group.contents('R');
    const number = group.facts('R').consistentNumber;
    const trapped = trap(group, 'R', 'I', 4);
    await group.instruct('I', { verb: 'resync', pair: 'I-R', token: group.token() });
    await group.reaches('I', 'R', 'failure-suspend');
    await story({ group, before, number, trapped });
  });
}

const rollBack = (group: SimulatedStorage, at: string, pair: string) =>
  group.instruct(at, { verb: 'rollback', pair, token: group.token() });

describe('after a resync that was interrupted', () => {
  it('the image is part old, part new, says so, and is not exported', () =>
    interrupted('mixed', async ({ group, before, number }) => {
      expect(group.contents('R').equals(before)).toBe(false);
      expect(group.contents('R').equals(group.contents('I'))).toBe(false);
      expect(group.facts('R')).toMatchObject({ consistent: false, consistentNumber: number });
      expect(group.pairOf('R', 'I')?.gold).toMatchObject({ number });
      const found = group.system('R').exports.find('test/R/0');
      expect(found === null || 'refused' in found).toBe(true);
    }));

  it('a rollback gives the last image back, exactly, and the copy begins anew from both ends’ differences', () =>
    interrupted('back', async ({ group, before, number, trapped }) => {
      await rollBack(group, 'R', 'I-R');
      expect(group.contents('R').equals(before)).toBe(true);
      expect(group.facts('R')).toMatchObject({ consistent: true, consistentNumber: number, lastNumber: number });
      expect(group.pairOf('R', 'I')).toMatchObject({ state: 'failure-suspend', gold: null });
      // What was put back differs again, though I believes to have copied it.
      expect(group.pairOf('R', 'I')?.dirtyTracks).toBeGreaterThanOrEqual(4);
      trapped.on = false;
      await group.resync('I', 'I', 'R');
      expect(await group.equalises()).toBe(true);
    }));

  it('a rollback may be repeated, and is refused at the end that was copied from', () =>
    interrupted('twice', async ({ group, before }) => {
      expect(await outcomeOf(rollBack(group, 'I', 'I-R'))).toBe('not-consistent');
      await rollBack(group, 'R', 'I-R');
      await rollBack(group, 'R', 'I-R');
      expect(group.contents('R').equals(before)).toBe(true);
    }));

  it('a copy that is tried again and fails again keeps the first image as the way back', () =>
    interrupted('retried', async ({ group, before, number, trapped }) => {
      for (const passing of [2, 7]) {
        await writeTracks(group, 50 + passing);
        trapped.passed = 4 - passing;
        await group.instruct('I', { verb: 'resync', pair: 'I-R', token: group.token() });
        await group.reaches('I', 'R', 'failure-suspend');
        expect(group.pairOf('R', 'I')?.gold).toMatchObject({ number });
      }
      await rollBack(group, 'R', 'I-R');
      expect(group.contents('R').equals(before)).toBe(true);
    }));

  it('a copy that is tried again and ends leaves no way back', () =>
    interrupted('ended', async ({ group, trapped }) => {
      trapped.on = false;
      await group.resync('I', 'I', 'R');
      expect(group.pairOf('R', 'I')?.gold).toBeNull();
      await group.split('I', 'I', 'R');
      const image = group.contents('R');
      // Harmless: the image is whole already.
      await rollBack(group, 'R', 'I-R');
      expect(group.contents('R').equals(image)).toBe(true);
      expect(await outcomeOf(rollBack(group, 'I', 'I-R'))).toBe('not-consistent');
    }));

  it.each([1, 2, 4, 7, 11])('a rollback killed at its disk call %i is finished by the next one', (ordinal) =>
    interrupted(`killed-${ordinal}`, async ({ group, before, trapped }) => {
      const machine = group.world.machine('R');
      machine.killPlan = { ordinal: machine.calls + ordinal, moment: { when: 'torn', pages: 0 } };
      await rollBack(group, 'R', 'I-R').catch((error: unknown) => expect(String(error)).toMatch('died'));
      machine.killPlan = null;
      if (machine.life === null) group.start('R');
      await group.world.scheduler.until(() => group.running('R'), 1000);
      await group.world.scheduler.sleep(200);
      expect(group.pairOf('R', 'I')?.state).toBe('failure-suspend');
      await rollBack(group, 'R', 'I-R');
      expect(group.contents('R').equals(before)).toBe(true);
      expect(group.facts('R').consistent).toBe(true);
      trapped.on = false;
      await group.resync('I', 'I', 'R');
      expect(await group.equalises()).toBe(true);
    }),
  );

  it('the taking over by the system that was rolled back loses nothing but what it never had', () =>
    interrupted('takeover', async ({ group, before, number }) => {
      group.kill('P');
      group.kill('I');
      await rollBack(group, 'R', 'I-R');
      const evidence = await group.fence('failover', ['R']);
      expect(evidence.get('R')).toMatchObject({ consistent: true, consistentNumber: number });
      await group.promote('R');
      expect(group.contents('R').equals(before)).toBe(true);
      const block = new Uint8Array(512).fill(77);
      expect(await group.write('R', 1, 0, block)).toBe(0);
      group.start('P');
      group.start('I');
      const { scheduler } = group.world;
      await scheduler.until(() => group.running('P') && group.running('I'), 2000);
      await scheduler.sleep(1500);
      // What I has more than R becomes differences, and goes.
      await group.reverse('R', 'R', 'I');
      await group.resync('R', 'R', 'I');
      await scheduler.sleep(300);
      expect(group.contents('I').equals(group.contents('R'))).toBe(true);
      await group.drain('R', 'R', 'I');
      await group.reverse('I', 'I', 'P');
      await group.resync('I', 'I', 'P');
      expect(group.contents('P').equals(group.contents('R'))).toBe(true);
    }));
});

describe('a rollback', () => {
  it('is refused while the pair flows, and where there never was an earlier image', async () => {
    const group = new SimulatedStorage('refused');
    await group.run(async () => {
      await group.begin();
      await group.create('P', 'I', 'sync');
      await group.reaches('P', 'I', 'duplex');
      expect(await outcomeOf(rollBack(group, 'I', 'P-I'))).toBe('wrong-state');
      expect(await outcomeOf(rollBack(group, 'P', 'P-I'))).toBe('wrong-state');
    });
  });
});
