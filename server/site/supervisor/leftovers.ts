import { isSameProcess, processIdentity } from './process-identity.ts';
import type { RememberedProcess } from './supervisor-record.ts';

/** Without a parent there is no event for the end of a process, so its end is asked for this often. */
const ASK_EVERY_MS = 20;

/**
 * Stops a process left over by a killed supervisor: sends each signal in turn, waiting up to `patienceMs` for its end,
 * then SIGKILL. Anything that is not that very process any more is left alone. Answers whether there was something to
 * stop.
 */
export async function stopLeftover(
  { pid, identity }: RememberedProcess,
  signals: readonly NodeJS.Signals[],
  patienceMs: number,
): Promise<boolean> {
  if (!isSameProcess(pid, identity)) return false;
  for (const signal of [...signals, 'SIGKILL'] as const) {
    send(pid, signal);
    if (await endsWithin(pid, identity, patienceMs)) return true;
  }
  return true;
}

/** The process of that number as it is now, or `null` where there is none. */
export function rememberProcess(pid: number): RememberedProcess | null {
  const identity = processIdentity(pid);
  return identity === null ? null : { pid, identity };
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended between the look and the signal, which is what was wanted.
  }
}

async function endsWithin(pid: number, identity: string, patienceMs: number): Promise<boolean> {
  const deadline = performance.now() + patienceMs;
  while (isSameProcess(pid, identity)) {
    if (performance.now() >= deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
  }
  return true;
}
