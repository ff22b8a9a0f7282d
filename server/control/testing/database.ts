/** A real PostgreSQL for tests: made in a folder of its own, migrated, and gone with the test file. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { applyMigrations } from '../../site/supervisor/apply-migrations.ts';
import { choosePort } from '../../site/supervisor/free-port.ts';
import { openDatabase, preparePostgres } from '../../site/supervisor/postgres.ts';

export const MIGRATIONS_FOLDER = fileURLToPath(new URL('../../../prisma/migrations', import.meta.url));

export interface TestDatabase {
  readonly url: string;
  /** SIGKILL to the server and its children, then a new start on the same folder and port. */
  crashAndRestart(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a server and migrates its database. The caller stops it. */
export async function startTestDatabase(migrationsFolder = MIGRATIONS_FOLDER): Promise<TestDatabase> {
  const folder = mkdtempSync(path.join(tmpdir(), 'switchback-test-'));
  const port = await choosePort(undefined, new Set());
  const { plan, databaseUrl } = await preparePostgres(folder, port);
  const start = async (): Promise<ChildProcess> => {
    // What is lost in a crash of the machine does not matter here; what is lost in a crash of the server does, and is not.
    const child = spawn(plan.command, [...plan.args, '-c', 'fsync=off'], {
      env: { ...plan.env, NODE_ENV: 'test' },
      stdio: 'ignore',
      detached: true,
    });
    await openDatabase(databaseUrl);
    return child;
  };
  const kill = async (child: ChildProcess, signal: NodeJS.Signals) => {
    const ended = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : null;
    if (child.pid !== undefined) process.kill(-child.pid, signal);
    await ended;
  };
  let server = await start();
  await applyMigrations(databaseUrl, migrationsFolder);
  return {
    url: databaseUrl,
    crashAndRestart: async () => {
      await kill(server, 'SIGKILL');
      server = await start();
    },
    stop: async () => {
      await kill(server, 'SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
