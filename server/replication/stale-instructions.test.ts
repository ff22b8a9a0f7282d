/** Repeated, delayed and outdated instructions: what names a state that holds is harmless, what is old is refused (1b rules 4, 8, 13). */
import { describe, expect, it } from 'vitest';
import type { DriverToken } from '../domain/generation.ts';
import type { PairDefinition, StorageInstruction } from '../domain/storage-controller.ts';
import { outcomeOf } from '../simulation/testing/refusals.ts';
import { SimulatedStorage } from '../simulation/testing/storage-world.ts';

const SYSTEMS = ['P', 'I', 'R'];
const NEAR: PairDefinition = { source: 'P', destination: 'I', kind: 'sync', transport: 'journal', fence: 'status' };
const FAR: PairDefinition = { source: 'I', destination: 'R', kind: 'async', transport: 'journal', fence: 'status' };

async function formed(seed: string, story: (group: SimulatedStorage) => Promise<void>): Promise<void> {
  const group = new SimulatedStorage(seed);
  await group.run(async () => {
    await group.form();
    await story(group);
  });
}

/** Everything an instruction could change, at all systems. */
function everything(group: SimulatedStorage): string {
  return SYSTEMS.map((name) => {
    const { generation, hostWrites, lastNumber, lineage, consistent, pairs } = group.facts(name);
    const ends = pairs.map(({ name: pair, end, state, version, dirtyTracks, gold }) => ({
      pair,
      end,
      state,
      version,
      dirtyTracks,
      gold,
    }));
    return JSON.stringify({ name, generation, hostWrites, lastNumber, lineage, consistent, ends });
  }).join('\n');
}

/** Instructions by name: where they are given, what must be so before, and what they say. */
const GIVEN: [
  string,
  string,
  (group: SimulatedStorage) => Promise<void>,
  (token: DriverToken) => StorageInstruction,
][] = [
  ['create', 'P', async () => undefined, (token) => ({ verb: 'create', pair: NEAR, token, knownEqual: false })],
  [
    'create known equal',
    'I',
    (group) => deleted(group),
    (token) => ({ verb: 'create', pair: FAR, token, knownEqual: true }),
  ],
  ['split of the sync pair', 'P', async () => undefined, (token) => ({ verb: 'split', pair: 'P-I', token })],
  ['split at the destination', 'I', async () => undefined, (token) => ({ verb: 'split', pair: 'P-I', token })],
  ['split of the async pair', 'I', async () => undefined, (token) => ({ verb: 'split', pair: 'I-R', token })],
  ['drain', 'R', async () => undefined, (token) => ({ verb: 'drain', pair: 'I-R', token, deadlineMs: 1000 })],
  ['resync', 'I', (group) => group.split('I', 'I', 'R'), (token) => ({ verb: 'resync', pair: 'I-R', token })],
  ['reverse', 'R', (group) => group.split('I', 'I', 'R'), (token) => ({ verb: 'reverse', pair: 'R-I', token })],
  ['delete', 'R', (group) => group.split('I', 'I', 'R'), (token) => ({ verb: 'delete', pair: 'I-R', token })],
  ['rollback', 'R', (group) => group.split('I', 'I', 'R'), (token) => ({ verb: 'rollback', pair: 'I-R', token })],
];

async function deleted(group: SimulatedStorage): Promise<void> {
  await group.split('I', 'I', 'R');
  await group.instruct('I', { verb: 'delete', pair: 'I-R', token: group.token() });
}

describe.each(GIVEN)('%s', (_what, at, prepare, make) => {
  it('given twice under one token, and again under a newer one, changes nothing the second time', () =>
    formed(`twice ${_what}`, async (group) => {
      const { scheduler } = group.world;
      await prepare(group);
      const token = group.token();
      await group.instruct(at, make(token));
      await scheduler.sleep(600);
      const after = everything(group);
      await group.instruct(at, make(token));
      await scheduler.sleep(600);
      expect(everything(group)).toBe(after);
      await group.instruct(at, make(group.token()));
      await scheduler.sleep(600);
      expect(everything(group)).toBe(after);
    }));

  it('of a driver that was replaced is refused, and changes nothing', () =>
    formed(`replaced ${_what}`, async (group) => {
      const { scheduler } = group.world;
      await prepare(group);
      const old = group.token();
      // Its successor has already spoken here, be it only by a harmless word.
      const newer = group.token();
      await group.instruct(at, { verb: 'split', pair: 'X-Y', token: newer }).catch(() => undefined);
      await scheduler.sleep(100);
      const untouched = everything(group);
      expect(await outcomeOf(group.instruct(at, make(old)))).toBe('stale-driver');
      expect(await outcomeOf(group.instruct(at, make({ ...newer, step: newer.step - 1 })))).toBe('stale-driver');
      await scheduler.sleep(300);
      expect(everything(group)).toBe(untouched);
    }));

  it('of a generation that was replaced is refused, and changes nothing', () =>
    formed(`generation ${_what}`, async (group) => {
      const { scheduler } = group.world;
      await prepare(group);
      const old = group.token();
      await group.fence('takeover', SYSTEMS);
      await scheduler.sleep(300);
      const untouched = everything(group);
      expect(await outcomeOf(group.instruct(at, make({ ...group.token(), generation: old.generation })))).toBe(
        'stale-generation',
      );
      await scheduler.sleep(300);
      expect(everything(group)).toBe(untouched);
    }));
});

describe('an instruction of a driver that was replaced', () => {
  it('is refused by the other end too, where only that has heard of the new one', () =>
    formed('other-end', async (group) => {
      await group.split('I', 'I', 'R');
      const old = group.token();
      await group.instruct('R', { verb: 'split', pair: 'I-R', token: group.token() });
      const untouched = everything(group);
      expect(await outcomeOf(group.instruct('I', { verb: 'resync', pair: 'I-R', token: old }))).toBe('stale-driver');
      expect(everything(group)).toBe(untouched);
    }));

  it('is refused after a restart as well', () =>
    formed('restart', async (group) => {
      const old = group.token();
      await group.split('I', 'I', 'R');
      group.kill('I');
      group.start('I');
      await group.world.scheduler.until(() => group.running('I'), 1000);
      expect(await outcomeOf(group.instruct('I', { verb: 'resync', pair: 'I-R', token: old }))).toBe('stale-driver');
    }));
});

describe('an instruction for a pair as it was', () => {
  it.each(['split', 'drain', 'resync', 'reverse'] as const)('%s: is refused once the pair has changed since', (verb) =>
    formed(`version ${verb}`, async (group) => {
      const seen = group.pairOf('I', 'R')?.version ?? 0;
      await group.split('I', 'I', 'R');
      await group.resync('I', 'I', 'R');
      if (verb === 'resync' || verb === 'reverse') await group.split('I', 'I', 'R');
      const pair = verb === 'reverse' ? 'R-I' : 'I-R';
      const untouched = everything(group);
      const token = group.token();
      const instruction = { verb, pair, token, expectedVersion: seen, deadlineMs: 500 };
      expect(await outcomeOf(group.instruct('I', instruction))).toBe('version-changed');
      expect(everything(group)).toBe(untouched);
      const now = group.pairOf('I', 'R')?.version ?? 0;
      expect(await outcomeOf(group.instruct('I', { ...instruction, token: group.token(), expectedVersion: now }))).toBe(
        'done',
      );
    }),
  );

  it('split of a sync pair: likewise', () =>
    formed('version-sync', async (group) => {
      const expectedVersion = group.pairOf('P', 'I')?.version ?? 0;
      await group.split('I', 'I', 'R');
      await group.split('P', 'P', 'I');
      await group.resync('P', 'P', 'I');
      const split = { verb: 'split' as const, pair: 'P-I', token: group.token(), expectedVersion };
      expect(await outcomeOf(group.instruct('P', split))).toBe('version-changed');
      expect(group.pairOf('P', 'I')?.state).toBe('duplex');
    }));
});

describe('two histories', () => {
  /** P went on alone, unheard, while R took over and I was turned to it; then P is back. */
  async function forked(seed: string, story: (group: SimulatedStorage) => Promise<void>): Promise<void> {
    const group = new SimulatedStorage(seed, { fence: 'never' });
    await group.run(async () => {
      await group.form();
      const block = (value: number) => new Uint8Array(512).fill(value);
      expect(await group.write('P', 0, 0, block(1))).toBe(0);
      await group.equalises();
      for (const other of ['I', 'witness']) group.cut('P', other);
      for (const track of [1, 2, 3])
        expect(await group.write('P', 0, track * group.definition.trackBytes, block(100 + track))).toBe(0);
      await group.world.scheduler.sleep(1500);
      await group.fence('failover', ['R', 'I']);
      await group.drain('R', 'I', 'R');
      await group.promote('R');
      for (const track of [3, 4, 5])
        expect(await group.write('R', 0, track * group.definition.trackBytes, block(200 + track))).toBe(0);
      await group.reverse('R', 'R', 'I');
      await group.resync('R', 'R', 'I');
      for (const other of ['I', 'witness']) group.heal('P', other);
      await group.world.scheduler.sleep(2500);
      await story(group);
    });
  }

  it('of the same numbers are told apart: the replaced one writes no more, and nothing goes on from it', () =>
    forked('told-apart', async (group) => {
      // Equal numbers, other contents: the lineage decides.
      expect(group.facts('P').lastNumber).toBeGreaterThanOrEqual(group.facts('R').lastNumber);
      expect(group.facts('P').lineage).not.toEqual(group.facts('R').lineage);
      expect(group.facts('P').hostWrites.accepted).toBe(false);
      await group.drain('R', 'R', 'I');
      await group.instruct('I', { verb: 'delete', pair: 'P-I', token: group.token() });
      const equal = { ...NEAR, source: 'I', destination: 'P' };
      const create = { verb: 'create' as const, pair: equal, token: group.token(), knownEqual: true };
      expect(await outcomeOf(group.instruct('I', create))).toBe('not-equal');
      expect([group.pairOf('I', 'P'), group.pairOf('P', 'I')]).toEqual([null, null]);
    }));

  it('become one by the copy of the differences of both: what P wrote alone is gone, what R wrote is there', () =>
    forked('one', async (group) => {
      await group.drain('R', 'R', 'I');
      await group.reverse('I', 'I', 'P');
      const dirty = group.pairOf('P', 'I')?.dirtyTracks ?? 0;
      expect(dirty).toBeGreaterThanOrEqual(3);
      expect(dirty).toBeLessThan(10);
      await group.resync('I', 'I', 'P');
      expect(group.contents('P').equals(group.contents('R'))).toBe(true);
      expect(group.facts('P').lineage).toEqual(group.facts('R').lineage);
    }));
});
