import { expect, it } from 'vitest';
import { SlotFile } from './slot-file.ts';
import { MemoryDisk } from './test-support/memory-disk.ts';

it('holds nothing at first, and what was written last after a restart', () => {
  const disk = new MemoryDisk();
  const file = new SlotFile(disk, 'slots', 2);
  expect(file.read()).toBeNull();
  file.write([1, 10]);
  file.write([2, 20]);
  expect(new SlotFile(disk, 'slots', 2).read()).toEqual([2, 20]);
});

it('falls back to the write before where the last one was torn or damaged', () => {
  const disk = new MemoryDisk();
  const file = new SlotFile(disk, 'slots', 2);
  file.write([1, 10]);
  file.write([2, 20]);
  const bytes = disk.files.get('slots');
  if (bytes) bytes[17] = (bytes[17] ?? 0) ^ 1; // The second write went to the first slot.
  const reopened = new SlotFile(disk, 'slots', 2);
  expect(reopened.read()).toEqual([1, 10]);
  reopened.write([3, 30]);
  expect(new SlotFile(disk, 'slots', 2).read()).toEqual([3, 30]);
});

it('keeps what it had where a write fails', () => {
  const disk = new MemoryDisk();
  const file = new SlotFile(disk, 'slots', 1);
  file.write([1]);
  disk.broken = true;
  expect(() => file.write([2])).toThrow('EIO');
  disk.broken = false;
  expect([file.read(), new SlotFile(disk, 'slots', 1).read()]).toEqual([[1], [1]]);
});

it('opens a file that a kill left short', () => {
  const disk = new MemoryDisk();
  disk.files.set('slots', new Uint8Array(100));
  const file = new SlotFile(disk, 'slots', 1);
  file.write([5]);
  expect(new SlotFile(disk, 'slots', 1).read()).toEqual([5]);
});
