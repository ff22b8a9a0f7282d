import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import { openLog } from './log-files.ts';
import { processIdentity } from './process-identity.ts';
import type { SupervisorRecord } from './supervisor-record.ts';

/** One process to keep running. */
export interface ChildPlan {
  name: string;
  command: string;
  args: string[];
  env: Record<string, string | undefined>;
  /** Opens an IPC channel, by whose end the child learns at once that its supervisor died. Node processes only. */
  channel: boolean;
  /** Signals to stop it with, in order, each with the time it is given. SIGKILL follows the last. */
  stopSignals: readonly { signal: NodeJS.Signals; patienceMs: number }[];
}

/** What happened to a child, for the log and the console. */
export type ChildEvent =
  | { kind: 'started'; name: string; pid: number }
  | { kind: 'ended'; name: string; code: number | null; signal: NodeJS.Signals | null; nextStartMs: number }
  | { kind: 'killed-slow-stop'; name: string; signal: NodeJS.Signals };

/** Node processes are asked once; what they supervise themselves has to stop in that time too. */
export const NODE_STOP = [{ signal: 'SIGTERM', patienceMs: 10_000 }] as const;

const FIRST_RESTART_MS = 250;
const LAST_RESTART_MS = 10_000;
/** Who was killed did not fail by itself; only a machine short of memory kills the same one over and over. */
const LAST_RESTART_AFTER_KILL_MS = 1_000;
/** A process that ran this long is taken to have been healthy: its next end counts as the first. */
const HEALTHY_AFTER_MS = 10_000;

/** Delay before the next start after `quickEnds` (≥ 0) ends in a row: doubles from 250 ms to 10 s, to 1 s where it was killed. */
export function restartDelayMs(quickEnds: number, killed: boolean): number {
  return Math.min(killed ? LAST_RESTART_AFTER_KILL_MS : LAST_RESTART_MS, FIRST_RESTART_MS * 2 ** quickEnds);
}

/**
 * Keeps one process running until it is stopped: starts it, starts it again with growing delays when it ends, and notes
 * its number for the next supervisor. Waits on the process's end and on one timer at most; nothing polls.
 */
export class SupervisedChild {
  readonly #plan: ChildPlan;
  readonly #logFolder: string;
  readonly #record: SupervisorRecord;
  readonly #report: (event: ChildEvent) => void;
  #process: ChildProcess | null = null;
  #restart: NodeJS.Timeout | null = null;
  #quickEnds = 0;
  #stopping = false;

  constructor(plan: ChildPlan, logFolder: string, record: SupervisorRecord, report: (event: ChildEvent) => void) {
    this.#plan = plan;
    this.#logFolder = logFolder;
    this.#record = record;
    this.#report = report;
  }

  get name(): string {
    return this.#plan.name;
  }

  /** Process number while it runs. */
  get pid(): number | null {
    return this.#process?.pid ?? null;
  }

  start(): void {
    const { name, command, args, env, channel } = this.#plan;
    const log = openLog(this.#logFolder, name);
    const startedAt = performance.now();
    // A session of its own: Ctrl-C reaches the supervisor only, which then stops everything in order.
    const child = spawn(command, args, {
      env: { ...env, NODE_ENV: 'production' },
      detached: true,
      stdio: channel ? ['ignore', log, log, 'ipc'] : ['ignore', log, log],
    });
    closeSync(log);
    this.#process = child;
    let over = false;
    const ended = (code: number | null, signal: NodeJS.Signals | null) => {
      if (over) return;
      over = true;
      this.#ended(code, signal, performance.now() - startedAt);
    };
    // A command that cannot be started has no exit, only an error.
    child.once('error', () => child.pid === undefined && ended(null, null));
    child.once('exit', ended);
    if (child.pid === undefined) return;
    const identity = processIdentity(child.pid);
    if (identity !== null) this.#record.remember(name, { pid: child.pid, identity });
    this.#report({ kind: 'started', name, pid: child.pid });
  }

  #ended(code: number | null, signal: NodeJS.Signals | null, ranMs: number): void {
    this.#process = null;
    this.#record.forget(this.#plan.name);
    if (this.#stopping) return;
    this.#quickEnds = ranMs >= HEALTHY_AFTER_MS ? 0 : this.#quickEnds;
    const nextStartMs = restartDelayMs(this.#quickEnds, signal === 'SIGKILL');
    this.#quickEnds += 1;
    this.#restart = setTimeout(() => this.start(), nextStartMs);
    this.#report({ kind: 'ended', name: this.#plan.name, code, signal, nextStartMs });
  }

  /** Stops it for good. Resolves when it has ended, which SIGKILL enforces when its patience is over. */
  async stop(): Promise<void> {
    this.#stopping = true;
    if (this.#restart !== null) clearTimeout(this.#restart);
    const child = this.#process;
    if (child?.pid === undefined) return;
    const ended = once(child, 'exit');
    for (const { signal, patienceMs } of this.#plan.stopSignals) {
      child.kill(signal);
      if (await settlesWithin(ended, patienceMs)) return;
      this.#report({ kind: 'killed-slow-stop', name: this.#plan.name, signal });
    }
    child.kill('SIGKILL');
    await ended;
  }

  /** Ends it this instant, for an operator who asked a second time. */
  kill(): void {
    this.#process?.kill('SIGKILL');
  }
}

/** Whether `work` settles within `patienceMs`. */
export async function settlesWithin(work: Promise<unknown>, patienceMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), patienceMs);
  });
  const done = await Promise.race([work.then(() => true), late]);
  clearTimeout(timer);
  return done;
}
