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

/** A start that ends at once is tried so often. */
const START_ATTEMPTS = 50;

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
  const launch = (): ChildProcess => {
    // What is lost in a crash of the machine does not matter here; what is lost in a crash of the server does, and is not.
    return spawn(plan.command, [...plan.args, '-c', 'fsync=off'], {
      env: { ...plan.env, NODE_ENV: 'test' },
      stdio: 'ignore',
      detached: true,
    });
  };
  const start = async (): Promise<ChildProcess> => {
    for (let attempt = 1; ; attempt += 1) {
      const child = launch();
      const ended = once(child, 'exit').then(() => false);
      const answers = openDatabase(databaseUrl).then(() => true);
      // Whoever loses the race is heard by nobody.
      answers.catch(() => undefined);
      if (await Promise.race([answers, ended])) return child;
      // A backend of the killed server that has not ended yet holds its shared memory, and the new one gives way.
      if (attempt === START_ATTEMPTS) throw new Error(`PostgreSQL ended ${attempt} times at its start`);
    }
  };
  const kill = async (child: ChildProcess, signal: NodeJS.Signals) => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    process.kill(-child.pid, signal);
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
