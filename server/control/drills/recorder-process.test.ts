/** Recordings broken off in every way a machine can: real browsers, real SIGKILL. The dashboard behind them is an empty page. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseNotes, progressOf } from '../../domain/evidence/drill-notes.ts';
import { AdoptedRecorder, isAdopted } from './adopted-recorder.ts';
import { isFilm, RecorderProcess, readNotes } from './recorder-process.ts';
import { processesIn, scratchOf } from './recorder-remains.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const LONG_MS = 180_000;

/** Something moves on it, so that there is something to film. */
const PAGE = '<style>@keyframes turn{to{rotate:1turn}}h1{width:9em;animation:turn 2s infinite}</style><h1>Nothing here';
const dashboard = createServer((_request, response) => response.setHeader('content-type', 'text/html').end(PAGE));
let place: string;
let url: string;

beforeAll(async () => {
  place = mkdtempSync(path.join(tmpdir(), 'switchback-test-'));
  dashboard.listen(0, '127.0.0.1');
  await once(dashboard, 'listening');
  // A TCP server's address is never a string.
  url = `http://127.0.0.1:${(dashboard.address() as AddressInfo).port}`;
});
afterAll(() => {
  dashboard.close();
  rmSync(place, { recursive: true, force: true });
});

function optionsFor(name: string) {
  const folder = path.join(place, name);
  mkdirSync(folder);
  return { root, runbook: 'line-cut', group: 'demo', url, folder, keeper: process.pid };
}

/** Resolves in mid-recording: something is written down, and there is a film. */
async function isRecording(folder: string): Promise<void> {
  const film = path.join(scratchOf(folder), 'film.webm');
  while (!readNotes(folder).includes('"begun"') || !isFilm(film)) await new Promise((go) => setTimeout(go, 50));
}

const words = (pid: number) => readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
/** The first process of the recording whose command line says so. */
function find(folder: string, what: RegExp): number {
  const pid = processesIn(scratchOf(folder)).find((each) => what.test(words(each)));
  if (pid === undefined) throw new Error(`no process like ${what}`);
  return pid;
}

function expectNothingLeft(folder: string): void {
  expect(processesIn(scratchOf(folder))).toEqual([]);
  expect(existsSync(scratchOf(folder))).toBe(false);
}

const RUNNER = /cli\.js test/;
const BROWSER = /--remote-debugging-pipe/;
const PLAYWRIGHT_WORKER = /workerProcessEntry|processHost|loaderProcess/;

describe.concurrent('a recording', () => {
  it.each<[string, (folder: string) => number[]]>([
    ['the runner of its recorder', (folder) => [find(folder, RUNNER)]],
    ['the worker of its recorder', (folder) => [find(folder, PLAYWRIGHT_WORKER)]],
    ['its browser', (folder) => [find(folder, BROWSER)]],
    ['everything of it at once', (folder) => processesIn(scratchOf(folder))],
  ])(
    'ends when %s is killed: nothing is left running, and the film plays as far as it goes',
    async (what, victims) => {
      const options = optionsFor(what.replaceAll(' ', '-'));
      const recorder = new RecorderProcess(options);
      await isRecording(options.folder);
      for (const pid of victims(options.folder)) process.kill(pid, 'SIGKILL');
      await recorder.ended;
      expectNothingLeft(options.folder);
      expect(isFilm(path.join(options.folder, 'film.webm'))).toBe(true);
      // Nobody saw how it would have ended.
      expect(progressOf(parseNotes(readNotes(options.folder)))).toMatchObject({ ended: null });
    },
    LONG_MS,
  );

  it(
    'that is told to stop says where it stood, with its film and its trace whole',
    async () => {
      const options = optionsFor('stopped');
      const recorder = new RecorderProcess(options);
      await isRecording(options.folder);
      recorder.stop();
      expect(await recorder.ended).toMatchObject({ code: 1, killed: 0 });
      expectNothingLeft(options.folder);
      expect(isFilm(path.join(options.folder, 'film.webm'))).toBe(true);
      expect(existsSync(path.join(options.folder, 'trace.zip'))).toBe(true);
      expect(progressOf(parseNotes(readNotes(options.folder))).ended).toEqual({
        passed: false,
        stoppedAt: expect.any(String),
        reason: 'An operator ended the recording.',
      });
    },
    LONG_MS,
  );

  /** Starts one as a control worker does, from a process of its own that can be killed. */
  async function startedElsewhere(options: ReturnType<typeof optionsFor>) {
    const script = `${options.folder}.mjs`;
    await build({
      stdin: {
        contents: `import { RecorderProcess } from './recorder-process.ts'; new RecorderProcess(${JSON.stringify(options)});`,
        resolveDir: import.meta.dirname,
      },
      bundle: true,
      format: 'esm',
      platform: 'node',
      outfile: script,
      logLevel: 'silent',
    });
    return spawn(process.execPath, [script], { stdio: 'ignore' });
  }

  it(
    'whose control worker is killed goes on, and whoever takes it over can follow it and stop it',
    async () => {
      const options = optionsFor('adopted');
      const starter = await startedElsewhere(options);
      await isRecording(options.folder);
      starter.kill('SIGKILL');
      await once(starter, 'exit');
      const recorder = AdoptedRecorder.of(options.folder);
      expect(recorder).not.toBeNull();
      expect(isAdopted(options.folder)).toBe(true);
      recorder?.stop();
      expect(await recorder?.ended).toMatchObject({ killed: 0 });
      expectNothingLeft(options.folder);
      expect(isFilm(path.join(options.folder, 'film.webm'))).toBe(true);
      expect(progressOf(parseNotes(recorder?.notes() ?? '')).ended).toMatchObject({
        passed: false,
        reason: 'An operator ended the recording.',
      });
      expect(AdoptedRecorder.of(options.folder)).toBeNull();
    },
    LONG_MS,
  );

  it(
    'that nobody will take over ends by itself, and its film and trace are whole',
    async () => {
      const keeper = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'ignore' });
      const options = { ...optionsFor('abandoned'), keeper: keeper.pid ?? 0 };
      const starter = await startedElsewhere(options);
      await isRecording(options.folder);
      keeper.kill('SIGKILL');
      starter.kill('SIGKILL');
      expect(await AdoptedRecorder.of(options.folder)?.ended).toMatchObject({ killed: 0 });
      expectNothingLeft(options.folder);
      expect(isFilm(path.join(options.folder, 'film.webm'))).toBe(true);
      expect(existsSync(path.join(options.folder, 'trace.zip'))).toBe(true);
      expect(progressOf(parseNotes(readNotes(options.folder))).ended).toBeNull();
    },
    LONG_MS,
  );
});
