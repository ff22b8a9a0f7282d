/** Bad input to every door of the running instance: a clear error, no crash, nothing changed. */
import http from 'node:http';
import { refused, switchback } from './support/cli.ts';
import { expect, type TestGroup, test } from './support/groups.ts';
import { api, instancePort, instanceUrl } from './support/instance.ts';
import { agentPort, channelPort, lineFrame, noise, sendAndBeHungUpOn } from './support/raw-bytes.ts';

/** What must not change: processes, definitions, states. */
async function fingerprint(group: TestGroup) {
  const { systems, hosts, pairs, generation, holder } = await group.status();
  return {
    generation,
    holder,
    pids: [...systems, ...hosts].map(({ name, pid, up }) => ({ name, pid, up })),
    pairs: pairs.map(({ name, state }) => ({ name, state })),
    definition: await api.groups.definition.query({ group: group.name }),
    agents: (await api.system.query()).agents.map(({ site, connected }) => ({ site, connected })),
  };
}

/** Runs `attack` and asserts that the group is as it was, at work. */
async function changesNothing(group: TestGroup, attack: () => Promise<void>): Promise<void> {
  const before = await fingerprint(group);
  await attack();
  await group.completes(5);
  expect(await fingerprint(group)).toEqual(before);
}

test('malformed bytes at the ports of NBD, lines and agents', async ({ makeGroup }) => {
  const group = await makeGroup('noise');
  await group.form();
  const hello = { t: 'hello', protocol: 1, path: 0, round: '', nonce: '', mac: '00' };
  const lineBytes = [
    Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
    Buffer.alloc(64 * 1024, 0xff),
    lineFrame(1, 'not json'),
    lineFrame(1, '{"t":"call","id":1,"m":"storage","p":{"target":"P","instruction":{"verb":"query"}}}'),
    lineFrame(1, JSON.stringify({ ...hello, self: { group: group.name, name: 'I' } })),
    lineFrame(1, JSON.stringify({ ...hello, self: { group: '', name: 'control:x' } })),
    lineFrame(2, noise(1, 512)),
    lineFrame(1, '{}', 0x7fffffff),
    lineFrame(1, '{}', 0),
    ...Array.from({ length: 20 }, (_, seed) => noise(seed, 10 + 37 * seed)),
  ];
  const magic = Buffer.from('IHAVEOPT');
  const option = (code: number, length: number) => {
    const bytes = Buffer.alloc(8);
    bytes.writeUInt32BE(code, 0);
    bytes.writeUInt32BE(length, 4);
    return Buffer.concat([magic, bytes]);
  };
  const flags = Buffer.from([0, 0, 0, 3]);
  const nbdBytes = [
    Buffer.from('GET / HTTP/1.1\r\n\r\n'),
    Buffer.from([0xff, 0xff, 0xff, 0xff]),
    Buffer.concat([flags, noise(2, 64)]),
    Buffer.concat([flags, option(7, 0x7fffffff)]),
    Buffer.concat([flags, option(7, 6), Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0])]),
    Buffer.concat([flags, option(99, 3), Buffer.from('abc'), option(2, 0)]),
    ...Array.from({ length: 20 }, (_, seed) => Buffer.concat([flags, noise(seed, 10 + 37 * seed)])),
  ];
  const { systems } = await group.status();
  await changesNothing(group, async () => {
    for (const { port } of systems) for (const bytes of nbdBytes) await sendAndBeHungUpOn(port ?? 0, [bytes]);
  });
  await changesNothing(group, async () => {
    const ports = [
      channelPort('production', group.name, 'P'),
      channelPort('intermediate', group.name, 'I'),
      channelPort('remote', group.name, 'host-R'),
      channelPort('witness', group.name, 'witness'),
      agentPort('production'),
      agentPort('witness'),
    ];
    for (const port of ports) for (const bytes of lineBytes) await sendAndBeHungUpOn(port, [bytes]);
  });
});

interface Answer {
  status: number;
  body: unknown;
}

/** One request as it stands, malformed or not. */
function request(
  method: string,
  path: string,
  body: string | Buffer = '',
  headers: Record<string, string> = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = http.request(
      { host: '127.0.0.1', port: instancePort, method, path, headers, agent: false },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) }));
      },
    );
    sent.once('error', reject);
    sent.end(body);
  });
}

/** Where a refusal stands in an answer: plain, or in the envelope of a procedure. */
function refusalIn({ body }: Answer): unknown {
  const { error } = body as { error?: { data?: { refusal?: unknown } } };
  return error?.data?.refusal ?? error;
}

const A_REFUSAL = { code: expect.any(String), message: expect.any(String), cure: expect.any(String) };

test('malformed, foreign and oversized requests to the API', async ({ makeGroup }) => {
  const group = await makeGroup('api-door');
  await group.form();
  const json = { 'content-type': 'application/json' };
  const kill = JSON.stringify({ kind: 'kill', group: group.name, target: 'P' });
  const cases: [what: string, status: number, code: string, answer: () => Promise<Answer>][] = [
    ['no JSON', 400, 'bad-request', () => request('POST', '/api/trpc/runs.start', '{', json)],
    ['no fields', 400, 'bad-request', () => request('POST', '/api/trpc/runs.start', '{}', json)],
    [
      'a field too many',
      400,
      'bad-request',
      () => request('POST', '/api/trpc/ledger.start', '{"group":"demo","x":1}', json),
    ],
    ['a number for a name', 400, 'bad-request', () => request('POST', '/api/trpc/ledger.start', '{"group":7}', json)],
    ['an unknown procedure', 404, 'bad-request', () => request('GET', '/api/trpc/groups.nothing')],
    ['a change asked for by GET', 405, 'bad-request', () => request('GET', '/api/trpc/faults.inject?input=%7B%7D')],
    ['an address that is none', 400, 'bad-request', () => request('GET', '/api/%ff%fe')],
    ['nothing there', 404, 'bad-request', () => request('GET', '/api/nowhere')],
    ['too large', 413, 'too-large', () => request('POST', '/api/trpc/runs.start', Buffer.alloc(400_000, 32), json)],
    [
      'another site’s page',
      403,
      'forbidden',
      () => request('POST', '/api/trpc/faults.inject', kill, { ...json, origin: 'http://evil.example' }),
    ],
    [
      'a rebound name',
      421,
      'forbidden',
      () => request('POST', '/api/trpc/faults.inject', kill, { ...json, host: 'evil.example' }),
    ],
    [
      'an unknown group',
      404,
      'unknown-group',
      () => request('POST', '/api/trpc/ledger.start', '{"group":"nobody"}', json),
    ],
  ];
  await changesNothing(group, async () => {
    for (const [what, status, code, ask] of cases) {
      const answer = await ask();
      expect(answer.status, what).toBe(status);
      expect(refusalIn(answer), what).toEqual(A_REFUSAL);
      expect(refusalIn(answer), what).toMatchObject({ code });
    }
  });
  expect((await fetch(`${instanceUrl}/healthz`)).status).toBe(200);
});

test('refused commands: unknown names, wrong states, wrong roles, sizes beyond the limits', async ({ makeGroup }) => {
  const group = await makeGroup('refusals');
  await group.form();
  const on = ['--group', group.name];
  const create = ['group', 'create', 'oversized', '--arrangement', 'chain-3'];
  const cases: [code: string | RegExp, ...words: string[]][] = [
    ['unknown-group', 'status', '--group', 'nobody'],
    ['unknown-group', 'run', 'failover', '--group', 'nobody', '--yes'],
    ['unknown-routine', 'run', 'takeover', ...on, '--yes'],
    ['unknown-run', 'run', 'show', 'no-such-run'],
    ['unknown-pair', 'pair', 'split', ...on, '--pair', 'P-Q'],
    ['unknown-system', 'nbd', ...on, '--on', 'Q'],
    ['unknown-volume', 'nbd', ...on, '--on', 'P', '--volume', '9'],
    [/^unknown-(system|line)$/, 'fault', 'cut', ...on, '--line', 'P-Q'],
    [/^(unknown-system|bad-request)$/, 'fault', 'kill', ...on, '--on', 'Q'],
    ['wrong-state', 'pair', 'resync', ...on, '--pair', 'P-I'],
    ['wrong-state', 'pair', 'reverse', ...on, '--pair', 'I-R'],
    ['wrong-state', 'pair', 'drain', ...on, '--pair', 'P-I'],
    ['already-exists', 'group', 'create', group.name, '--arrangement', 'chain-3'],
    ['bad-request', ...create, '--volume-size', '1024GiB'],
    ['bad-request', ...create, '--volumes', '99'],
    ['bad-request', ...create, '--volume-size', '1KiB'],
    ['bad-request', 'group', 'create', 'Not A Name', '--arrangement', 'chain-3'],
  ];
  await changesNothing(group, async () => {
    for (const [code, ...words] of cases) {
      const error = await refused(...words);
      expect(error.code, `${words.join(' ')}: ${error.message}`).toMatch(code);
      expect(error.message.length, words.join(' ')).toBeGreaterThan(10);
      expect(error.cure.length, words.join(' ')).toBeGreaterThan(5);
    }
  });
  const { groups } = (await switchback('status')).json as { groups: { name: string }[] };
  expect(groups.map((each) => each.name)).not.toContain('oversized');
});

test('a full disk: refused by name, nothing lost, and the work goes on once there is room', async ({ makeGroup }) => {
  const group = await makeGroup('full-disk');
  await group.form();
  const { systems } = await group.status();
  const clear = async () => {
    await api.faults.clearAll.mutate({ group: group.name });
  };

  await api.faults.inject.mutate({ kind: 'disk-full', group: group.name, target: 'P' });
  const stopped = await group.until('the work has stopped', ({ hosts }) => hosts[0]?.work?.running === false);
  expect(stopped.hosts[0]?.work?.stoppedReason).toMatch(/ENOSPC|space/i);
  expect(stopped.systems.find((system) => system.name === 'P')?.fault).toContain('full');
  await clear();
  await group.until('P takes host writes again', (status) => status.systems[0]?.hostWrites?.accepted === true);
  await api.ledger.start.mutate({ group: group.name });
  await group.completes(10);
  expect(await group.verifyLedger()).toMatchObject({ missingCount: 0, corrupt: 0, balance: { adds: true } });

  await api.faults.inject.mutate({ kind: 'disk-full', group: group.name, target: 'I' });
  await group.pairsReach({ 'P-I': 'failure-suspend' });
  await group.completes(10);
  await clear();
  expect((await group.run('initial-copy')).ending).toBe('done');
  await group.pairsReach({ 'P-I': 'duplex', 'I-R': 'duplex' });

  const after = await group.status();
  expect(after.systems.map((system) => system.pid)).toEqual(systems.map((system) => system.pid));
  await group.isIdenticalEverywhere(['P', 'I', 'R']);
});
