import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isSameProcess } from './process-identity.ts';
import { SupervisorRecord } from './supervisor-record.ts';

/**
 * The supervisor as a process, with the real PostgreSQL. Web, worker and agents are programs of this test: what is asked
 * here is what the supervisor promises to whatever it runs.
 */
const WEB = `
  import { createServer } from 'node:http';
  const server = createServer((_request, response) => response.end('ok')).listen(process.env.PORT, process.env.HOST);
  process.on('SIGTERM', () => process.exit(0));
  process.on('disconnect', () => process.exit(0));`;
const IDLE = `
  import { writeFileSync } from 'node:fs';
  const { SWITCHBACK_DATA, SWITCHBACK_SITE = 'control' } = process.env;
  writeFileSync(SWITCHBACK_DATA + '/env-' + SWITCHBACK_SITE + '.json', JSON.stringify(process.env));
  process.on('SIGTERM', () => process.exit(0));
  process.on('disconnect', () => process.exit(0));`;

const repository = path.resolve(import.meta.dirname, '../../..');
let folder: string;
let data: string;
const running: ChildProcess[] = [];

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'switchback-supervisor-'));
  symlinkSync(path.join(repository, 'node_modules'), path.join(folder, 'node_modules'));
  await build({
    entryPoints: [path.join(import.meta.dirname, 'main-supervisor.ts')],
    outfile: path.join(folder, 'dist/supervisor.js'),
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
  });
  writeFileSync(path.join(folder, 'package.json'), '{"type":"module"}');
  for (const [name, text] of [
    ['web', WEB],
    ['agent', IDLE],
    ['control-worker', IDLE],
  ] as const) {
    writeFileSync(path.join(folder, 'dist', `${name}.js`), text);
  }
  mkdirSync(path.join(folder, 'prisma/migrations/1_first'), { recursive: true });
  writeFileSync(path.join(folder, 'prisma/migrations/1_first/migration.sql'), 'CREATE TABLE first (id int);');
  data = path.join(folder, 'data');
});
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Started {
  process: ChildProcess;
  ended: Promise<unknown[]>;
  /** The line for scripts, `null` where the process ended without it. */
  ready: Promise<string | null>;
  notes: string[];
}

function startSupervisor(environment: Record<string, string> = {}): Started {
  const child = spawn(process.execPath, ['dist/supervisor.js'], {
    cwd: folder,
    env: { NODE_ENV: 'test', PATH: process.env.PATH, PORT: '0', SWITCHBACK_DATA: data, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.push(child);
  const notes: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => notes.push(line));
  const lines = createInterface({ input: child.stdout });
  const ready = Promise.race([
    once(lines, 'line').then(([line]) => String(line)),
    once(lines, 'close').then(() => null),
  ]);
  return { process: child, ended: once(child, 'close'), ready, notes };
}

/** The environment in which the worker (`control`) or an agent (its site) was started last. */
const env = (name: string) => JSON.parse(readFileSync(path.join(data, `env-${name}.json`), 'utf8'));
/** What the supervisor of `data` runs now, by name. */
const processes = () => Object.fromEntries(new SupervisorRecord(data).processes());
const survivors = (before: ReturnType<typeof processes>) =>
  Object.keys(before).filter((name) => {
    const { pid = 0, identity = '' } = before[name] ?? {};
    return isSameProcess(pid, identity);
  });

describe('the supervisor', () => {
  it('starts everything, says when it is ready, and stops everything on SIGTERM', async () => {
    const supervisor = startSupervisor();
    const line = await supervisor.ready;
    expect(line).toMatch(/^switchback ready http:\/\/127\.0\.0\.1:\d+$/);
    const started = processes();
    expect(Object.keys(started).sort()).toEqual([
      'agent-intermediate',
      'agent-production',
      'agent-remote',
      'agent-remote-intermediate',
      'agent-witness',
      'control-worker',
      'postgres',
      'web',
    ]);
    supervisor.process.kill('SIGTERM');
    expect(await supervisor.ended).toEqual([0, null]);
    expect(survivors(started)).toEqual([]);
    expect(processes()).toEqual({});
  });

  it('gives the database to the control plane only, and every agent its site', async () => {
    const supervisor = startSupervisor({ npm_config_secret: 'x', KEPT: 'y' });
    await supervisor.ready;
    supervisor.process.kill('SIGTERM');
    await supervisor.ended;
    expect(env('control').DATABASE_URL).toMatch(/^postgresql:/);
    expect(env('control').KEPT).toBe('y');
    expect(env('control').npm_config_secret).toBeUndefined();
    for (const site of ['production', 'intermediate', 'remote-intermediate', 'remote', 'witness']) {
      expect(env(site).DATABASE_URL).toBeUndefined();
      expect(JSON.parse(env(site).SWITCHBACK_AGENTS)[site]).toMatch(/^127\.0\.0\.1:\d+$/);
      expect(existsSync(env(site).SWITCHBACK_SECRET_FILE)).toBe(true);
    }
  });

  it('recovers after it was killed, on the same ports', async () => {
    const first = startSupervisor();
    await first.ready;
    const before = processes();
    const ports = JSON.parse(env('witness').SWITCHBACK_AGENTS);
    first.process.kill('SIGKILL');
    const second = startSupervisor();
    expect(await second.ready).toMatch(/^switchback ready/);
    expect(survivors(before)).toEqual([]);
    expect(Object.keys(processes()).sort()).toEqual(Object.keys(before).sort());
    expect(JSON.parse(env('witness').SWITCHBACK_AGENTS)).toEqual(ports);
    second.process.kill('SIGINT');
    expect(await second.ended).toEqual([0, null]);
  });

  it('does not run twice on one folder', async () => {
    const first = startSupervisor();
    await first.ready;
    const second = startSupervisor();
    expect(await second.ended).toEqual([1, null]);
    expect(second.notes.join('\n')).toContain(`Process ${first.process.pid} already runs Switchback on ${data}.`);
    first.process.kill('SIGTERM');
    // The third comes while the first is stopping, waits for it, and then takes over.
    const third = startSupervisor();
    expect(await first.ended).toEqual([0, null]);
    expect(await third.ready).toMatch(/^switchback ready/);
    third.process.kill('SIGTERM');
    expect(await third.ended).toEqual([0, null]);
  });

  it('refuses a port that is taken, and leaves nothing running', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    // A TCP server's address is never a string.
    const { port } = other.address() as AddressInfo;
    const supervisor = startSupervisor({ PORT: String(port) });
    expect(await supervisor.ended).toEqual([1, null]);
    other.close();
    expect(supervisor.notes.join('\n')).toContain(`Port ${port} is in use`);
    expect(processes()).toEqual({});
  });

  it('names what is not built and never says that it is ready', async () => {
    rmSync(path.join(folder, 'dist/agent.js'));
    const supervisor = startSupervisor();
    // The web answers ready, but it does not know what the supervisor could not start.
    while (!supervisor.notes.some((note) => note.includes('not complete')))
      await once(supervisor.process.stderr ?? supervisor.process, 'data');
    supervisor.process.kill('SIGTERM');
    expect(await supervisor.ready).toBeNull();
    expect(supervisor.notes).toContain(
      'not started: agent-remote, because dist/agent.js is missing (it is built from main-agent.ts)',
    );
    writeFileSync(path.join(folder, 'dist/agent.js'), IDLE);
  });
});
