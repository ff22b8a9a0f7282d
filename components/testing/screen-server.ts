/** The built dashboard over fixtures: pages from Next's own production server, the API from the real router. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { createServer as createProbe } from 'node:net';
import path from 'node:path';
import { nodeHTTPRequestHandler } from '@trpc/server/adapters/node-http';
import { appRouter } from '../../server/api/router.ts';
import type { FixtureServices } from './fixture-services.ts';

const ROOT = path.join(import.meta.dirname, '..', '..');
const API = '/api/trpc/';

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createProbe().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

function startPages(port: number): Promise<ChildProcess> {
  const child = spawn(
    process.execPath,
    [path.join(ROOT, 'node_modules/next/dist/bin/next'), 'start', '-p', String(port), '-H', '127.0.0.1'],
    {
      cwd: ROOT,
      env: { ...process.env, NODE_ENV: 'production' },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  return new Promise((resolve, reject) => {
    let said = '';
    const hear = (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('Ready in')) resolve(child);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('exit', (code) => reject(new Error(`next start ended with ${code}: ${said}`)));
  });
}

function passOn(port: number, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const onward = request(
    { host: '127.0.0.1', port, path: incoming.url, method: incoming.method, headers: incoming.headers },
    (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    },
  );
  onward.once('error', () => outgoing.destroy());
  incoming.pipe(onward);
}

export interface ScreenServer {
  url: string;
  /** Replaces what the API stands on. */
  use(fixture: FixtureServices): void;
  stop(): Promise<void>;
}

/** Serves `.next` as it was built last. */
export async function startScreenServer(first: FixtureServices): Promise<ScreenServer> {
  let fixture = first;
  const pagesPort = await freePort();
  const pages = await startPages(pagesPort);
  const server: Server = createServer((incoming, outgoing) => {
    if (!incoming.url?.startsWith(API)) return passOn(pagesPort, incoming, outgoing);
    const endpoint = incoming.url.slice(API.length).split('?')[0] ?? '';
    void nodeHTTPRequestHandler({
      req: incoming,
      res: outgoing,
      path: endpoint,
      router: appRouter,
      createContext: () => ({
        actor: { name: 'operator', role: 'administrator' as const },
        services: fixture.services(),
      }),
    });
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${port}`,
    use: (next) => {
      fixture = next;
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      const ended = new Promise((resolve) => pages.once('exit', resolve));
      pages.removeAllListeners('exit');
      pages.kill('SIGKILL');
      await Promise.race([ended, new Promise((resolve) => pages.once('exit', resolve))]);
    },
  };
}
