import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { choosePort, tryPort } from './free-port.ts';
import { waitUntilReady } from './readiness.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** Answers the given statuses in turn, the last one for ever. */
async function serve(answers: { status: number; body?: string }[]): Promise<{ url: string; asked: () => string[] }> {
  const paths: string[] = [];
  const server = createServer((request, response) => {
    const answer = answers[Math.min(paths.length, answers.length - 1)];
    paths.push(request.url ?? '');
    response.writeHead(answer?.status ?? 500).end(answer?.body);
  }).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  // A TCP server's address is never a string.
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked: () => paths };
}

const missing = (message: string) => ({ status: 503, body: JSON.stringify({ error: { code: 'not-ready', message } }) });

describe('waitUntilReady', () => {
  it('waits for 200 and tells each thing that is missing once', async () => {
    const { url, asked } = await serve([
      { status: 404 },
      missing('P-I copies'),
      missing('P-I copies'),
      missing('I-R copies'),
      { status: 200 },
    ]);
    const told: string[] = [];
    expect(await waitUntilReady(url, new AbortController().signal, (message) => told.push(message))).toBe(true);
    expect(told).toEqual(['GET /readyz answers 404', 'P-I copies', 'I-R copies']);
    expect(asked()).toEqual(Array(5).fill('/readyz'));
  });

  it('gives up when it is told to', async () => {
    const { url } = await serve([missing('something')]);
    const stop = new AbortController();
    expect(await waitUntilReady(url, stop.signal, () => stop.abort())).toBe(false);
  });

  it('goes on while nobody listens', async () => {
    const stop = new AbortController();
    const port = await choosePort(undefined, new Set());
    const waiting = waitUntilReady(`http://127.0.0.1:${port}`, stop.signal, () => {});
    const late = createServer((_request, response) => response.end()).listen(port, '127.0.0.1');
    servers.push(late);
    expect(await waiting).toBe(true);
  });
});

describe('ports', () => {
  it('keeps a wanted port only while it is free', async () => {
    const { url } = await serve([{ status: 200 }]);
    const busy = Number(new URL(url).port);
    expect(await tryPort('127.0.0.1', busy)).toBeNull();
    const free = await choosePort(busy, new Set());
    expect(free).not.toBe(busy);
    expect(await choosePort(free, new Set())).toBe(free);
    expect(await choosePort(free, new Set([free]))).not.toBe(free);
  });
});
