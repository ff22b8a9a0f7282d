/**
 * Seeded defects of the pair stream that lie behind another guard, so that no schedule alone brings them to light: what
 * they would let in is put before them, frame by frame or on disk.
 */
import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { SystemRecord } from '../replication/system-record.ts';
import { SimulatedStorage } from './testing/storage-world.ts';

const fill = (group: SimulatedStorage, value: number, track = 0): Promise<number> =>
  group.write('P', 0, track * group.definition.trackBytes, new Uint8Array(4096).fill(value));

/** In duplex, both ends hold the same once nothing is under way. */
function isSound(group: SimulatedStorage): boolean {
  const isDuplex = group.pairOf('P', 'I')?.state === 'duplex' && group.pairOf('I', 'P')?.state === 'duplex';
  return !isDuplex || group.contents('P').equals(group.contents('I'));
}

/** Frames of a session that has ended come once more, in the middle of the next one. */
async function oldFrames(group: SimulatedStorage): Promise<void> {
  const old: Uint8Array[] = [];
  let isFirst = true;
  group.intercept('I', 'P', (bytes) => {
    if (isFirst) old.push(new Uint8Array(bytes));
    return null;
  });
  for (let track = 0; track < 4; track += 1) expect(await fill(group, 1, track)).toBe(0);
  group.blip('P', 'I');
  await group.world.scheduler.sleep(100);
  isFirst = false;
  for (let track = 0; track < 4; track += 1) expect(await fill(group, 2, track)).toBe(0);
  const receive = group.nodes.get('I')?.link('P').onFrame;
  for (const bytes of old) group.as('I', () => receive?.(bytes));
  await group.world.scheduler.sleep(100);
}

/** One update is left out, and those that follow take its place in the order of frames. */
async function missingEntry(group: SimulatedStorage): Promise<void> {
  let leftOut = 0;
  group.intercept('I', 'P', (bytes, { type, sequence }) => {
    if (type !== 'entry') return null;
    if (leftOut === 0) {
      leftOut = sequence;
      return [];
    }
    const moved = Buffer.from(bytes);
    moved.writeDoubleLE(sequence - 1, 8);
    return [moved];
  });
  const written = [1, 2, 3].map(async (value) => {
    await group.world.scheduler.sleep(value * 10);
    return fill(group, value, value);
  });
  await Promise.all(written);
  await group.world.scheduler.sleep(1000);
}

/** The folder of the destination is another one's: as many updates, but of a history that parted from this one. */
async function foreignFolder(group: SimulatedStorage): Promise<void> {
  for (let track = 0; track < 4; track += 1) expect(await fill(group, 1, track)).toBe(0);
  const { lastNumber } = group.facts('I');
  group.kill('I');
  // A life in which nothing runs, to write on its disk.
  const { disk } = group.machine('I').start();
  const whole: { record: string } = JSON.parse(Buffer.from(disk.readWhole('system.json') ?? []).toString());
  const record: SystemRecord = JSON.parse(whole.record);
  record.lineage.push({ generation: 7, first: lastNumber - 1 });
  const changed = JSON.stringify(record);
  disk.replace('system.json', Buffer.from(JSON.stringify({ checksum: crc32(changed), record: changed })));
  disk.open('volume-0').write(8 * group.definition.trackBytes, new Uint8Array(4096).fill(99));
  group.kill('I');
  group.start('I');
  await group.world.scheduler.sleep(1000);
}

const CASES = [
  ['old-session-accepted', oldFrames],
  ['answer-over-gap', missingEntry],
  ['lineage-ignored', foreignFolder],
] as const;

describe.each(CASES)('%s', (mutant, story) => {
  it.each([
    ['passes without the defect', []],
    ['is caught', [mutant]],
  ] as const)('%s', async (_name, mutants) => {
    const group = new SimulatedStorage(mutant, { mutants });
    await group.run(async () => {
      await group.begin();
      await group.create('P', 'I', 'sync');
      await group.reaches('P', 'I', 'duplex');
      await story(group);
      expect(isSound(group)).toBe(mutants.length === 0);
    });
  });
});
