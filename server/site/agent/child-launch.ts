/** Starting one process so that it outlives the agent, and hearing from it once it listens. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, copyFileSync, mkdirSync, openSync, statSync, truncateSync } from 'node:fs';
import path from 'node:path';
import { type ProcessConfig, type RunRecord, runRecordSchema } from '../processes/child-protocol.ts';
import { replaceRecord } from '../processes/durable-file.ts';
import type { ProcessPaths } from '../processes/layout.ts';

const LOG_LIMIT_BYTES = 4 * 1024 * 1024;

export interface LaunchEvents {
  /** It listens, and this is its record. */
  onReady(record: RunRecord): void;
  /** Called once. Both null where it could not even be started; then `problem` says why. */
  onEnd(code: number | null, signal: string | null, problem: string | null): void;
}

/**
 * Starts `program` on the configuration, in a session of its own: neither the agent's death nor a key pressed in the
 * agent's terminal reaches it. Its output goes to a file, for a pipe to a dead agent would kill it.
 */
export function launchChild(
  program: string,
  paths: ProcessPaths,
  config: ProcessConfig,
  events: LaunchEvents,
): ChildProcess {
  mkdirSync(paths.folder, { recursive: true, mode: 0o700 });
  replaceRecord(paths.config, config);
  const log = openLog(paths.log);
  let child: ChildProcess;
  try {
    child = spawn(process.execPath, ['--enable-source-maps', program, paths.config], {
      detached: true,
      cwd: path.dirname(program),
      stdio: ['ignore', log, log, 'ipc'],
      env: childEnvironment(),
    });
  } finally {
    closeSync(log);
  }
  let ended = false;
  const end = (code: number | null, signal: string | null, problem: string | null): void => {
    if (ended) return;
    ended = true;
    events.onEnd(code, signal, problem);
  };
  child.on('message', (message) => {
    const record = runRecordSchema.safeParse(message);
    if (record.success) events.onReady(record.data);
  });
  child.on('exit', (code, signal) => end(code, signal, null));
  child.on('error', (error) => {
    if (child.pid === undefined) end(null, null, error.message);
  });
  return child;
}

/** Nothing of the agent's own settings, and no secret, travels in the environment. */
function childEnvironment(): NodeJS.ProcessEnv {
  const { PATH, HOME, TZ, LANG, TMPDIR, NODE_ENV } = process.env;
  return { PATH, HOME, TZ, LANG, TMPDIR, NODE_ENV };
}

/**
 * Keeps a log bounded: one that has grown large is kept once, and begins anew. Its writer appends, so it needs no word of
 * this; lines written between the copy and the cut are lost.
 */
export function trimLog(file: string): void {
  try {
    if (statSync(file).size <= LOG_LIMIT_BYTES) return;
    copyFileSync(file, `${file}.1`);
    truncateSync(file);
  } catch {
    // There is none yet, or the disk is full; the log must never stop what it tells of.
  }
}

/** Appends to the log of earlier lives. */
function openLog(file: string): number {
  trimLog(file);
  return openSync(file, 'a', 0o600);
}
