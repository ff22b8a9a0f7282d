/** Volumes as outside hosts use them: over NBD, with the command line beside it. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { NbdClient } from '../server/nbd/client.ts';
import { done } from './support/cli.ts';
import { type CliRun, eventually, expect, test } from './support/groups.ts';
import { expectPrefix, NumberedBlocks } from './support/numbered-blocks.ts';
import { connectVolume, expectIdenticalVolumes, readVolume } from './support/volumes.ts';

const NBDCOPY = '/usr/bin/nbdcopy';
const VOLUME_BYTES = 8 * 1024 * 1024;

function write(client: NbdClient, offset: number, data: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) =>
    client.write(offset, data, false, (error) => (error ? reject(error) : resolve())),
  );
}

test('numbered blocks, P killed in mid-stream, failover by the command: R holds every answered block, and a prefix', async ({
  makeGroup,
}) => {
  const group = await makeGroup('numbered', { ledger: false, volumeCount: 1, volumeBytes: VOLUME_BYTES });
  await group.form(null);
  const client = await connectVolume(group.name, 'P');
  const writer = new NumberedBlocks(client, 700);
  writer.start();
  await eventually('thousands of blocks answered', async () => writer.answered.size > 3_000);

  await done('fault', 'kill', '--group', group.name, '--on', 'P');
  await writer.stop();
  expect(writer.failure).not.toBeNull();

  const run = await done<CliRun>('run', 'failover', '--group', group.name, '--yes');
  expect(run.verdict).toMatchObject({ kind: 'no-data-loss', fenced: true });
  expectPrefix(await readVolume(group.name, 'R'), writer);
});

test('a volume is writable on the system that holds the host role and nowhere else', async ({ makeGroup }) => {
  const group = await makeGroup('one-writer', { ledger: false, volumeCount: 1, volumeBytes: VOLUME_BYTES });
  await group.form(null);
  const block = Buffer.alloc(4096, 7);
  const atP = await connectVolume(group.name, 'P');
  expect(atP.readOnly).toBe(false);
  await write(atP, 0, block);
  for (const system of ['I', 'R']) {
    const client = await connectVolume(group.name, system);
    expect(client.readOnly, system).toBe(true);
    await expect(write(client, 0, block), system).rejects.toMatchObject({ code: 'EPERM' });
  }

  await done('fault', 'site-loss', '--group', group.name, '--site', 'production');
  await group.run('failover');
  const atR = await connectVolume(group.name, 'R');
  expect(atR.readOnly).toBe(false);
  await write(atR, 4096, block);

  await done('fault', 'site-return', '--group', group.name, '--site', 'production');
  await group.isWhole();
  // The old primary is back with data of its own, and takes no write.
  await group.until('P refuses host writes', ({ systems }) => systems[0]?.hostWrites?.accepted === false);
  const returned = await connectVolume(group.name, 'P');
  expect(returned.readOnly).toBe(true);
  await expect(write(returned, 0, block)).rejects.toMatchObject({ code: 'EPERM' });
});

test('a disk image copied in with nbdcopy is on all three systems', async ({ makeGroup }) => {
  test.skip(!existsSync(NBDCOPY), 'nbdcopy is not installed (Debian: libnbd-bin)');
  const group = await makeGroup('image', { ledger: false, volumeCount: 1, volumeBytes: VOLUME_BYTES });
  await group.form(null);
  const folder = mkdtempSync(path.join(tmpdir(), 'switchback-image-'));
  try {
    const image = path.join(folder, 'image');
    writeFileSync(image, randomBytes(VOLUME_BYTES));
    await nbdcopy(image, await uriOf(group.name, 'P'));
    await group.until('R has it', ({ pairs }) => pairs.every((pair) => pair.lag?.updates === 0));
    await expectIdenticalVolumes(group.name, ['P', 'I', 'R'], 1);
    const copy = path.join(folder, 'copy');
    await nbdcopy(await uriOf(group.name, 'R'), copy);
    expect(readFileSync(copy).equals(readFileSync(image))).toBe(true);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

async function uriOf(group: string, system: string): Promise<string> {
  return (await done<{ uri: string }>('nbd', '--group', group, '--on', system)).uri;
}

/** Copies from one to the other; resolves once the target is flushed. */
function nbdcopy(from: string, to: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(NBDCOPY, ['--flush', from, to], { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    child.once('error', reject);
    child.once('close', (code) => (code === 0 ? resolve() : reject(new Error(`nbdcopy: ${code} ${said}`))));
  });
}
