/** Reversal and deletion while the other end is out of reach, and what becomes of it when that comes back (1b rules 3, 8, 12). */
import { describe, expect, it } from 'vitest';
import type { FenceLevel } from '../domain/storage-controller.ts';
import { outcomeOf } from '../simulation/testing/refusals.ts';
import { SimulatedStorage } from '../simulation/testing/storage-world.ts';
import type { TestSettings } from './testing/test-world.ts';

/** How the other end is out of reach, and how it comes back. */
const ABSENCES: Record<string, { leave: (group: SimulatedStorage) => void; back: (group: SimulatedStorage) => void }> =
  {
    'is dead': { leave: (group) => group.kill('I'), back: (group) => group.start('I') },
    'is cut off': {
      leave: (group) => {
        for (const other of ['P', 'R', 'witness']) group.cut('I', other);
      },
      back: (group) => {
        for (const other of ['P', 'R', 'witness']) group.heal('I', other);
      },
    },
  };

async function formed(
  seed: string,
  story: (group: SimulatedStorage) => Promise<void>,
  settings: TestSettings = {},
): Promise<void> {
  const group = new SimulatedStorage(seed, settings);
  await group.run(async () => {
    await group.form();
    await story(group);
  });
}

async function write(group: SimulatedStorage, at: string, track: number, value: number): Promise<number> {
  return group.write(at, 0, track * group.definition.trackBytes, new Uint8Array(512).fill(value));
}

async function returned(group: SimulatedStorage): Promise<void> {
  await group.world.scheduler.until(() => group.running('I'), 2000);
  await group.world.scheduler.sleep(2500);
}

/** P is dead; R has taken over, as far as the fence and the promotion go. */
async function takenOver(group: SimulatedStorage): Promise<void> {
  group.kill('P');
  await group.fence('failover', group.machine('I').life === null ? ['R'] : ['R', 'I']);
  await group.instruct('R', { verb: 'drain', pair: 'I-R', token: group.token(), deadlineMs: 300 });
  await group.world.scheduler.until(() => group.pairOf('R', 'I')?.state !== 'suspending', 2000);
  await group.promote('R');
}

describe.each(Object.keys(ABSENCES))('a pair is turned while the other end %s:', (absence) => {
  const { leave, back } = ABSENCES[absence] ?? { leave: () => undefined, back: () => undefined };

  it('the other end follows when it is back, with what it has more as differences', () =>
    formed(`turned ${absence}`, async (group) => {
      // I holds updates that R never got.
      group.intercept('R', 'I', (_bytes, { type }) => (type === 'entry' ? [] : null));
      for (const track of [1, 2, 3]) expect(await write(group, 'P', track, track)).toBe(0);
      expect(group.facts('R').lastNumber).toBeLessThan(group.facts('I').lastNumber);
      leave(group);
      group.kill('P');
      await group.world.scheduler.sleep(2500);
      await takenOver(group);
      await group.reverse('R', 'R', 'I');
      expect(group.pairOf('R', 'I')).toMatchObject({ name: 'R-I', end: 'source' });
      expect(await write(group, 'R', 9, 9)).toBe(0);
      back(group);
      await returned(group);
      expect(group.pairOf('I', 'R')).toMatchObject({ name: 'R-I', end: 'destination' });
      expect(group.pairOf('I', 'R')?.state).toMatch(/suspend$/);
      await group.resync('R', 'R', 'I');
      await group.world.scheduler.sleep(200);
      expect(group.contents('I').equals(group.contents('R'))).toBe(true);
    }));

  it('turned back again before it returns, nothing has happened, and a resync goes the old way', () =>
    formed(`back again ${absence}`, async (group) => {
      await group.split('I', 'I', 'R');
      leave(group);
      await group.world.scheduler.sleep(2500);
      await group.reverse('R', 'R', 'I');
      await group.reverse('R', 'I', 'R');
      back(group);
      await returned(group);
      expect(group.pairOf('I', 'R')).toMatchObject({ name: 'I-R', end: 'source', state: 'suspend' });
      await group.mend();
      expect(await group.equalises()).toBe(true);
    }));
});

describe('a pair is turned at both ends while they are apart:', () => {
  const ORDERS: [string, [string, string, string][]][] = [
    [
      'R last',
      [
        ['R', 'R', 'I'],
        ['I', 'R', 'I'],
        ['R', 'I', 'R'],
      ],
    ],
    [
      'I last',
      [
        ['R', 'R', 'I'],
        ['I', 'R', 'I'],
        ['I', 'I', 'R'],
      ],
    ],
    [
      'I last, though R more often',
      [
        ['R', 'R', 'I'],
        ['R', 'I', 'R'],
        ['R', 'R', 'I'],
        ['I', 'R', 'I'],
        ['I', 'I', 'R'],
      ],
    ],
  ];

  it.each(ORDERS)('the last instruction holds (%s)', (_what, turns) =>
    formed(`both ${_what}`, async (group) => {
      await group.split('I', 'I', 'R');
      group.cut('I', 'R');
      await group.world.scheduler.sleep(2500);
      for (const [at, source, destination] of turns) await group.reverse(at, source, destination);
      group.heal('I', 'R');
      await returned(group);
      const names = [group.pairOf('I', 'R')?.name, group.pairOf('R', 'I')?.name];
      expect(names).toEqual(['I-R', 'I-R']);
      await group.mend();
      expect(await group.equalises()).toBe(true);
    }),
  );
});

describe.each(Object.keys(ABSENCES))('a pair is deleted while the other end %s:', (absence) => {
  const { leave, back } = ABSENCES[absence] ?? { leave: () => undefined, back: () => undefined };
  const remove = (group: SimulatedStorage, at: string, pair: string) =>
    outcomeOf(group.instruct(at, { verb: 'delete', pair, token: group.token() }));

  it('the other end forgets it when it is back, and the pair can be formed anew', () =>
    formed(`deleted ${absence}`, async (group) => {
      await group.split('I', 'I', 'R');
      leave(group);
      await group.world.scheduler.sleep(2500);
      expect(await remove(group, 'R', 'I-R')).toBe('done');
      expect(await remove(group, 'R', 'I-R')).toBe('done');
      expect(group.pairOf('R', 'I')).toBeNull();
      back(group);
      await returned(group);
      expect(group.pairOf('I', 'R')).toBeNull();
      await group.mend();
      expect(await group.equalises()).toBe(true);
    }));

  it('in duplex: nothing is vouched for any more at either end, and nothing is copied by itself', () =>
    formed(`in duplex ${absence}`, async (group) => {
      leave(group);
      expect(await remove(group, 'R', 'I-R')).toBe('done');
      await group.world.scheduler.sleep(2500);
      back(group);
      await returned(group);
      expect([group.pairOf('I', 'R'), group.pairOf('R', 'I')]).toEqual([null, null]);
      const before = group.contents('R');
      await group.mend();
      expect(before.length).toBe(group.contents('R').length);
      expect(await group.equalises()).toBe(true);
    }));

  it.each<[FenceLevel, string]>([
    ['never', 'done'],
    ['status', 'done'],
    ['data', 'not-confirmed'],
  ])('by the holder under fence level %s: %s', (fence, outcome) =>
    formed(
      `guard ${fence} ${absence}`,
      async (group) => {
        await group.world.scheduler.until(() => group.witness?.facts().register?.state === 'joined', 2000);
        leave(group);
        void write(group, 'P', 1, 1);
        await group.world.scheduler.sleep(1000);
        expect(await remove(group, 'P', 'P-I')).toBe(outcome);
        if (outcome === 'done') {
          expect(group.pairOf('P', 'I')).toBeNull();
          expect(await write(group, 'P', 2, 2)).toBe(0);
        } else {
          expect(group.pairOf('P', 'I')?.state).toMatch(/suspend$/);
          expect(await write(group, 'P', 2, 2)).not.toBe(0);
        }
        back(group);
        await returned(group);
        // The cure that the refusal names.
        if (outcome !== 'done') expect(await remove(group, 'P', 'P-I')).toBe('done');
        expect([group.pairOf('P', 'I'), group.pairOf('I', 'P')]).toEqual([null, null]);
        await group.mend();
        expect(await write(group, 'P', 3, 3)).toBe(0);
        expect(await group.equalises()).toBe(true);
      },
      { fence },
    ),
  );

  it('by the holder under `status` without the register: refused, for nobody would know that it goes on alone', () =>
    formed(`no register ${absence}`, async (group) => {
      await group.world.scheduler.until(() => group.witness?.facts().register?.state === 'joined', 2000);
      group.kill('witness');
      leave(group);
      void write(group, 'P', 1, 1);
      await group.world.scheduler.sleep(400);
      expect(await remove(group, 'P', 'P-I')).toBe('not-confirmed');
      expect(group.pairOf('P', 'I')?.state).toMatch(/suspend$/);
      group.start('witness');
      back(group);
      await returned(group);
      await group.mend();
      expect(await group.equalises()).toBe(true);
    }));
});

describe('a pair that was deleted at one end and is formed anew', () => {
  it('is not deleted by the old instruction coming late', () =>
    formed('late-delete', async (group) => {
      await group.split('I', 'I', 'R');
      const old = group.token();
      await group.instruct('R', { verb: 'delete', pair: 'I-R', token: group.token() });
      await group.create('I', 'R', 'async');
      await group.reaches('I', 'R', 'duplex');
      for (const at of ['I', 'R'])
        expect(await outcomeOf(group.instruct(at, { verb: 'delete', pair: 'I-R', token: old }))).toBe('stale-driver');
      expect(group.pairOf('I', 'R')?.state).toBe('duplex');
    }));
});

describe('a word that a silent line holds up, until a newer driver has spoken at the other end, is made up for:', () => {
  /** I–R is silent for a moment, too short for the line to be given up, and R is instructed meanwhile; then I by a newer driver. */
  async function heldUp(group: SimulatedStorage, verb: 'delete' | 'reverse'): Promise<void> {
    await group.split('I', 'I', 'R');
    group.cut('I', 'R');
    const pair = verb === 'delete' ? 'I-R' : 'R-I';
    await group.instruct('R', { verb, pair, token: group.token() });
    await group.instruct('I', { verb: 'split', pair: 'I-R', token: group.token() });
    expect(group.pairOf('I', 'R')).toMatchObject({ name: 'I-R', connected: true });
    group.heal('I', 'R');
    await group.world.scheduler.sleep(1500);
  }

  it('the pair that was deleted is gone there too', () =>
    formed('held-delete', async (group) => {
      await heldUp(group, 'delete');
      expect([group.pairOf('R', 'I'), group.pairOf('I', 'R')]).toEqual([null, null]);
    }));

  it('the pair that was turned is turned there too', () =>
    formed('held-reverse', async (group) => {
      await heldUp(group, 'reverse');
      expect([group.pairOf('R', 'I')?.name, group.pairOf('I', 'R')?.name]).toEqual(['R-I', 'R-I']);
    }));
});
