import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { RealDisk } from '../ports/real-disk.ts';
import { FaultyDisk } from './faulty-disk.ts';

describe('a disk with faults', () => {
  let folder: string;
  let disk: FaultyDisk;
  const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'switchback-disk-'));
    disk = new FaultyDisk(new RealDisk(folder));
    disk.replace('record', bytes('old'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test.each([
    ['write-error', 'EIO'],
    ['disk-full', 'ENOSPC'],
  ] as const)('%s: every change fails with %s, reads go on, and healing ends it', async (kind, code) => {
    const file = disk.open('volume', 16);
    file.write(0, bytes('kept'));
    disk.setFault(kind);
    const failure = expect.objectContaining({ name: 'DiskError', code });
    expect(() => file.write(0, bytes('lost'))).toThrow(failure);
    expect(() => disk.replace('record', bytes('new'))).toThrow(failure);
    expect(() => disk.open('fresh', 16)).toThrow(failure);
    const into = new Uint8Array(4);
    file.read(0, into);
    expect(into).toEqual(bytes('kept'));
    expect(disk.readWhole('record')).toEqual(bytes('old'));
    expect(disk.list('')).toEqual(['record', 'volume']);
    disk.setFault(null);
    file.write(0, bytes('more'));
    await file.sync();
    file.read(0, into);
    expect(into).toEqual(bytes('more'));
    file.close();
  });

  test('a broken disk makes nothing durable and lets nothing go; a full one still does both', async () => {
    const file = disk.open('volume', 16);
    disk.setFault('write-error');
    await expect(file.sync()).rejects.toMatchObject({ code: 'EIO' });
    expect(() => disk.remove('record')).toThrow(expect.objectContaining({ code: 'EIO' }));
    disk.setFault('disk-full');
    await file.sync();
    disk.remove('record');
    expect(disk.exists('record')).toBe(false);
    file.close();
  });
});
