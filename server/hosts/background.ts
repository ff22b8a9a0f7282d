/** Work nobody waits for. */
import type { Log } from '../domain/ports.ts';

/** Lets `work` go on by itself; a failure nobody foresaw is logged and never becomes an unhandled rejection. */
export function inBackground(work: Promise<unknown>, log: Log, what: string): void {
  work.catch((error: unknown) => {
    try {
      log.write('error', `${what} failed`, { error: error instanceof Error ? error.message : String(error) });
    } catch {
      // The ports of a killed process throw; there is nobody left to tell.
    }
  });
}
