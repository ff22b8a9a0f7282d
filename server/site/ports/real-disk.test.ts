import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DiskError } from '../../domain/ports.ts';
import { RealDisk } from './real-disk.ts';

let folder: string;
let disk: RealDisk;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'switchback-disk-'));
  disk = new RealDisk(path.join(folder, 'system-p'));
});

afterEach(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

const bytes = (...values: number[]) => Uint8Array.from(values);

/** The code of the DiskError that `action` throws. */
function failure(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof DiskError) return error.code;
    throw error;
  }
  return 'none';
}

describe('the real disk', () => {
  it('keeps its folder to its owner', () => {
    expect(fs.statSync(path.join(folder, 'system-p')).mode & 0o777).toBe(0o700);
  });

  it('creates a file zero-filled at the size asked for, and leaves an existing one alone', () => {
    const file = disk.open('volume-0', 8192);
    expect(file.sizeBytes).toBe(8192);
    const read = new Uint8Array(8192).fill(1);
    file.read(0, read);
    expect(read.every((byte) => byte === 0)).toBe(true);
    file.write(0, bytes(1, 2, 3));
    file.close();
    const again = disk.open('volume-0', 100);
    expect(again.sizeBytes).toBe(8192);
    const start = new Uint8Array(3);
    again.read(0, start);
    expect(start).toEqual(bytes(1, 2, 3));
    again.close();
  });

  it('shows what was written to whoever opens the file next, before any sync', () => {
    const file = disk.open('journal/000001', 16);
    file.write(4, bytes(9, 8, 7));
    expect(disk.readWhole('journal/000001')).toEqual(bytes(0, 0, 0, 0, 9, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0));
    file.close();
  });

  it('lets a file grow at its end and nowhere beyond', () => {
    const file = disk.open('log', 4);
    file.write(4, bytes(1, 2));
    expect(file.sizeBytes).toBe(6);
    expect(failure(() => file.write(7, bytes(1)))).toBe('EBADF');
    expect(failure(() => file.write(-1, bytes(1)))).toBe('EBADF');
    expect(file.sizeBytes).toBe(6);
    file.close();
  });

  it('refuses to read past the end, and notices a file that was cut short', () => {
    const file = disk.open('volume', 10);
    expect(failure(() => file.read(8, new Uint8Array(3)))).toBe('EBADF');
    fs.truncateSync(path.join(folder, 'system-p', 'volume'), 5);
    expect(failure(() => file.read(0, new Uint8Array(10)))).toBe('EIO');
    file.close();
  });

  it('replaces a record as a whole and leaves nothing else behind', () => {
    disk.replace('pairs/P-I', bytes(1, 2, 3));
    disk.replace('pairs/P-I', bytes(4));
    expect(disk.readWhole('pairs/P-I')).toEqual(bytes(4));
    expect(fs.readdirSync(path.join(folder, 'system-p', 'pairs'))).toEqual(['P-I']);
  });

  it('ignores what a process that died in the middle of a replacement left behind', () => {
    disk.replace('pairs/P-I', bytes(1));
    fs.writeFileSync(path.join(folder, 'system-p', 'pairs', 'P-I~'), 'half');
    expect(disk.list('pairs')).toEqual(['P-I']);
    expect(disk.readWhole('pairs/P-I')).toEqual(bytes(1));
    disk.replace('pairs/P-I', bytes(2));
    expect(disk.readWhole('pairs/P-I')).toEqual(bytes(2));
  });

  it('lists names in order, and an absent folder as empty', () => {
    for (const name of ['journal/000010', 'journal/000002', 'journal/000001']) disk.open(name, 1).close();
    expect(disk.list('journal')).toEqual(['000001', '000002', '000010']);
    expect(disk.list('')).toEqual(['journal']);
    expect(disk.list('nowhere')).toEqual([]);
  });

  it('removes files, absent ones too, and says what exists', () => {
    disk.open('gold', 1).close();
    expect(disk.exists('gold')).toBe(true);
    disk.remove('gold');
    disk.remove('gold');
    expect(disk.exists('gold')).toBe(false);
    expect(disk.readWhole('gold')).toBeNull();
    expect(failure(() => disk.open('gold'))).toBe('ENOENT');
  });

  it.each(['../outside', '/etc/passwd', 'a//b', 'a/../b', '.hidden', 'unfinished~', '', 'nul\0'])(
    'refuses the name %j',
    (name) => {
      expect(failure(() => disk.open(name, 1))).toBe('EBADF');
      expect(failure(() => disk.replace(name, bytes(1)))).toBe('EBADF');
      expect(failure(() => disk.remove(name))).toBe('EBADF');
    },
  );

  it('takes the name of a pair, which joins two systems by a tilde', () => {
    disk.open('bitmap-I~P', 1).close();
    expect(disk.list('')).toEqual(['bitmap-I~P']);
  });

  it('syncs as often as it is asked at once, and closes only then', async () => {
    const file = disk.open('volume', 4096);
    const syncs: Promise<void>[] = [];
    for (let index = 0; index < 20; index++) {
      file.write(index, bytes(index));
      syncs.push(file.sync());
    }
    file.close();
    file.close();
    await expect(Promise.all(syncs)).resolves.toHaveLength(20);
    await expect(file.sync()).rejects.toMatchObject({ code: 'EBADF' });
    expect(failure(() => file.write(0, bytes(1)))).toBe('EBADF');
    expect(failure(() => file.read(0, new Uint8Array(1)))).toBe('EBADF');
  });

  it('syncs for several callers that each go on as soon as they are answered', async () => {
    const file = disk.open('volume', 4096);
    const openBefore = fs.readdirSync('/dev/fd').length;
    const caller = async (index: number) => {
      for (let round = 0; round < 20; round++) {
        file.write(index, bytes(round));
        await file.sync();
      }
    };
    await Promise.all([0, 1, 2, 3].map(caller));
    file.close();
    expect(fs.readdirSync('/dev/fd').length).toBe(openBefore - 1);
    expect(disk.readWhole('volume')?.subarray(0, 4)).toEqual(bytes(19, 19, 19, 19));
  });

  it('identifies the boot, alike for every process', () => {
    expect(disk.bootId).toMatch(/\S/);
    expect(new RealDisk(folder).bootId).toBe(disk.bootId);
  });

  it.runIf(fs.existsSync('/dev/full'))('says ENOSPC where the disk is full', () => {
    fs.symlinkSync('/dev/full', path.join(folder, 'system-p', 'full'));
    const file = disk.open('full');
    expect(failure(() => file.write(0, bytes(1)))).toBe('ENOSPC');
    file.close();
  });

  it.runIf(fs.existsSync('/dev/full'))('never reports a sync as done after one has failed', async () => {
    // A device file cannot be synced, which is the nearest a test comes to a disk that fails.
    fs.symlinkSync('/dev/full', path.join(folder, 'system-p', 'unsyncable'));
    const file = disk.open('unsyncable');
    const failed = [file.sync(), file.sync(), file.sync()];
    for (const sync of failed) await expect(sync).rejects.toBeInstanceOf(DiskError);
    await expect(file.sync()).rejects.toBeInstanceOf(DiskError);
    file.close();
    file.close();
  });

  it.runIf(process.platform === 'linux')('finishes or reports a write of which the kernel takes only a part', () => {
    const file = disk.open('volume', 4096);
    const limit = (size: string) => execFileSync('prlimit', [`--pid=${process.pid}`, `--fsize=${size}:`]);
    // A limit on the file's size makes the kernel take the part of a write below it and refuse the rest.
    limit('6000');
    try {
      expect(failure(() => file.write(4096, new Uint8Array(4096).fill(7)))).toBe('ENOSPC');
    } finally {
      limit('unlimited');
    }
    expect(fs.statSync(path.join(folder, 'system-p', 'volume')).size).toBe(6000);
    expect(file.sizeBytes).toBe(4096);
    file.write(4096, new Uint8Array(4096).fill(8));
    const back = new Uint8Array(4096);
    file.read(4096, back);
    expect(back.every((byte) => byte === 8)).toBe(true);
    file.close();
  });
});
