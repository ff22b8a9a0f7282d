import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { endOf } from '../agent/testing/site-bench.ts';

const CONTENDERS = 6;
const ROUNDS = 4;

let folder: string;
let program: string;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'switchback-race-'));
  program = path.join(folder, 'contender.mjs');
  const contents = `
    import { lockFolder } from './folder-lock.ts';
    // Holders must live until they are killed, so the listener stays and keeps the process alive.
    process.on('message', () => process.send(lockFolder(process.argv[2]).held));
    process.send('ready');`;
  const resolveDir = path.dirname(fileURLToPath(import.meta.url));
  await build({
    stdin: { contents, resolveDir, loader: 'ts' },
    outfile: program,
    bundle: true,
    format: 'esm',
    platform: 'node',
    logLevel: 'silent',
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('of processes that reach for a dead holder’s folder at once, one gets it', async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const contenders = Array.from({ length: CONTENDERS }, () =>
      spawn(process.execPath, [program, path.join(folder, 'locked')], {
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      }),
    );
    await Promise.all(contenders.map((contender) => once(contender, 'message')));
    const answers = contenders.map((contender) => once(contender, 'message'));
    for (const contender of contenders) contender.send('go');
    const held = (await Promise.all(answers)).filter(([answer]) => answer === true);
    await Promise.all(contenders.map((contender) => endOf(contender, 'SIGKILL')));
    expect(held.length, `round ${round}`).toBe(1);
  }
});
