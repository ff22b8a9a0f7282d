/**
 * The web process: the API served directly, the screens by Next behind it. A server of our own, because `next start` does
 * not end while an event stream is open, and because every request has to pass the same checks first.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import next from 'next';
import { readSoftware } from '../control/software.ts';
import { RealLog } from '../site/ports/real-log.ts';
import { watchParent } from '../site/supervisor/parent-watch.ts';
import { isLoopback } from '../site/supervisor/settings.ts';
import { handleApi } from './http/api-handler.ts';
import { startWebServices } from './web-services.ts';

/** A request has this long to arrive; answers may stream for ever. */
const REQUEST_WITHIN_MS = 30_000;

const host = process.env.HOST || '127.0.0.1';
const port = Number(process.env.PORT || 3000);
const databaseUrl = process.env.DATABASE_URL;
const log = new RealLog({ process: 'web' });
if (!databaseUrl) throw new Error('DATABASE_URL is not set: start Switchback with `npm start`, which sets it.');

const security = { host, adminPassword: process.env.SWITCHBACK_ADMIN_PASSWORD || null };
const root = fileURLToPath(new URL('..', import.meta.url));
const installation = {
  software: readSoftware(root),
  runbooks: path.join(root, 'e2e', 'runbooks'),
  evidence: path.join(process.env.SWITCHBACK_DATA || path.join(root, '.data'), 'evidence'),
};
const web = await startWebServices(databaseUrl, security, installation, log);

const app = next({ dev: false, dir: root, hostname: host, port });
await app.prepare();
const handleScreens = app.getRequestHandler();

const server = createServer((request, response) => {
  handleApi(request, response, web.parts)
    .then((handled) => (handled ? undefined : handleScreens(request, response)))
    .catch((error: unknown) => {
      log.write('error', 'a request failed', { reason: error instanceof Error ? error.stack : String(error) });
      response.destroy();
    });
});
server.requestTimeout = REQUEST_WITHIN_MS;

/** Streams never end by themselves; their readers come back and resume. */
function stop(): void {
  server.close(() => process.exit(0));
  server.closeAllConnections();
}
process.once('SIGTERM', stop);
process.once('SIGINT', stop);
watchParent(stop);

server.listen(port, host, () => leaveAddress(process.env.SWITCHBACK_DATA));

/** Tells the `switchback` command where to find this server. */
function leaveAddress(dataFolder: string | undefined): void {
  const address = server.address();
  if (!dataFolder || address === null || typeof address === 'string') return;
  const reachedAt = isLoopback(host) ? host : '127.0.0.1';
  const url = `http://${reachedAt.includes(':') ? `[${reachedAt}]` : reachedAt}:${address.port}`;
  const file = path.join(dataFolder, 'web.json');
  writeFileSync(`${file}.new`, JSON.stringify({ url, pid: process.pid }));
  renameSync(`${file}.new`, file);
}
