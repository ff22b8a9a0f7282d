/**
 * What a recorder leaves running when it is killed: its Chromium, the film tool, a worker of Playwright. Each of them carries
 * the recording's own scratch folder in its environment or on its command line, by which they are found and ended.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const LOOK_EVERY_MS = 100;
/** After SIGKILL a process is gone as soon as the kernel gets to it. */
const KILLED_WITHIN_MS = 10_000;

/** Where the recording of a bundle keeps what nobody is to see: one place for each, whichever worker asks. Short: sockets lie in it. */
export function scratchOf(bundleFolder: string): string {
  const name = createHash('sha256').update(path.resolve(bundleFolder)).digest('hex').slice(0, 16);
  return path.join(tmpdir(), `switchback-recording-${name}`);
}

/** Process numbers of this machine that work in `scratch`, and of all that those started. Empty where there is no /proc. */
export function processesIn(scratch: string): number[] {
  const parents = new Map<number, number>();
  const found = new Set<number>();
  for (const name of foldersOfProcesses()) {
    const pid = Number(name);
    const parent = parentOf(pid);
    if (parent === null || pid === process.pid) continue;
    parents.set(pid, parent);
    if (mentions(pid, 'environ', scratch) || mentions(pid, 'cmdline', scratch)) found.add(pid);
  }
  // Chromium's own children overwrite their environment.
  for (let grown = true; grown; ) {
    grown = false;
    for (const [pid, parent] of parents)
      if (found.has(parent) && !found.has(pid)) {
        found.add(pid);
        grown = true;
      }
  }
  return [...found];
}

/** The process that walks the runbook, and started all others of the recording; null where it is gone. */
export function runnerIn(scratch: string): number | null {
  return processesIn(scratch).find((pid) => /cli\.js\0test\0/.test(read(pid, 'cmdline'))) ?? null;
}

/** Gives what works in `scratch` the time to end by itself, then ends it with SIGKILL. Resolves with how many had to be killed. */
export async function endRemains(scratch: string, patienceMs: number): Promise<number> {
  await until(patienceMs, () => processesIn(scratch).length === 0);
  const killed = new Set<number>();
  await until(KILLED_WITHIN_MS, () => {
    const left = processesIn(scratch);
    for (const pid of left) {
      killed.add(pid);
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended in between.
      }
    }
    return left.length === 0;
  });
  return killed.size;
}

async function until(boundMs: number, holds: () => boolean): Promise<void> {
  const end = performance.now() + boundMs;
  while (!holds() && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
}

function foldersOfProcesses(): string[] {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

/** Null for a process that is gone, or is only waiting to be reaped. */
function parentOf(pid: number): number | null {
  const status = read(pid, 'stat');
  // The name stands in brackets, and may hold anything.
  const [state, parent] = status.slice(status.lastIndexOf(')') + 2).split(' ');
  return state === undefined || state === 'Z' || !parent ? null : Number(parent);
}

const mentions = (pid: number, file: string, words: string) => read(pid, file).includes(words);

function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    // Gone, or not ours to look into.
    return '';
  }
}
