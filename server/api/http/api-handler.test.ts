import { request } from 'node:http';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestDatabase, type TestDatabase } from '../../control/testing/database.ts';
import { describeProcedures } from '../openapi.ts';
import { type ApiServer, startApiServer } from '../testing/api-server.ts';
import { MAX_BODY_BYTES } from './api-handler.ts';

let database: TestDatabase;
let api: ApiServer;

beforeAll(async () => {
  database = await startTestDatabase();
  api = await startApiServer(database.url);
});

afterAll(async () => {
  await api.stop();
  await database.stop();
});

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/** Sends exactly these headers, a foreign Host and Origin included, which `fetch` would not. */
function send(
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string | Buffer } = {},
  url = api.url,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      url + path,
      { method: options.method ?? 'GET', headers: options.headers ?? {}, agent: false },
      (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (text: string) => {
          body += text;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
      },
    );
    sent.on('error', reject);
    sent.end(options.body);
  });
}

const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  send(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });

/** The refusal in whichever of the two envelopes it came. */
function refusalIn({ body }: Answer): { code: string; message: string; cure: string } {
  const { error } = JSON.parse(body);
  return error.data?.refusal ?? error;
}

describe('who may ask', () => {
  test.each(['evil.example', 'evil.example:3000', '127.0.0.1.evil.example', '10.0.0.1', '[::1', 'localhost.evil'])(
    'not for the host “%s”',
    async (host) => {
      const answer = await send('/api/trpc/groups.fleet', { headers: { host } });
      expect([400, 421]).toContain(answer.status);
    },
  );

  test.each(['localhost', '127.0.0.1', '[::1]', 'localhost:3000', '127.1.2.3:80'])(
    'for the host “%s”',
    async (host) => {
      expect((await send('/api/trpc/groups.fleet', { headers: { host } })).status).toBe(200);
    },
  );

  test.each<Record<string, string>>([
    { origin: 'http://evil.example' },
    { origin: 'null' },
    { origin: 'http://127.0.0.1:1' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ])('no change from another site: %o', async (headers) => {
    const answer = await post('/api/trpc/groups.power', { group: 'demo', powered: false }, headers);
    expect(answer.status).toBe(403);
    expect(refusalIn(answer).code).toBe('forbidden');
  });

  test('changes from our own pages and from scripts get as far as the procedure', async () => {
    const own = await post(
      '/api/trpc/runs.order',
      { run: 'x', key: 'k', order: { order: 'abort' } },
      { origin: api.url },
    );
    expect(refusalIn(own).code).toBe('unknown-run');
    const script = await post('/api/trpc/runs.order', { run: 'x', key: 'k', order: { order: 'abort' } });
    expect(refusalIn(script).code).toBe('unknown-run');
  });

  test('with a password set, nobody without it, save for health', async () => {
    const guarded = await startApiServer(database.url, { host: '0.0.0.0', adminPassword: 'correct horse' });
    try {
      const ask = (headers: Record<string, string>, path = '/metrics') => send(path, { headers }, guarded.url);
      const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` });
      expect((await ask({})).status).toBe(401);
      expect((await ask(basic('admin:wrong'))).status).toBe(401);
      expect((await ask({ authorization: 'Bearer correct horse battery' })).status).toBe(401);
      expect((await ask(basic('admin:correct horse'))).status).toBe(200);
      expect((await ask({ authorization: `Bearer ${encodeURIComponent('correct horse')}` })).status).toBe(401);
      expect((await ask({}, '/healthz')).status).toBe(200);
      expect((await ask({}, '/')).status).toBe(401);
    } finally {
      await guarded.stop();
    }
  });
});

describe('malformed input', () => {
  test.each<[string, () => Promise<Answer>, number]>([
    ['broken JSON in a query', () => send('/api/trpc/groups.status?input=%7B'), 400],
    ['a wrong type', () => send(`/api/trpc/groups.status?input=${encodeURIComponent('{"group":5}')}`), 400],
    ['no input at all', () => send('/api/trpc/groups.status'), 400],
    [
      'broken JSON in a change',
      () =>
        send('/api/trpc/runs.start', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{' }),
      400,
    ],
    ['a field nobody knows', () => post('/api/trpc/runs.start', { group: 'demo', routine: 'failover', typo: 1 }), 400],
    ['no such procedure', () => send('/api/trpc/nope'), 404],
    ['a prototype’s name as procedure', () => send('/api/trpc/__proto__'), 404],
    ['a change by GET', () => send('/api/trpc/runs.start'), 405],
    [
      'another content type',
      () => send('/api/trpc/runs.start', { method: 'POST', headers: { 'content-type': 'text/plain' }, body: '{}' }),
      415,
    ],
    ['a body too large', () => post('/api/trpc/runs.start', { group: 'x'.repeat(MAX_BODY_BYTES) }), 413],
    [
      'a body too large that does not say so',
      () =>
        send('/api/trpc/runs.start', {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'transfer-encoding': 'chunked' },
          body: Buffer.alloc(MAX_BODY_BYTES + 1, 97),
        }),
      413,
    ],
    ['a malformed address', () => send('/%E0%A4%A'), 400],
    ['an unknown path', () => send('/api/nothing'), 404],
    ['a change of what can only be read', () => send('/metrics', { method: 'POST' }), 405],
    ['an unknown group', () => send(`/api/trpc/groups.status?input=${encodeURIComponent('{"group":"nope"}')}`), 404],
    ['an unknown arrangement', () => post('/api/trpc/groups.create', { name: 'x', arrangement: 'ring' }), 400],
    [
      'an oversize volume',
      () => post('/api/trpc/groups.create', { name: 'x', arrangement: 'chain-3', volumeBytes: 2 ** 50 }),
      400,
    ],
    [
      'a line the arrangement lacks',
      () => post('/api/trpc/groups.create', { name: 'x', arrangement: 'chain-3', km: { 'P-R': 5 } }),
      404,
    ],
  ])('%s: a clear refusal', async (_name, ask, status) => {
    const answer = await ask();
    expect(answer.status).toBe(status);
    const refusal = refusalIn(answer);
    expect(refusal.code).toMatch(/^[a-z-]+$/);
    expect(refusal.message).not.toBe('');
    expect(refusal.cure).not.toBe('');
    expect(answer.body).not.toContain('at file:');
  });

  test('whatever is sent to whichever procedure, the answer is JSON and never a failure of ours', async () => {
    const paths = describeProcedures().filter(({ type, path }) => type === 'query' && !path.startsWith('pairs.'));
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...paths), fc.jsonValue(), async ({ path }, input) => {
        const answer = await send(`/api/trpc/${path}?input=${encodeURIComponent(JSON.stringify(input))}`);
        expect(answer.status).not.toBe(500);
        JSON.parse(answer.body);
      }),
      { numRuns: 150 },
    );
  });
});

test('every answer carries the headers that protect the screens', async () => {
  for (const path of ['/', '/api/openapi.json', '/api/trpc/groups.fleet', '/api/nothing']) {
    const { headers } = await send(path);
    expect(headers['content-security-policy']).toMatch(/script-src 'self' 'nonce-[A-Za-z0-9+/=]{20,}'/);
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['x-frame-options']).toBe('DENY');
  }
});

test('a nonce is used once', async () => {
  const policies = await Promise.all([send('/'), send('/')]);
  expect(new Set(policies.map(({ headers }) => headers['content-security-policy'])).size).toBe(2);
});

test('a command that no worker takes is withdrawn and says that nothing was done', async () => {
  const answer = await post('/api/trpc/groups.power', { group: 'demo', powered: false });
  expect(answer.status).toBe(503);
  expect(refusalIn(answer)).toMatchObject({
    code: 'unreachable',
    message: expect.stringContaining('nothing was done'),
  });
});

test('OpenAPI describes every procedure with its role', async () => {
  const document = JSON.parse((await send('/api/openapi.json')).body);
  for (const { path, type, meta } of describeProcedures()) {
    expect(document.paths[`/api/trpc/${path}`][type === 'mutation' ? 'post' : 'get']['x-role']).toBe(meta?.role);
  }
  expect(
    document.paths['/api/trpc/groups.create'].post.requestBody.content['application/json'].schema.properties.fence.enum,
  ).toEqual(['never', 'data', 'status']);
});

test('health answers at once, readiness says what is missing', async () => {
  expect((await send('/healthz')).status).toBe(200);
  const ready = await send('/readyz');
  expect(ready.status).toBe(503);
  expect(refusalIn(ready).message).toBe('group demo is being made');
});
