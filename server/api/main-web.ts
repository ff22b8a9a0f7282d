/**
 * The web process: the API served directly, the screens by Next behind it. A server of our own, because `next start` does
 * not end while an event stream is open, and because every request has to pass the same checks first.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import next from 'next';
import { CommandClient } from '../control/command-queue.ts';
import { openControlDatabase } from '../control/database.ts';
import { NoticeListener } from '../control/notices.ts';
import { StatusBoard } from '../control/status-board.ts';
import { RealLog } from '../site/ports/real-log.ts';
import { watchParent } from '../site/supervisor/parent-watch.ts';
import { isLoopback } from '../site/supervisor/settings.ts';
import { makeChangeServices } from './change-services.ts';
import { handleApi } from './http/api-handler.ts';
import { LiveHub } from './live-hub.ts';
import { prometheusText } from './metrics.ts';
import { demoReadiness, makeReadServices } from './read-services.ts';

/** Between a fact and a screen lie milliseconds. */
const GATHER_MS = 15;

const host = process.env.HOST || '127.0.0.1';
const port = Number(process.env.PORT || 3000);
const databaseUrl = process.env.DATABASE_URL;
const log = new RealLog({ process: 'web' });
if (!databaseUrl) throw new Error('DATABASE_URL is not set: start Switchback with `npm start`, which sets it.');

const database = openControlDatabase(databaseUrl, log);
const notices = new NoticeListener(databaseUrl, log);
const board = new StatusBoard(database, log, notices, GATHER_MS);
const hub = new LiveHub(database, board, log, notices);
const commands = new CommandClient(database, notices);
await notices.start();
await board.start();
await hub.start();

const services = {
  read: makeReadServices(database, board, hub, Date.now()),
  change: makeChangeServices(database, commands, board),
  live: hub,
};
const parts = {
  // Until users and sessions come, whoever reaches this machine's loopback is its administrator.
  context: { actor: { name: 'local', role: 'administrator' as const }, services },
  security: { host, adminPassword: process.env.SWITCHBACK_ADMIN_PASSWORD || null },
  log,
  metrics: async () => prometheusText(board.all(), hub.size),
  readiness: () => demoReadiness(database, board),
};

const app = next({ dev: false, dir: fileURLToPath(new URL('..', import.meta.url)), hostname: host, port });
await app.prepare();
const handleScreens = app.getRequestHandler();

const server = createServer((request, response) => {
  handleApi(request, response, parts)
    .then((handled) => (handled ? undefined : handleScreens(request, response)))
    .catch((error: unknown) => {
      log.write('error', 'a request failed', { reason: error instanceof Error ? error.stack : String(error) });
      response.destroy();
    });
});
// A request has this long to arrive; answers may stream for ever.
server.requestTimeout = 30_000;

/** Streams never end by themselves; their readers come back and resume. */
function stop(): void {
  hub.stop();
  board.stop();
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
