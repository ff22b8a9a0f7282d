/**
 * The web process: Next behind a thin server of our own, because `next start` does not end while an event stream is open.
 */
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import next from 'next';
import { watchParent } from '../site/supervisor/parent-watch.ts';

const host = process.env.HOST || '127.0.0.1';
const port = Number(process.env.PORT || 3000);

const app = next({ dev: false, dir: fileURLToPath(new URL('..', import.meta.url)), hostname: host, port });
await app.prepare();
const handle = app.getRequestHandler();
const server = createServer((request, response) => {
  handle(request, response).catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    response.destroy();
  });
});

/** Streams never end by themselves; their readers come back and resume. */
function stop(): void {
  server.close(() => process.exit(0));
  server.closeAllConnections();
}
process.once('SIGTERM', stop);
process.once('SIGINT', stop);
watchParent(stop);

server.listen(port, host);
