/** One life of one process. Process ids are used again, so nothing here ever trusts a number alone. */
import { isSameProcess, processIdentity } from '../supervisor/process-identity.ts';

export interface ProcessIdentity {
  pid: number;
  /** Same for one life of a process, different for every other process that ever had or will have this id. */
  lifeMark: string;
}

/** Identity of the process that asks. */
export function ownIdentity(): ProcessIdentity {
  const lifeMark = processIdentity(process.pid);
  if (lifeMark === null) throw new Error('This process cannot find itself in the process table; is /proc mounted?');
  return { pid: process.pid, lifeMark };
}

/** Is this very process alive? One that is dead but not yet collected is not. */
export function isAlive({ pid, lifeMark }: ProcessIdentity): boolean {
  return isSameProcess(pid, lifeMark);
}

/** Sends `signal` to that very process, never to a stranger that inherited its number. Returns whether it was sent. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isAlive(identity)) return false;
  try {
    process.kill(identity.pid, signal);
    return true;
  } catch {
    return false; // It ended between the look and the signal.
  }
}
