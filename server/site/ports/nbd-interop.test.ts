import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { NbdClient } from '../../nbd/client.ts';
import { NbdServer } from '../../nbd/server.ts';
import { exportsOf, FileExport } from '../../nbd/test-support/file-export.ts';
import { RealClock } from './real-clock.ts';
import { RealDisk } from './real-disk.ts';
import { RealLog } from './real-log.ts';
import { RealNetwork } from './real-network.ts';

const MIB = 1024 * 1024;
const NAME = 'demo/P/0';
const READ_ONLY_NAME = 'demo/R/0';

let folder: string;
let server: NbdServer;
const logLines: string[] = [];
const children = new Set<ChildProcess>();

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'switchback-nbd-'));
  const disk = new RealDisk(path.join(folder, 'data'));
  const readOnly = new FileExport(READ_ONLY_NAME, disk.open('read-only', 8 * MIB));
  readOnly.readOnly = true;
  const ports = {
    network: new RealNetwork(),
    clock: new RealClock(),
    log: new RealLog({}, 'info', { write: (line) => logLines.push(line) }),
  };
  const volume = new FileExport(NAME, disk.open('volume', 64 * MIB));
  server = await NbdServer.start(ports, '127.0.0.1:0', exportsOf(volume, readOnly));
});

afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  server.close();
  fs.rmSync(folder, { recursive: true, force: true });
});

const uri = (name: string) => `nbd://${server.address}/${name}`;
const at = (name: string) => path.join(folder, name);

/** Runs a program to its end without blocking the server, which lives in this process. */
function run(program: string, ...args: string[]): Promise<{ status: number | null; out: string; err: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    children.add(child);
    let out = '';
    let err = '';
    child.stdout.on('data', (text) => (out += text));
    child.stderr.on('data', (text) => (err += text));
    child.on('error', reject);
    child.on('close', (status) => {
      children.delete(child);
      resolve({ status, out, err });
    });
  });
}

async function succeed(program: string, ...args: string[]): Promise<string> {
  const { status, out, err } = await run(program, ...args);
  expect(status, `${program} ${args.join(' ')}\n${out}${err}`).toBe(0);
  return out;
}

/** Skips the test, and says so, where a Debian package is not installed. */
function needs(context: TestContext, program: string, debianPackage: string): void {
  const missing = spawnSync(program, ['--version']).error !== undefined;
  context.skip(missing, `${program} is missing: apt-get install ${debianPackage}`);
}

describe('foreign NBD clients', () => {
  it('nbdinfo sees both exports as they are', async (context) => {
    needs(context, 'nbdinfo', 'libnbd-bin');
    const listing = JSON.parse(await succeed('nbdinfo', '--json', '--list', `nbd://${server.address}`));
    expect(listing).toMatchObject({ protocol: 'newstyle-fixed', TLS: false });
    const exports = listing.exports as Record<string, unknown>[];
    expect(exports.map((described) => described['export-name'])).toEqual([NAME, READ_ONLY_NAME]);
    expect(exports[0]).toMatchObject({
      'export-size': 64 * MIB,
      is_read_only: false,
      can_flush: true,
      can_fua: true,
      can_trim: true,
      can_zero: true,
      can_multi_conn: true,
      can_cache: false,
      block_size_minimum: 1,
      block_size_preferred: 4096,
      block_size_maximum: 32 * MIB,
    });
    expect(exports[1]).toMatchObject({ 'export-size': 8 * MIB, is_read_only: true });
  });

  it('nbdinfo is told that there is no such export', async (context) => {
    needs(context, 'nbdinfo', 'libnbd-bin');
    const { status, err } = await run('nbdinfo', uri('demo/Q/0'));
    expect(status).not.toBe(0);
    expect(err).toMatch(/No such file or directory.*demo\/Q\/0/);
  });

  it('nbdcopy copies an image in and out, equal', async (context) => {
    needs(context, 'nbdcopy', 'libnbd-bin');
    const image = randomBytes(64 * MIB);
    // A hole, so that zeros are sent as such too.
    image.fill(0, 5 * MIB, 11 * MIB);
    fs.writeFileSync(at('in.img'), image);
    await succeed('nbdcopy', '--flush', 'in.img', uri(NAME));
    await succeed('nbdcopy', uri(NAME), 'out.img');
    expect(Buffer.compare(fs.readFileSync(at('out.img')), image)).toBe(0);
  });

  it('qemu-img compares and converts', async (context) => {
    needs(context, 'qemu-img', 'qemu-utils');
    fs.writeFileSync(at('q.img'), randomBytes(64 * MIB));
    await succeed('qemu-img', 'convert', '-n', '-f', 'raw', '-O', 'raw', 'q.img', uri(NAME));
    const said = await succeed('qemu-img', 'compare', '-f', 'raw', '-F', 'raw', 'q.img', uri(NAME));
    expect(said).toContain('Images are identical');
  });

  it('qemu-io writes, zeroes, discards, flushes and reads back what it should', async (context) => {
    needs(context, 'qemu-io', 'qemu-utils');
    const commands = [
      'write -P 7 0 1M',
      'write -f -P 9 1M 64k',
      'write -z 4096 8192',
      'read -P 7 0 4096',
      'read -P 0 4096 8192',
      'read -P 9 1M 64k',
      'write -P 5 511 3',
      'read -P 5 511 3',
      'discard 1M 64k',
      'read -P 0 1M 64k',
      'aio_write -P 3 2M 16M',
      'aio_flush',
      'read -P 3 2M 16M',
      'flush',
    ];
    const said = await succeed('qemu-io', '-f', 'raw', ...commands.flatMap((command) => ['-c', command]), uri(NAME));
    expect(said).not.toMatch(/failed/i);
  });

  it('qemu-io may read a read-only export and not write to it', async (context) => {
    needs(context, 'qemu-io', 'qemu-utils');
    await succeed('qemu-io', '-r', '-f', 'raw', '-c', 'read -P 0 0 1M', uri(READ_ONLY_NAME));
    const { status, err } = await run('qemu-io', '-f', 'raw', '-c', 'write 0 4k', uri(READ_ONLY_NAME));
    expect(status).not.toBe(0);
    expect(err).toMatch(/permission denied|read-only/i);
  });

  it.for<[string, string[]]>([
    ['4k random writes and reads, 32 at once', ['--rw=randrw', '--bs=4k', '--iodepth=32']],
    ['128k sequential writes, 8 at once', ['--rw=write', '--bs=128k', '--iodepth=8']],
    ['odd lengths anywhere, 16 at once', ['--rw=randwrite', '--bsrange=512-70000', '--bs_unaligned', '--iodepth=16']],
  ])('fio verifies %s', async ([_what, how], context) => {
    needs(context, 'fio', 'fio');
    const common = ['--name=verify', '--ioengine=nbd', `--uri=${uri(NAME)}`, '--size=48m', '--fsync=100'];
    await succeed('fio', ...common, ...how, '--verify=crc32c', '--verify_fatal=1', '--do_verify=1');
  });

  it('shares the volume with a client of our own', async (context) => {
    needs(context, 'qemu-io', 'qemu-utils');
    const ports = { network: new RealNetwork(), clock: new RealClock() };
    const client = await NbdClient.connect(ports, server.address, NAME);
    const data = randomBytes(3 * MIB);
    await new Promise((resolve) => client.write(MIB, data, true, resolve));
    await succeed('qemu-io', '-f', 'raw', '-c', 'write -P 6 2M 4k', '-c', 'flush', uri(NAME));
    data.fill(6, MIB, MIB + 4096);
    const back = new Uint8Array(data.length);
    expect(await new Promise((resolve) => client.read(MIB, back, resolve))).toBeNull();
    expect(Buffer.compare(back, data)).toBe(0);
    await new Promise<void>((resolve) => client.disconnect(resolve));
  });

  it('leave nobody attached, and no complaint but those provoked', async () => {
    // The last client's farewell may still be on its way.
    await expect.poll(() => server.clientCount(), { timeout: 60_000 }).toBe(0);
    expect(logLines.map((line) => JSON.parse(line)).filter((line) => line.level === 'error')).toEqual([]);
  });
});
