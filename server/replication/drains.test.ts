/** Draining: a frozen number is reached within a bound of time, or what is missing becomes bits (1b rule 19). */
import { describe, expect, it } from 'vitest';
import { SimulatedStorage } from '../simulation/testing/storage-world.ts';

const DEADLINE_MS = 400;
const BLOCK = 4096;

/** Writes `count` blocks at P, each of another content, in tracks of their own. */
async function writeAt(group: SimulatedStorage, system: string, count: number, value: number): Promise<void> {
  const { trackBytes } = group.definition;
  for (let index = 0; index < count; index += 1) {
    const errno = await group.write(system, 0, index * trackBytes, new Uint8Array(BLOCK).fill(value + index));
    expect(errno).toBe(0);
  }
}

async function formed(seed: string, story: (group: SimulatedStorage) => Promise<void>): Promise<void> {
  const group = new SimulatedStorage(seed);
  await group.run(async () => {
    await group.form();
    await story(group);
  });
}

const drain = (group: SimulatedStorage, at: string, deadlineMs = DEADLINE_MS) =>
  group.instruct(at, { verb: 'drain', pair: 'I-R', token: group.token(), deadlineMs });

/** I–R as `system` sees it. */
function pairAt(group: SimulatedStorage, system: 'I' | 'R') {
  const facts = group.pairOf(system, system === 'I' ? 'R' : 'I');
  if (!facts) throw new Error(`${system} has no pair`);
  return facts;
}

describe('a drain', () => {
  it.each(['I', 'R'] as const)('instructed at %s ends in suspend at both ends, with everything there', (at) =>
    formed(`done-${at}`, async (group) => {
      group.world.network.setWay('I', 'R', { delayMs: 60 });
      await writeAt(group, 'P', 5, 1);
      const frozen = group.facts('I').lastNumber;
      await drain(group, at);
      await group.reaches('I', 'R', 'suspend');
      expect(group.facts('R').lastNumber).toBe(frozen);
      expect([pairAt(group, 'I').dirtyTracks, pairAt(group, 'R').dirtyTracks]).toEqual([0, 0]);
      expect(group.contents('R').equals(group.contents('I'))).toBe(true);
    }),
  );

  it('freezes its number: what is written after it only sets bits, and does not reach R', () =>
    formed('frozen', async (group) => {
      group.world.network.setWay('I', 'R', { delayMs: 100 });
      await writeAt(group, 'P', 2, 1);
      const frozen = group.facts('I').lastNumber;
      const draining = drain(group, 'I');
      await group.world.scheduler.until(() => pairAt(group, 'I').state === 'suspending', 100);
      await writeAt(group, 'P', 6, 50);
      await draining;
      await group.reaches('I', 'R', 'suspend');
      expect(group.facts('R').lastNumber).toBe(frozen);
      expect(pairAt(group, 'I').dirtyTracks).toBe(6);
      await group.resync('I', 'I', 'R');
      expect(await group.equalises()).toBe(true);
    }));

  it.each(['I', 'R'] as const)(
    'instructed at %s that does not get done in time fails at both ends, and what is missing is in the bits',
    (at) =>
      formed(`deadline-${at}`, async (group) => {
        const { scheduler } = group.world;
        // Updates get stuck on their way, all else passes.
        let isStuck = true;
        group.intercept('R', 'I', (_bytes, { type }) => (isStuck && type === 'entry' ? [] : null));
        await writeAt(group, 'P', 8, 1);
        const begunMs = scheduler.nowMs;
        await drain(group, at);
        expect([pairAt(group, 'I').state, pairAt(group, 'R').state]).toEqual(['suspending', 'suspending']);
        await group.reaches('I', 'R', 'failure-suspend');
        const tookMs = scheduler.nowMs - begunMs;
        expect(tookMs).toBeGreaterThanOrEqual(DEADLINE_MS);
        expect(tookMs).toBeLessThan(DEADLINE_MS + 100);
        expect([pairAt(group, 'I').reason, pairAt(group, 'R').reason].join()).toMatch('did not finish in time');
        // An honest end: R's image is whole, as of an older number, and I knows every track in which it differs.
        expect(group.facts('R').consistent).toBe(true);
        expect(group.facts('R').lastNumber).toBeLessThan(group.facts('I').lastNumber);
        const { trackBytes } = group.definition;
        const [mine, theirs] = [group.contents('I'), group.contents('R')];
        let differing = 0;
        for (let byte = 0; byte < mine.length; byte += trackBytes)
          if (!mine.subarray(byte, byte + trackBytes).equals(theirs.subarray(byte, byte + trackBytes))) differing += 1;
        expect(differing).toBeGreaterThan(0);
        expect(pairAt(group, 'I').dirtyTracks).toBeGreaterThanOrEqual(differing);
        isStuck = false;
        await group.resync('I', 'I', 'R');
        expect(await group.equalises()).toBe(true);
      }),
  );

  it('is given no more time by being instructed again', () =>
    formed('again', async (group) => {
      const { scheduler } = group.world;
      await writeAt(group, 'P', 1, 1);
      group.world.network.setWay('I', 'R', { cut: true });
      await writeAt(group, 'P', 2, 5);
      const begunMs = scheduler.nowMs;
      void drain(group, 'I');
      await scheduler.sleep(DEADLINE_MS / 2);
      const target = group.system('I').facts().lastNumber;
      void drain(group, 'I', 60_000);
      await scheduler.until(() => pairAt(group, 'I').state === 'failure-suspend', 5000);
      expect(scheduler.nowMs - begunMs).toBeLessThan(DEADLINE_MS + 50);
      expect(pairAt(group, 'I').dirtyTracks).toBe(2);
      expect(group.facts('I').lastNumber).toBe(target);
      group.world.network.setWay('I', 'R', { cut: false });
    }));

  it('asked of the destination while the source is out of reach fails there at once, and changes no number', () =>
    formed('source-away', async (group) => {
      await writeAt(group, 'P', 3, 1);
      await group.equalises();
      group.kill('I');
      await group.world.scheduler.sleep(50);
      const before = group.facts('R').lastNumber;
      await drain(group, 'R');
      expect(pairAt(group, 'R')).toMatchObject({ state: 'failure-suspend', consistent: true });
      expect(pairAt(group, 'R').reason).toMatch('the source cannot be drained');
      expect(group.facts('R').lastNumber).toBe(before);
      await drain(group, 'R');
      expect(pairAt(group, 'R').state).toBe('failure-suspend');
      await group.mend();
      expect(await group.equalises()).toBe(true);
    }));

  it('whose last word is lost with the line is known for done at the next contact', () =>
    formed('word-lost', async (group) => {
      const { scheduler } = group.world;
      await writeAt(group, 'P', 3, 1);
      // R drains and says so; the word does not arrive, for the way back is cut.
      group.intercept('I', 'R', (_bytes, { type }) => (type === 'drained' ? [] : null));
      await drain(group, 'I', 5000);
      await scheduler.until(() => pairAt(group, 'R').state === 'suspend', 2000);
      expect([pairAt(group, 'R').state, pairAt(group, 'I').state]).toEqual(['suspend', 'suspending']);
      group.blip('I', 'R');
      await group.reaches('I', 'R', 'suspend');
      expect(pairAt(group, 'I').dirtyTracks).toBe(0);
      expect(await group.equalises()).toBe(true);
    }));

  it('that is interrupted by the death of its source ends once that is back, in one way or the other', () =>
    formed('killed', async (group) => {
      const { scheduler } = group.world;
      group.world.network.setWay('I', 'R', { delayMs: 80 });
      await writeAt(group, 'P', 4, 1);
      void drain(group, 'I', 2000).catch((error: unknown) => expect(String(error)).toMatch('died'));
      await scheduler.sleep(10);
      expect(pairAt(group, 'I').state).toBe('suspending');
      group.kill('I');
      await scheduler.sleep(100);
      group.start('I');
      await scheduler.until(() => group.running('I'), 1000);
      await group.reaches('I', 'R', 'suspend', 'failure-suspend');
      await scheduler.sleep(3000);
      expect(pairAt(group, 'I').state).toBe(pairAt(group, 'R').state);
      await group.mend();
      expect(await group.equalises()).toBe(true);
    }));
});

describe('a copy', () => {
  it.each([
    ['P', 'I'],
    ['I', 'R'],
  ] as const)(
    '%s–%s whose last word is lost with the line has ended all the same, and is not made again',
    (source, destination) =>
      formed(`copied-${source}`, async (group) => {
        const { scheduler } = group.world;
        await group.split('I', 'I', 'R');
        if (source === 'P') await group.split('P', 'P', 'I');
        await writeAt(group, 'P', 6, 1);
        group.intercept(source, destination, (_bytes, { type }) => (type === 'whole' ? [] : null));
        await group.instruct(source, { verb: 'resync', pair: `${source}-${destination}`, token: group.token() });
        await scheduler.until(() => group.pairOf(destination, source)?.state === 'duplex', 1000);
        expect(group.pairOf(source, destination)?.state).toBe('duplex-pending');
        const before = group.pairOf(source, destination)?.transferredBytes;
        group.blip(source, destination);
        await group.reaches(source, destination, 'duplex');
        expect(group.pairOf(source, destination)?.transferredBytes).toBe(before);
        expect(group.transitions.filter(({ to }) => to === 'failure-suspend')).toEqual([]);
        await group.mend();
        expect(await group.equalises()).toBe(true);
      }),
  );
});
