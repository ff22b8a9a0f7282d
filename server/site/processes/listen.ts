/** Keeping an address from one life of a process to the next, so that peers need not learn a new one. */

/**
 * Listens where the last life did, where that is still free; else on a free port of `host`. `listen` rejects with an
 * error that carries the system's code.
 */
export async function listenWhereBefore<T>(
  listen: (address: string) => Promise<T>,
  host: string,
  before: string | null,
): Promise<T> {
  if (before !== null && hostOf(before) === host) {
    try {
      return await listen(before);
    } catch (error) {
      if (!isTaken(error)) throw error;
    }
  }
  return listen(`${host}:0`);
}

/** `127.0.0.1:7000` → `127.0.0.1`; brackets of IPv6 stay. */
export function hostOf(address: string): string {
  return address.slice(0, address.lastIndexOf(':'));
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'EADDRINUSE' || error.code === 'EACCES');
}
