import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Whether `port` (0 to 65535, 0: any) can be listened on at `host` right now; answers the port, or `null` where taken. */
export function tryPort(host: string, port: number): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(null);
      else reject(error);
    });
    probe.listen({ host, port, exclusive: true }, () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : null));
    });
  });
}

/**
 * Where chosen ports lie: below the ranges from which Linux and macOS take a port for an outgoing connection, since such
 * a connection could hold the port of a process that is just being started again.
 */
const FIRST_PORT = 20_000;
const LAST_PORT = 29_999;

/** `wanted` where it is free on loopback and not in `taken`, else a free one. Kept ports make restarts quiet for peers. */
export async function choosePort(wanted: number | undefined, taken: ReadonlySet<number>): Promise<number> {
  for (let port = wanted ?? anyPort(); ; port = anyPort()) {
    if (!taken.has(port) && (await tryPort('127.0.0.1', port)) !== null) return port;
  }
}

function anyPort(): number {
  return randomInt(FIRST_PORT, LAST_PORT + 1);
}
