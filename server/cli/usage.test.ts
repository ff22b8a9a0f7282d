import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { ALL_ARRANGEMENTS, ARRANGEMENTS } from '../domain/arrangement.ts';
import { TRANSPORTS } from '../domain/storage-controller.ts';
import { serverUrl } from './client.ts';
import { runIn, runWords } from './testing/run-words.ts';

/** Nobody listens there. */
const NOWHERE = 'http://127.0.0.1:1';

test.each<[string, string[]]>([
  ['no command', []],
  ['an unknown command', ['statsu']],
  ['an unknown option', ['status', '--grup', 'demo']],
  ['a required option missing', ['pair', 'split', '--group', 'demo']],
  ['no group for a routine', ['run', 'failover']],
  ['an argument missing', ['group', 'create', '--arrangement', 'chain-3']],
  ['a word too many', ['audit', 'verify', 'now']],
  ['a choice there is not', ['group', 'create', 'g', '--arrangement', 'chain-3', '--fence', 'maybe']],
  ['a size that is none', ['group', 'create', 'g', '--arrangement', 'chain-3', '--volume-size', 'big']],
  ['a length that is no number', ['group', 'create', 'g', '--arrangement', 'chain-3', '--km', 'P-I=abc']],
  ['a length of no line', ['group', 'create', 'g', '--arrangement', 'chain-3', '--km', '100']],
  ['an arrangement there is not', ['group', 'create', 'g', '--arrangement', 'chain-9']],
  ['a transport there is not', ['group', 'create', 'g', '--arrangement', 'chain-3', '--transport', 'I-R=pigeon']],
  ['a decision without a choice', ['run', 'failover', '--group', 'demo', '--decide', 'S250']],
  ['a decision of a run without a choice', ['run', 'decide', 'some-run', 'S210']],
  ['an unknown state', ['pair', 'wait', '--group', 'demo', '--pair', 'P-I', '--state', 'fine']],
  [
    'a time that is none',
    ['pair', 'wait', '--group', 'demo', '--pair', 'P-I', '--state', 'duplex', '--timeout', 'soon'],
  ],
  ['a seed that is none', ['rehearse', '--arrangement', 'chain-3', '--seed', 'x']],
])('%s is bad usage: exit 2, and with --json one error on standard output', async (_name, words) => {
  const plain = await runWords(NOWHERE, ...words);
  expect(plain.code).toBe(2);
  expect(plain.out).toBe('');
  expect(plain.err).not.toBe('');
  const json = await runWords(NOWHERE, ...words, '--json');
  expect(json.code).toBe(2);
  expect(json.json().error).toMatchObject({
    code: 'bad-usage',
    message: expect.stringMatching(/\w/),
    cure: expect.stringMatching(/\w/),
  });
});

test.each<[string, (file: string) => void]>([
  ['is cut short', (file) => writeFileSync(file, '{"url":"http://127.0')],
  ['is empty', (file) => writeFileSync(file, '')],
  ['holds something else', (file) => writeFileSync(file, '[1]')],
  ['cannot be read', (file) => mkdirSync(file)],
])('an instance whose record %s is looked for where it would be by default', async (_name, spoil) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'switchback-cli-'));
  try {
    spoil(path.join(folder, 'web.json'));
    const environment = { NODE_ENV: 'test', SWITCHBACK_DATA: folder } as const;
    expect(serverUrl(environment, '/')).toBe('http://127.0.0.1:3000');
    const answer = await runIn(environment, 'rehearse', '--arrangement', 'ring', '--seed', '1', '--json');
    expect(answer.code).toBe(1);
    expect(answer.json().error).toMatchObject({ code: 'bad-request' });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('help is not an error', async () => {
  const help = await runWords(NOWHERE, '--help');
  expect(help.code).toBe(0);
  for (const command of ['status', 'group', 'pair', 'run', 'fault', 'ledger', 'nbd', 'rehearse', 'runbook', 'audit'])
    expect(help.out).toContain(command);
  expect((await runWords(NOWHERE, 'run', '--help')).out).toContain('--decide');
  const create = (await runWords(NOWHERE, 'group', 'create', '--help')).out.replace(/\s+/g, ' ');
  expect(create).toContain(`${TRANSPORTS.join(' or ')}; repeatable`);
  for (const { id } of ARRANGEMENTS) expect(create).toContain(`"${id}"`);
});

test.each<string[][]>([
  [['status']],
  [['run', 'list']],
  [['fault', 'list']],
  [['audit', 'verify']],
  [['nbd', '--group', 'demo', '--on', 'P']],
  [['ledger', 'verify', '--group', 'demo']],
  [['runbook', 'record', 'line-cut', '--group', 'demo']],
  [['runbook', 'verify', 'demo-0001-line-cut']],
])('%s with no server says where it looked', async (words) => {
  const answer = await runWords(NOWHERE, ...words, '--json');
  expect(answer.code).toBe(1);
  expect(answer.json().error).toMatchObject({
    code: 'unreachable',
    message: expect.stringContaining(NOWHERE),
    cure: expect.stringContaining('npm start'),
  });
});

test('options of another arrangement are refused, not ignored', async () => {
  const answer = await runWords(
    NOWHERE,
    'group',
    'create',
    'g',
    '--arrangement',
    'chain-3',
    '--backups',
    '2',
    '--json',
  );
  expect(answer.code).toBe(1);
  expect(answer.json().error.message).toContain('--backups');
});

test('the arrangements are known without a server', async () => {
  const answer = await runWords(NOWHERE, 'group', 'arrangements');
  expect(answer.code).toBe(0);
  expect(answer.out).toContain('normal   P ⇒ I → R (without J)');
});

test('a rehearsal needs no server, and the same seed gives the same history', async () => {
  const words = ['rehearse', '--arrangement', 'chain-3', '--seed', '3', '--json'];
  const [first, second] = [await runWords(NOWHERE, ...words), await runWords(NOWHERE, ...words)];
  expect(first.code).toBe(0);
  expect(first.json()).toMatchObject({ runs: 1, passed: 1, failed: 0, rehearsals: [{ seed: 3, passed: true }] });
  expect(second.json().rehearsals[0].historyHash).toBe(first.json().rehearsals[0].historyHash);
});

test('a rehearsal of all arrangements plays the seed on each of them', async () => {
  const answer = await runWords(NOWHERE, 'rehearse', '--arrangement', 'all', '--seed', '1', '--json');
  const played = answer.json().rehearsals.map((rehearsal: { arrangement: string }) => rehearsal.arrangement);
  expect(played).toEqual(ALL_ARRANGEMENTS.map(({ id }) => id));
});

test('a rehearsal of what there is not is refused', async () => {
  const answer = await runWords(NOWHERE, 'rehearse', '--arrangement', 'ring', '--seed', '1', '--json');
  expect(answer.code).toBe(1);
  expect(answer.json().error).toMatchObject({ code: 'bad-request', message: expect.stringContaining('ring') });
});
