/** Difference snapshots: what is in a set, what a destination makes of it, and what is left when one end fails (1b rule 21). */
import { describe, expect, it } from 'vitest';
import { SimulatedStorage } from '../simulation/testing/storage-world.ts';
import { HostLoad } from './testing/host-load.ts';
import type { TestSettings } from './testing/test-world.ts';

const TRACK = 16 * 1024;

const groupOf = (seed: string, settings: TestSettings = {}) =>
  new SimulatedStorage(seed, { transport: 'difference-snapshot', ...settings });

async function formed(
  seed: string,
  story: (group: SimulatedStorage) => Promise<void>,
  settings: TestSettings = {},
): Promise<void> {
  const group = groupOf(seed, settings);
  await group.run(async () => {
    await group.form();
    await group.world.scheduler.sleep(100);
    await story(group);
  });
}

function pairAt(group: SimulatedStorage, system: 'I' | 'R') {
  const facts = group.pairOf(system, system === 'I' ? 'R' : 'I');
  if (!facts) throw new Error(`${system} has no pair`);
  return facts;
}

async function put(group: SimulatedStorage, volume: number, track: number, value: number): Promise<void> {
  expect(await group.write('P', volume, track * TRACK, new Uint8Array(4096).fill(value))).toBe(0);
}

/** First byte of a track, as the disk of `system` holds it. */
const byteOf = (group: SimulatedStorage, system: string, volume: number, track: number) =>
  group.contents(system)[volume * group.definition.volumeBytes + track * TRACK];

const reachesR = (group: SimulatedStorage, number: number) =>
  group.world.scheduler.until(() => group.facts('R').lastNumber >= number, 3000);

/** Holds back every frame of `type` from I to R until it is let go. */
function hold(group: SimulatedStorage, type: string): { held: number; letGo: boolean } {
  const gate = { held: 0, letGo: false };
  group.intercept('R', 'I', (_bytes, head) => {
    if (head.type !== type || gate.letGo) return null;
    gate.held += 1;
    return [];
  });
  return gate;
}

describe('a difference snapshot', () => {
  it('sends a track once, however often it was overwritten, at one number of all volumes', () =>
    formed('once', async (group) => {
      const before = pairAt(group, 'I').transferredBytes;
      // The first set leaves at once; all others wait for the interval and for its confirmation.
      for (let round = 0; round < 40; round += 1) for (const volume of [0, 1]) await put(group, volume, 3, round + 1);
      const last = group.facts('P').lastNumber;
      expect(await reachesR(group, last)).toBe(true);
      const sets = (pairAt(group, 'I').transferredBytes - before) / TRACK;
      expect(Number.isInteger(sets)).toBe(true);
      expect(sets).toBeLessThan(20);
      expect(group.contents('R').equals(group.contents('P'))).toBe(true);
      expect(group.facts('R').lastNumber).toBe(last);
    }));

  it('on its way is not touched by writes: what R gets is the image at the number it was frozen at', () =>
    formed('frozen', async (group) => {
      group.world.network.setWay('I', 'R', { delayMs: 40 });
      for (let track = 0; track < 6; track += 1) await put(group, 0, track, 1);
      const { scheduler } = group.world;
      await scheduler.until(() => (pairAt(group, 'I').set?.number ?? 0) > 0, 1000);
      const frozen = pairAt(group, 'I').set?.number ?? 0;
      // Newest first, so that a set that is not frozen would mix both.
      for (let track = 5; track >= 0; track -= 1) await put(group, 0, track, 2);
      expect(await reachesR(group, frozen)).toBe(true);
      const held = group.facts('R').lastNumber;
      const first = group.facts('P').lastNumber - 11;
      for (let track = 0; track < 6; track += 1) {
        // Updates `first` … were the six first writes, in order of the track, then the six others, in the opposite order.
        const isSecond = held >= first + 6 + (5 - track);
        const isFirst = held >= first + track;
        expect([held, track, byteOf(group, 'R', 0, track)]).toEqual([held, track, isSecond ? 2 : isFirst ? 1 : 0]);
      }
    }));

  it('keeps no journal entries for its destination, and needs none', () =>
    formed('journal-free', async (group) => {
      const load = new HostLoad(group, 3);
      group.world.network.setWay('I', 'R', { cut: true });
      load.start('P', 4, 1);
      await group.world.scheduler.sleep(400);
      await load.stop();
      expect(group.happened.filter(({ kind }) => kind === 'journal-overflow')).toEqual([]);
      const written = load.completed.reduce((sum, { data }) => sum + data.length, 0);
      expect(written).toBeGreaterThan(group.definition.journalBytes);
      group.world.network.setWay('I', 'R', { cut: false });
      expect(await group.equalises()).toBe(true);
      expect(pairAt(group, 'I').state).toBe('duplex');
    }));

  it.each(['set-track', 'set-end'])('of which a %s does not arrive changes nothing at R', (type) =>
    formed(`unfinished-${type}`, async (group) => {
      for (let track = 0; track < 4; track += 1) await put(group, 0, track, 1);
      expect(await reachesR(group, group.facts('P').lastNumber)).toBe(true);
      const image = group.contents('R');
      const number = group.facts('R').lastNumber;
      const gate = hold(group, type);
      for (let track = 0; track < 4; track += 1) await put(group, 0, track, 2);
      await group.world.scheduler.until(() => gate.held > 0, 1000);
      group.kill('I');
      await group.world.scheduler.sleep(200);
      expect(group.facts('R')).toMatchObject({ consistent: true, lastNumber: number });
      expect(group.contents('R').equals(image)).toBe(true);
      gate.letGo = true;
      group.start('I');
      await group.mend();
      expect(await group.equalises()).toBe(true);
    }),
  );

  it('interrupted by the line goes on where it was, and no track is sent twice that had arrived', () =>
    formed('resumed', async (group) => {
      group.world.network.setWay('I', 'R', { delayMs: 10 });
      for (let track = 0; track < 14; track += 1) await put(group, 0, track, 1);
      expect(await reachesR(group, group.facts('P').lastNumber)).toBe(true);
      const before = pairAt(group, 'R').transferredBytes;
      for (let track = 0; track < 14; track += 1) await put(group, 1, track, 2);
      const { scheduler } = group.world;
      await scheduler.until(() => (pairAt(group, 'R').set?.doneTracks ?? 0) >= 3, 2000);
      group.blip('I', 'R');
      expect(await reachesR(group, group.facts('P').lastNumber)).toBe(true);
      await scheduler.sleep(200);
      expect(pairAt(group, 'R').transferredBytes - before).toBe(14 * TRACK);
      expect(group.contents('R').equals(group.contents('P'))).toBe(true);
    }));

  it('that comes damaged ends the pair by name, and the next resync makes good what it was to bring', () =>
    formed('damaged', async (group) => {
      let isDamaged = false;
      group.intercept('R', 'I', (bytes, { type }) => {
        if (isDamaged || type !== 'set-track') return null;
        isDamaged = true;
        const copy = bytes.slice();
        copy[copy.length - 1] = (copy[copy.length - 1] ?? 0) ^ 1;
        return [copy];
      });
      await put(group, 0, 1, 7);
      await group.reaches('I', 'R', 'failure-suspend');
      expect(group.facts('R').consistent).toBe(true);
      await group.resync('I', 'I', 'R');
      expect(await group.equalises()).toBe(true);
    }));
});

describe('a drain of a pair that sends difference snapshots', () => {
  it.each(['I', 'R'] as const)(
    'instructed at %s finishes the set on its way, then sends a last one, and no more',
    (at) =>
      formed(`drain-${at}`, async (group) => {
        group.world.network.setWay('I', 'R', { delayMs: 40 });
        for (let track = 0; track < 3; track += 1) await put(group, 0, track, 1);
        await group.world.scheduler.until(() => pairAt(group, 'I').set !== undefined, 1000);
        for (let track = 0; track < 5; track += 1) await put(group, 1, track, 1);
        const frozen = group.facts('I').lastNumber;
        const first = pairAt(group, 'I').set?.number ?? 0;
        expect(first).toBeLessThan(frozen);
        const reached: number[] = [];
        const draining = group.instruct(at, { verb: 'drain', pair: 'I-R', token: group.token(), deadlineMs: 1000 });
        await group.world.scheduler.until(() => pairAt(group, 'I').state === 'suspending', 500);
        for (let track = 8; track < 12; track += 1) await put(group, 0, track, 9);
        const watch = async () => {
          const isOver = () => pairAt(group, 'R').state === 'suspend';
          while (!isOver()) {
            const number = group.facts('R').lastNumber;
            if (reached.at(-1) !== number) reached.push(number);
            await group.world.scheduler.sleep(1);
          }
        };
        await Promise.all([draining, watch()]);
        await group.reaches('I', 'R', 'suspend');
        expect(group.facts('R').lastNumber).toBe(frozen);
        expect(reached).toContain(first);
        // What was written after the number was frozen is in the bits, and nothing else is.
        expect(pairAt(group, 'I').dirtyTracks).toBe(4);
        await group.resync('I', 'I', 'R');
        expect(await group.equalises()).toBe(true);
      }),
  );

  it('goes on after the death of its source, though there was more written since', () =>
    formed('drain-killed', async (group) => {
      group.world.network.setWay('I', 'R', { delayMs: 30 });
      for (let track = 0; track < 8; track += 1) await put(group, 0, track, 1);
      const frozen = group.facts('I').lastNumber;
      await group.instruct('I', { verb: 'drain', pair: 'I-R', token: group.token(), deadlineMs: 3000 });
      for (let track = 0; track < 8; track += 1) await put(group, 0, track, 2);
      group.kill('I');
      group.start('I');
      await group.world.scheduler.until(() => group.running('I'), 1000);
      await group.reaches('I', 'R', 'suspend');
      expect(group.facts('R').lastNumber).toBe(frozen);
      for (let track = 0; track < 8; track += 1) expect(byteOf(group, 'R', 0, track)).toBe(1);
      await group.mend();
      expect(await group.equalises()).toBe(true);
    }));

  it('that does not get done in time fails at both ends, and what is missing is in the bits', () =>
    formed('drain-late', async (group) => {
      const gate = hold(group, 'set-begin');
      for (let track = 0; track < 8; track += 1) await put(group, 0, track, 1);
      await group.instruct('I', { verb: 'drain', pair: 'I-R', token: group.token(), deadlineMs: 300 });
      await group.reaches('I', 'R', 'failure-suspend');
      expect(pairAt(group, 'I').dirtyTracks).toBe(8);
      gate.letGo = true;
      await group.resync('I', 'I', 'R');
      expect(await group.equalises()).toBe(true);
    }));
});

describe('a difference volume that is too small', () => {
  it('stops the pair by name; bits take over, hosts go on, and a resync brings R back', () =>
    formed(
      'overflow',
      async (group) => {
        for (let track = 0; track < 14; track += 1) await put(group, 0, track, 1);
        for (let track = 0; track < 14; track += 1) await put(group, 1, track, 1);
        await group.reaches('I', 'R', 'failure-suspend');
        expect(group.happened.map(({ kind }) => kind)).toContain('difference-volume-overflow');
        expect(pairAt(group, 'I').reason).toMatch(/difference volume/);
        expect(pairAt(group, 'R')).toMatchObject({ consistent: true });
        expect(group.pairOf('P', 'I')?.state).toBe('duplex');
        await group.resync('I', 'I', 'R');
        expect(await group.equalises()).toBe(true);
      },
      { journalBytes: 8 * TRACK + 64 * 1024, timing: { snapshotIntervalMs: 400 } },
    ));
});

describe('a reflection cut off by a kill', () => {
  it('is redone before anybody reads: R stands at the old number or at the new one', async () => {
    let cutInTheMiddle = 0;
    for (let ordinal = 1; ordinal < 90; ordinal += 1) {
      const group = groupOf('reflect');
      await group.run(async () => {
        await group.form();
        for (let track = 0; track < 8; track += 1) await put(group, track % 2, track, 1);
        const old = group.facts('P').lastNumber;
        await reachesR(group, old);
        await group.world.scheduler.sleep(150);
        const gate = hold(group, 'set-end');
        for (let track = 0; track < 8; track += 1) await put(group, track % 2, track, 2);
        const next = group.facts('P').lastNumber;
        await group.world.scheduler.until(() => gate.held > 0, 1000);
        const machine = group.world.machine('R');
        machine.killPlan = { ordinal: machine.calls + ordinal, moment: { when: ordinal % 2 ? 'before' : 'after' } };
        gate.letGo = true;
        group.blip('I', 'R');
        await group.world.scheduler.until(() => group.deaths.length > 0, 400);
        machine.killPlan = null;
        if (group.deaths.length === 0) return;
        const values = new Set(Array.from({ length: 8 }, (_, track) => byteOf(group, 'R', track % 2, track)));
        if (values.size > 1) cutInTheMiddle += 1;
        group.cut('I', 'R');
        group.start('R');
        await group.world.scheduler.until(() => group.running('R'), 1000);
        const facts = group.facts('R');
        expect(facts.consistent).toBe(true);
        for (let track = 0; track < 8; track += 1) {
          const first = next - 7 + track;
          expect([ordinal, track, byteOf(group, 'R', track % 2, track)]).toEqual([
            ordinal,
            track,
            facts.lastNumber >= first ? 2 : 1,
          ]);
        }
        group.heal('I', 'R');
        await group.mend();
        expect(await group.equalises()).toBe(true);
      });
    }
    expect(cutInTheMiddle).toBeGreaterThan(2);
  });
});
