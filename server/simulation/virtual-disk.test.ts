import { describe, expect, test } from 'vitest';
import type { Disk } from '../domain/ports.ts';
import { PAGE_BYTES } from './virtual-disk.ts';
import { Killed, type VirtualProcess } from './virtual-process.ts';
import { World } from './world.ts';

function machine(seed = 'disk'): { world: World; process: VirtualProcess } {
  const world = new World(seed, {
    losesPower: true,
    onKilled: () => undefined,
    onCrash: () => undefined,
    onLog: () => undefined,
  });
  return { world, process: world.addMachine('P', 1) };
}

/** Drives the world until `story` is done. */
function run<T>(world: World, story: () => Promise<T>): Promise<T> {
  return world.scheduler.drive(story, 10_000);
}

const ones = (bytes: number): Uint8Array => new Uint8Array(bytes).fill(1);

describe('the page cache survives SIGKILL', () => {
  test('what a write returned from is there for the next incarnation', () => {
    const { process } = machine();
    process
      .start()
      .disk.open('volume', 4 * PAGE_BYTES)
      .write(10, ones(5));
    process.kill('test');
    const content = process.start().disk.readWhole('volume');
    expect(content?.subarray(9, 16)).toEqual(Uint8Array.of(0, 1, 1, 1, 1, 1, 0));
  });

  test('a kill at a call tears the write at a page boundary, or falls before or after it', () => {
    for (const [moment, expected] of [
      [{ when: 'before' }, 0],
      [{ when: 'torn', pages: 1 }, PAGE_BYTES - 100],
      [{ when: 'torn', pages: 2 }, 2 * PAGE_BYTES - 100],
      [{ when: 'after' }, 3 * PAGE_BYTES],
    ] as const) {
      const { process } = machine();
      const file = process.start().disk.open('volume', 4 * PAGE_BYTES);
      process.killPlan = { ordinal: process.calls + 1, moment };
      expect(() => file.write(100, ones(3 * PAGE_BYTES))).toThrow(Killed);
      expect(process.alive).toBe(false);
      const content = process.start().disk.readWhole('volume') ?? new Uint8Array();
      expect(content.reduce((sum, byte) => sum + byte, 0)).toBe(expected);
    }
  });

  test('no port of a dead incarnation has any effect, so catch and finally cannot act', async () => {
    const { world, process } = machine();
    const ports = process.start();
    const file = ports.disk.open('volume', PAGE_BYTES);
    const after: string[] = [];
    ports.clock.after(1, () => after.push('timer'));
    const syncing = file.sync().then(() => after.push('sync'));
    process.kill('test');
    expect(() => file.write(0, ones(1))).toThrow(Killed);
    expect(() => ports.clock.now()).toThrow(Killed);
    expect(() => ports.entropy.bytes(1)).toThrow(Killed);
    expect(() => ports.log.write('info', 'x')).toThrow(Killed);
    expect(() => ports.network.connect('I:1')).toThrow(Killed);
    await run(world, () => world.scheduler.sleep(1000));
    expect(after).toEqual([]);
    void syncing;
  });
});

describe('only what was synced survives the loss of power', () => {
  function losePower(disk: Disk, process: VirtualProcess, world: World): Disk {
    void disk;
    process.losePower(world.random.fork('power'));
    return process.start().disk;
  }

  test('synced pages stay, unsynced ones may go, and the boot is a new one', async () => {
    const lost = new Set<boolean>();
    for (let seed = 0; seed < 20; seed += 1) {
      const { world, process } = machine(`power-${seed}`);
      const disk = process.start().disk;
      const boot = disk.bootId;
      await run(world, async () => {
        const file = disk.open('volume', 2 * PAGE_BYTES);
        file.write(0, ones(1));
        await file.sync();
        file.write(PAGE_BYTES, ones(1));
      });
      const later = losePower(disk, process, world);
      expect(later.bootId).not.toBe(boot);
      const content = later.readWhole('volume');
      expect(content?.[0]).toBe(1);
      lost.add(content?.[PAGE_BYTES] === 0);
    }
    expect(lost).toEqual(new Set([true, false]));
  });

  test('a sync covers what was written before it began, not what came meanwhile', async () => {
    for (let seed = 0; seed < 10; seed += 1) {
      const { world, process } = machine(`meanwhile-${seed}`);
      const disk = process.start().disk;
      await run(world, async () => {
        const file = disk.open('volume', PAGE_BYTES);
        file.write(0, Uint8Array.of(1));
        const synced = file.sync();
        file.write(0, Uint8Array.of(2));
        await synced;
      });
      const content = losePower(disk, process, world).readWhole('volume');
      expect([1, 2]).toContain(content?.[0]);
    }
  });

  test('a replaced file is whole and durable', () => {
    const { world, process } = machine();
    const disk = process.start().disk;
    disk.replace('record', ones(10));
    expect(losePower(disk, process, world).readWhole('record')).toEqual(ones(10));
  });
});

describe('disk trouble', () => {
  test('a full disk refuses with ENOSPC, a broken one with EIO, and both recover', () => {
    const { process } = machine();
    const file = process.start().disk.open('volume', PAGE_BYTES);
    process.image.trouble = 'disk-full';
    expect(() => file.write(0, ones(1))).toThrow(/ENOSPC/);
    process.image.trouble = 'io-error';
    expect(() => file.read(0, new Uint8Array(1))).toThrow(/EIO/);
    process.image.trouble = null;
    file.write(0, ones(1));
  });

  test('reading past the end, a closed file and an absent one are errors', () => {
    const { process } = machine();
    const disk = process.start().disk;
    const file = disk.open('volume', PAGE_BYTES);
    expect(() => file.read(PAGE_BYTES, new Uint8Array(1))).toThrow(/EBADF/);
    file.close();
    expect(() => file.write(0, ones(1))).toThrow(/EBADF/);
    expect(() => disk.open('absent')).toThrow(/ENOENT/);
    expect(disk.list('absent')).toEqual([]);
  });

  test('list names what lies in a folder, sorted and not below', () => {
    const { process } = machine();
    const disk = process.start().disk;
    for (const name of ['journal/2', 'journal/1', 'journal/deep/3', 'volume']) disk.open(name, 1);
    expect(disk.list('journal')).toEqual(['1', '2', 'deep']);
  });
});
