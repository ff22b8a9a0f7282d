import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, watch } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { rememberProcess, stopLeftover } from './leftovers.ts';
import { isSameProcess, processIdentity } from './process-identity.ts';
import { type ChildEvent, NODE_STOP, restartDelayMs, SupervisedChild } from './supervised-child.ts';
import { SupervisorRecord } from './supervisor-record.ts';

/** Reports readiness through its output, so that a signal sent afterwards meets the handlers that were meant. */
const SAY_READY = "process.stdout.write('ready\\n'); setInterval(() => {}, 1 << 30);";
const IGNORE_TERM = `process.on('SIGTERM', () => {}); ${SAY_READY}`;

let folder: string;
const started: ChildProcess[] = [];

async function run(script: string, options: { ipc?: boolean } = {}): Promise<ChildProcess & { pid: number }> {
  const child = spawn(process.execPath, ['-e', script], {
    stdio: ['ignore', 'pipe', 'inherit', options.ipc ? 'ipc' : 'ignore'],
  });
  started.push(child);
  if (child.stdout === null || child.pid === undefined) throw new Error('the child did not start');
  await once(child.stdout, 'data');
  return Object.assign(child, { pid: child.pid });
}

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'switchback-processes-'));
});
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('process identity', () => {
  it('is the same for one process, other for another, and null for none', async () => {
    const child = await run(SAY_READY);
    const identity = processIdentity(child.pid);
    expect(identity).not.toBeNull();
    expect(processIdentity(child.pid)).toBe(identity);
    expect(isSameProcess(process.pid, identity ?? '')).toBe(false);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(processIdentity(child.pid)).toBeNull();
  });
});

describe('leftovers', () => {
  it('are stopped by SIGTERM', async () => {
    const child = await run(SAY_READY);
    const ended = once(child, 'exit');
    const leftover = rememberProcess(child.pid);
    expect(leftover && (await stopLeftover(leftover, ['SIGTERM'], 60_000))).toBe(true);
    expect(await ended).toEqual([null, 'SIGTERM']);
  });

  it('are killed when they do not listen', async () => {
    const child = await run(IGNORE_TERM);
    const ended = once(child, 'exit');
    const leftover = rememberProcess(child.pid);
    expect(leftover && (await stopLeftover(leftover, ['SIGTERM'], 50))).toBe(true);
    expect(await ended).toEqual([null, 'SIGKILL']);
  });

  it('leave a later process of the same number alone', async () => {
    const child = await run(SAY_READY);
    expect(await stopLeftover({ pid: child.pid, identity: 'an earlier start' }, ['SIGTERM'], 50)).toBe(false);
    expect(processIdentity(child.pid)).not.toBeNull();
  });
});

describe('supervised child', () => {
  /** Collects events and lets a test wait for the next one of a kind. */
  function supervise(script: string, patienceMs: number = NODE_STOP[0].patienceMs) {
    const events: ChildEvent[] = [];
    const waiting: { kind: ChildEvent['kind']; resolve: (event: ChildEvent) => void }[] = [];
    const report = (event: ChildEvent) => {
      const at = waiting.findIndex(({ kind }) => kind === event.kind);
      if (at < 0) events.push(event);
      else waiting.splice(at, 1)[0]?.resolve(event);
    };
    const next = (kind: ChildEvent['kind']) =>
      new Promise<ChildEvent>((resolve) => {
        const at = events.findIndex((event) => event.kind === kind);
        const [event] = at < 0 ? [] : events.splice(at, 1);
        if (event) resolve(event);
        else waiting.push({ kind, resolve });
      });
    const record = new SupervisorRecord(folder);
    const stopSignals = [{ signal: 'SIGTERM', patienceMs }] as const;
    const plan = {
      name: 'child',
      command: process.execPath,
      args: ['-e', script],
      env: {},
      channel: true,
      stopSignals,
    };
    return { child: new SupervisedChild(plan, folder, record, report), record, next };
  }

  it('is started again when it is killed, remembered while it runs, and stopped for good', async () => {
    const { child, record, next } = supervise(
      'process.on("message", () => {}); process.once("SIGTERM", () => process.exit(0));',
    );
    child.start();
    const first = child.pid;
    expect(record.processes().map(([name, { pid }]) => [name, pid])).toEqual([['child', first]]);
    child.kill();
    expect(await next('ended')).toMatchObject({ signal: 'SIGKILL', nextStartMs: restartDelayMs(0, true) });
    expect(record.processes()).toEqual([]);
    await next('started');
    await next('started');
    expect(child.pid).not.toBe(first);
    await child.stop();
    expect(child.pid).toBeNull();
    expect(record.processes()).toEqual([]);
  });

  it('waits longer after each quick end, up to a limit', async () => {
    const { child, next } = supervise('process.exit(3)');
    child.start();
    expect(await next('ended')).toMatchObject({ code: 3, nextStartMs: 250 });
    expect(await next('ended')).toMatchObject({ code: 3, nextStartMs: 500 });
    await child.stop();
    expect([0, 1, 5, 6, 50].map((ends) => restartDelayMs(ends, false))).toEqual([250, 500, 8000, 10_000, 10_000]);
    expect([0, 1, 2, 50].map((ends) => restartDelayMs(ends, true))).toEqual([250, 500, 1000, 1000]);
  });

  it('reports a command that cannot be started', async () => {
    const record = new SupervisorRecord(folder);
    const plan = {
      name: 'absent',
      command: '/absent/command',
      args: [],
      env: {},
      channel: false,
      stopSignals: NODE_STOP,
    };
    const ended = await new Promise<ChildEvent>((resolve) => {
      const child: SupervisedChild = new SupervisedChild(plan, folder, record, (event) => {
        void child.stop();
        resolve(event);
      });
      child.start();
    });
    expect(ended).toMatchObject({ kind: 'ended', code: null, signal: null });
  });

  it('is killed when it does not stop in time', async () => {
    const listening = path.join(folder, 'listening');
    const appeared = new Promise<void>((resolve) => {
      const watcher = watch(folder, (_event, name) => {
        if (name !== 'listening') return;
        watcher.close();
        resolve();
      });
    });
    const { child, next } = supervise(
      `process.on('SIGTERM', () => {});
       process.on('message', () => {});
       require('node:fs').writeFileSync(${JSON.stringify(listening)}, '');`,
      30,
    );
    child.start();
    await appeared;
    await child.stop();
    expect(await next('killed-slow-stop')).toMatchObject({ signal: 'SIGTERM' });
    expect(child.pid).toBeNull();
  });
});

describe('parent watch', () => {
  it.each([
    ['through the channel', true],
    ['by the changed parent', false],
  ])('notices %s that the parent was killed', async (_how, ipc) => {
    const file = path.join(folder, `orphan-${ipc}.mjs`);
    const source = `
      import { watchParent } from ${JSON.stringify(path.resolve(import.meta.dirname, 'parent-watch.ts'))};
      watchParent(() => { process.stdout.write('orphaned\\n', () => process.exit(0)); });
      process.stdout.write('watching ' + process.pid + '\\n');
      setInterval(() => {}, 1 << 30);`;
    await build({
      stdin: { contents: source, resolveDir: folder },
      bundle: true,
      format: 'esm',
      platform: 'node',
      outfile: file,
    });
    // A parent that does nothing but start the watching process, whose output goes to the same pipe.
    const parentScript = `
      const { spawn } = require('node:child_process');
      spawn(process.execPath, [${JSON.stringify(file)}], { stdio: ['ignore', 1, 2, ${JSON.stringify(ipc ? 'ipc' : 'ignore')}] });
      setInterval(() => {}, 1 << 30);`;
    const parent = spawn(process.execPath, ['-e', parentScript], { stdio: ['ignore', 'pipe', 'inherit'] });
    started.push(parent);
    let output = '';
    for await (const chunk of parent.stdout) {
      output += chunk;
      if (/^watching \d+\n$/.test(output)) parent.kill('SIGKILL');
    }
    expect(output).toMatch(/^watching \d+\norphaned\n$/);
  });
});
