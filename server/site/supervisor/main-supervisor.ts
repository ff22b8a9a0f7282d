/**
 * The supervisor's process: `npm start` sets up and then loads this. One per data folder; ends with everything it
 * started on SIGTERM, Ctrl-C, or when the npm that started it has died.
 */
import { mkdirSync, realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { knock, tryLock } from '../../../scripts/lib/lock.mjs';
import { refusalOf, refuse } from '../../domain/refusal.ts';
import { watchParent } from './parent-watch.ts';
import { readSettings } from './settings.ts';
import { Supervisor } from './supervisor.ts';

const ownerSchema = z.object({ pid: z.number(), stopping: z.boolean() });

/** Both streams at once, and synchronously enough: these are terminals, pipes or files. */
function print(stream: 'out' | 'note', line: string): void {
  (stream === 'out' ? process.stdout : process.stderr).write(`${line}\n`);
}

/** Takes the data folder for this process. A supervisor that is just stopping is waited for, one that runs is a refusal. */
async function takeDataFolder(dataFolder: string, isStopping: () => boolean): Promise<void> {
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  const key = `data ${realpathSync(dataFolder)}`;
  while ((await tryLock(key, () => ({ pid: process.pid, stopping: isStopping() }))) === null) {
    const { told, gone, leave } = await knock(key);
    const owner = ownerSchema.nullable().parse(told);
    if (owner !== null && !owner.stopping) {
      leave();
      throw refuse(
        'busy',
        `Process ${owner.pid} already runs Switchback on ${dataFolder}.`,
        'Use that one, or stop it first, or set SWITCHBACK_DATA to another folder.',
      );
    }
    if (owner !== null) print('note', `waiting for process ${owner.pid}, which is stopping`);
    await gone;
  }
}

async function main(): Promise<void> {
  const settings = readSettings(process.env, process.cwd());
  let stopping: Promise<void> | null = null;
  const parent = process.ppid;
  // npm stays our parent for as long as it lives. Started in another way, a parent may end without meaning anything.
  const startedByNpm = process.env.npm_lifecycle_event === 'start';
  const orphaned = () => startedByNpm && process.ppid !== parent;
  await takeDataFolder(settings.dataFolder, () => stopping !== null || orphaned());

  const root = fileURLToPath(new URL('..', import.meta.url));
  const supervisor = new Supervisor({ settings, root, environment: process.env, print });
  const stop = (status: number) => {
    if (stopping !== null) return;
    stopping = supervisor.stop().finally(() => process.exit(status));
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => {
      // Asked a second time from the keyboard, the operator does not want to wait.
      if (stopping !== null && signal === 'SIGINT') supervisor.kill();
      stop(0);
    });
  }
  if (startedByNpm) watchParent(() => stop(0));
  try {
    await supervisor.start();
  } catch (error) {
    if (stopping !== null) return;
    report(error);
    stop(1);
  }
}

function report(error: unknown): void {
  const { code, message, cure } = refusalOf(error);
  print('note', `switchback: ${message}`);
  print('note', code === 'internal' ? `${cure}\n${error instanceof Error ? error.stack : ''}` : cure);
}

try {
  await main();
} catch (error) {
  report(error);
  process.exitCode = 1;
}
