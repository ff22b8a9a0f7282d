/** Frames of one session put back into order, and pair streams over paths that overtake, repeat and damage (1b rule 13). */
import { describe, expect, it } from 'vitest';
import { Random } from '../simulation/random.ts';
import { SimulatedStorage } from '../simulation/testing/storage-world.ts';
import { StreamOrder } from './stream-order.ts';
import { HostLoad } from './testing/host-load.ts';

const MIB = 1024 * 1024;

/** Takes frames as a destination does; what was taken, in the order it was taken. */
function take(order: StreamOrder, sequence: number, bytes: Uint8Array, taken: string[]): string {
  const placement = order.place(sequence, bytes);
  if (placement !== 'due') return placement;
  for (let due: Uint8Array | null = bytes; due; due = order.due()) {
    taken.push(Buffer.from(due).toString());
    order.advance();
  }
  return placement;
}

describe('the order of a stream', () => {
  it('is found again from any order of arrival, with repetitions, though the frames are only lent', () => {
    for (let seed = 0; seed < 200; seed += 1) {
      const random = new Random(`order-${seed}`);
      const count = random.between(1, 40);
      const arrivals = Array.from({ length: count }, (_, index) => index + 1);
      for (let extra = random.below(10); extra > 0; extra -= 1) arrivals.push(1 + random.below(count));
      for (let at = arrivals.length - 1; at > 0; at -= 1) {
        const other = random.below(at + 1);
        [arrivals[at], arrivals[other]] = [arrivals[other] ?? 0, arrivals[at] ?? 0];
      }
      const order = new StreamOrder();
      const taken: string[] = [];
      for (const sequence of arrivals) {
        const lent = Buffer.from(`frame ${sequence}`);
        take(order, sequence, lent, taken);
        lent.fill(0);
      }
      expect(taken, `seed ${seed}`).toEqual(Array.from({ length: count }, (_, index) => `frame ${index + 1}`));
      expect(order.taken).toBe(count);
    }
  });

  it('takes nothing twice, and begins anew with each session', () => {
    const order = new StreamOrder();
    const taken: string[] = [];
    take(order, 1, Buffer.from('a'), taken);
    take(order, 3, Buffer.from('c'), taken);
    expect(take(order, 1, Buffer.from('again'), taken)).toBe('past');
    order.begin();
    expect(take(order, 2, Buffer.from('B'), taken)).toBe('held');
    take(order, 1, Buffer.from('A'), taken);
    expect(take(order, 3, Buffer.from('C'), taken)).toBe('due');
    expect(taken).toEqual(['a', 'A', 'B', 'C']);
  });

  it('keeps a bounded amount of what came early, and has room again when that was taken', () => {
    const order = new StreamOrder();
    const piece = new Uint8Array(MIB);
    for (let sequence = 2; sequence <= 65; sequence += 1) expect(order.place(sequence, piece)).toBe('held');
    expect(order.place(66, piece)).toBe('overflow');
    // Those that are kept already cost nothing more.
    expect(order.place(65, piece)).toBe('held');
    take(order, 1, piece, []);
    expect(order.taken).toBe(65);
    expect(order.place(67, piece)).toBe('held');
  });
});

/** A group in duplex/duplex with frames P → I and I → R that overtake each other by up to `jitterMs`. */
async function jittery(seed: string, jitterMs: number, story: (group: SimulatedStorage) => Promise<void>) {
  const group = new SimulatedStorage(seed);
  for (const [from, to] of [
    ['P', 'I'],
    ['I', 'R'],
  ] as const)
    group.world.network.setWay(from, to, { jitterMs });
  await group.run(async () => {
    await group.form();
    await story(group);
  });
  return group;
}

/** Sequences of the ordered frames that reach `at`, in the order they come. */
function sequencesAt(group: SimulatedStorage, at: string, from: string): number[] {
  const sequences: number[] = [];
  group.intercept(at, from, (_bytes, { type, sequence }) => {
    if (type === 'entry') sequences.push(sequence);
    return null;
  });
  return sequences;
}

const inversions = (values: readonly number[]): number =>
  values.filter((value, index) => index > 0 && value < (values[index - 1] ?? 0)).length;

describe('a pair whose paths overtake each other', () => {
  it.each(['a', 'b'])('stores every update once and in order at both destinations (seed %s)', async (seed) => {
    const group = await jittery(`overtake-${seed}`, 6, async (storage) => {
      const heard = { I: sequencesAt(storage, 'I', 'P'), R: sequencesAt(storage, 'R', 'I') };
      const load = new HostLoad(storage, 11);
      load.start('P', 12, 1);
      await storage.world.scheduler.sleep(400);
      await load.stop();
      expect(await storage.equalises()).toBe(true);
      // Or nothing was tried.
      expect(inversions(heard.I)).toBeGreaterThan(10);
      expect(inversions(heard.R)).toBeGreaterThan(10);
      expect(load.completed.length).toBeGreaterThan(100);
      for (const name of ['I', 'R'] as const) {
        const reply = await storage.instruct(name, { verb: 'query-journal', after: 0, limit: 10_000 });
        if (reply.verb !== 'journal') throw new Error('no journal');
        const numbers = reply.entries.map(({ number }) => number);
        const first = numbers[0] ?? 0;
        expect(numbers).toEqual(numbers.map((_, index) => first + index));
      }
    });
    expect(group.transitions.filter(({ to }) => to.includes('suspend'))).toEqual([]);
  });

  it('stores nothing above a frame that is late, and answers nothing above it', async () => {
    await jittery('late', 0, async (group) => {
      const { scheduler } = group.world;
      let held: Uint8Array | null = null;
      let release: ((frame: Uint8Array) => void) | null = null;
      group.intercept('I', 'P', (bytes, { type }) => {
        if (type !== 'entry' || held) return null;
        held = new Uint8Array(bytes);
        return [];
      });
      release = group.nodes.get('I')?.link('P').onFrame ?? null;
      const before = group.facts('I').lastNumber;
      const errnos: number[] = [];
      for (let block = 0; block < 4; block += 1)
        void group
          .write('P', 0, block * 4096, new Uint8Array(4096).fill(block + 1))
          .then((errno) => errnos.push(errno));
      await scheduler.sleep(100);
      expect(group.facts('P').lastNumber).toBe(before + 4);
      expect([group.facts('I').lastNumber, errnos]).toEqual([before, []]);
      const late = held;
      if (!late) throw new Error('no frame came');
      group.as('I', () => release?.(late));
      await scheduler.sleep(50);
      expect([group.facts('I').lastNumber, errnos]).toEqual([before + 4, [0, 0, 0, 0]]);
      expect(await group.equalises()).toBe(true);
    });
  });

  it('is not disturbed by frames that come twice, at once or long after', async () => {
    await jittery('twice', 2, async (group) => {
      const kept: Uint8Array[] = [];
      group.intercept('I', 'P', (bytes, { type }) => {
        if (type !== 'entry') return null;
        const frame = new Uint8Array(bytes);
        kept.push(frame);
        const old = kept.length > 20 ? kept[kept.length - 20] : undefined;
        return [frame, frame, ...(old ? [old] : [])];
      });
      const load = new HostLoad(group, 3);
      load.start('P', 6, 1);
      await group.world.scheduler.sleep(300);
      await load.stop();
      expect(kept.length).toBeGreaterThan(60);
      expect(group.pairOf('P', 'I')?.state).toBe('duplex');
      expect(await group.equalises()).toBe(true);
    });
  });

  it('drops what is left of an older session, however late it comes', async () => {
    const group = new SimulatedStorage('old-session');
    await group.run(async () => {
      const { scheduler } = group.world;
      await group.begin();
      const old: { bytes: Uint8Array; type: string }[] = [];
      let isFirst = true;
      group.intercept('I', 'P', (bytes, { type }) => {
        if (isFirst) old.push({ bytes: new Uint8Array(bytes), type });
        return null;
      });
      const fill = (value: number, track = 0) =>
        group.write('P', 0, track * group.definition.trackBytes, new Uint8Array(4096).fill(value));
      await group.create('P', 'I', 'sync');
      await group.reaches('P', 'I', 'duplex');
      for (let track = 0; track < 8; track += 1) expect(await fill(1, track)).toBe(0);
      group.blip('P', 'I');
      await scheduler.sleep(100);
      isFirst = false;
      expect(new Set(old.map(({ type }) => type))).toContain('copy');
      for (let track = 0; track < 8; track += 1) expect(await fill(2, track)).toBe(0);
      // Each of the old frames has, in the new session, a place that is taken, due, or still to come.
      const receive = group.nodes.get('I')?.link('P').onFrame;
      for (const { bytes } of old) group.as('I', () => receive?.(bytes));
      await scheduler.sleep(100);
      for (let value = 3; value < 60; value += 1) expect(await fill(value, value % 8)).toBe(0);
      expect(group.contents('I').equals(group.contents('P'))).toBe(true);
      expect(group.transitions.filter(({ to }) => to.includes('suspend'))).toEqual([]);
    });
  });

  it.each(['I', 'R'] as const)(
    'is suspended where a frame reaches %s damaged, and nothing of it is stored',
    async (at) => {
      const from = at === 'I' ? 'P' : 'I';
      await jittery(`damaged-${at}`, 0, async (group) => {
        let damaged = 0;
        group.intercept(at, from, (bytes, { type }) => {
          if (type !== 'entry' || damaged > 0) return null;
          damaged += 1;
          const bad = new Uint8Array(bytes);
          bad[bad.length - 1] = (bad[bad.length - 1] ?? 0) ^ 1;
          return [bad];
        });
        const before = group.contents(at);
        expect(await group.write('P', 0, 8192, new Uint8Array(4096).fill(5))).toBe(0);
        await group.reaches(from, at, 'failure-suspend');
        expect(damaged).toBe(1);
        expect(group.contents(at).equals(before)).toBe(true);
        expect(group.facts(at).consistent).toBe(true);
        await group.mend();
        expect(await group.equalises()).toBe(true);
      });
    },
  );
});
