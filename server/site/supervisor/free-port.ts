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

/** `wanted` where it is free on loopback and not in `taken`, else a free one. Kept ports make restarts quiet for peers. */
export async function choosePort(wanted: number | undefined, taken: ReadonlySet<number>): Promise<number> {
  if (wanted !== undefined && !taken.has(wanted) && (await tryPort('127.0.0.1', wanted)) !== null) return wanted;
  for (;;) {
    const port = await tryPort('127.0.0.1', 0);
    if (port !== null && !taken.has(port)) return port;
  }
}
