/** The command as scripts rely on it: shapes on standard output, exit codes, one JSON value and nothing else. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { z } from 'zod';
import { command, done, refused, repositoryRoot, switchback } from './support/cli.ts';
import { type CliRun, expect, test } from './support/groups.ts';
import { instanceUrl } from './support/instance.ts';

const PAIR_STATE = z.enum([
  'absent',
  'simplex',
  'initial-copying',
  'duplex',
  'suspending',
  'suspend',
  'failure-suspend',
  'duplex-pending',
  'unknown',
]);
const journalSchema = z.object({ usedBytes: z.number(), sizeBytes: z.number() });

/** `status --json`, per group, as the contract lists it. */
const groupSchema = z.object({
  name: z.string(),
  arrangement: z.string(),
  operation: z.string(),
  generation: z.number(),
  systems: z.array(
    z.object({
      name: z.string(),
      site: z.string(),
      up: z.boolean(),
      role: z.string(),
      pid: z.number(),
      port: z.number(),
    }),
  ),
  pairs: z.array(
    z.object({
      name: z.string(),
      kind: z.enum(['sync', 'async']),
      state: PAIR_STATE,
      stateAtSource: PAIR_STATE,
      stateAtDestination: PAIR_STATE,
      observer: z.string(),
      observedAt: z.number(),
      lag: z.object({ updates: z.number(), bytes: z.number(), ms: z.number().nullable() }).nullable(),
      dirtyTracks: z.number().nullable(),
      journal: journalSchema.nullable(),
    }),
  ),
  hosts: z.array(
    z.object({
      name: z.string(),
      role: z.string(),
      up: z.boolean(),
      work: z.object({ running: z.boolean(), lastCompletedTransaction: z.number() }),
    }),
  ),
});

/** `run … --json` at its end. */
const runSchema = z.object({
  run: z.string(),
  routine: z.string(),
  ending: z.enum(['done', 'failed', 'unknown', 'aborted']),
  steps: z.array(
    z.object({
      id: z.string().regex(/^S\d+$/),
      outcome: z.string(),
      startedAt: z.number(),
      endedAt: z.number(),
      transitions: z.array(z.object({ pair: z.string(), from: PAIR_STATE, to: PAIR_STATE })),
    }),
  ),
  verdict: z
    .object({
      kind: z.enum(['no-data-loss', 'data-loss', 'unknown']),
      lost: z.object({
        updates: z.number(),
        bytes: z.number(),
        seconds: z.number(),
        bound: z.enum(['exact', 'at-least', 'at-most']),
      }),
      evidence: z.array(z.string()),
    })
    .nullable(),
});

test('status has what the contract lists, for all groups and for one', async () => {
  const { groups } = await done<{ groups: unknown[] }>('status');
  expect(groups.length).toBeGreaterThan(0);
  for (const group of groups) groupSchema.parse(group);
  const one = groupSchema.parse(await done('status', '--group', 'demo'));
  expect(one.arrangement).toBe('chain-3');
  expect(one.systems.map((system) => system.name)).toEqual(['P', 'I', 'R']);
  expect(one.hosts.map((host) => host.name)).toEqual(['host-P', 'host-R']);
});

test('a group is made, shown and deleted as its options say', async () => {
  const options =
    '--arrangement chain-3 --volumes 3 --volume-size 2MiB --transport I-R=journal --km P-I=50 --km I-R=500 --fence data --no-ledger';
  await done('group', 'create', 'by-options', ...options.split(' '));
  try {
    expect(await done('group', 'show', 'by-options')).toMatchObject({
      name: 'by-options',
      arrangement: 'chain-3',
      volumeCount: 3,
      volumeBytes: 2 * 1024 * 1024,
      fence: 'data',
      ledger: { enabled: false },
      lines: { 'P-I': { km: 50 }, 'I-R': { km: 500 } },
    });
    const { uri } = await done<{ uri: string }>('nbd', '--group', 'by-options', '--on', 'P', '--volume', '2');
    expect(uri).toMatch(/^nbd:\/\/127\.0\.0\.1:\d+\/by-options\/P\/2$/);
  } finally {
    await done('group', 'delete', 'by-options');
  }
  expect((await refused('group', 'show', 'by-options')).code).toBe('unknown-group');
});

test('pairs are formed, split, drained, turned round and deleted by hand', async ({ makeGroup }) => {
  const group = await makeGroup('by-hand', { ledger: false, volumeCount: 1, volumeBytes: 2 * 1024 * 1024 });
  await group.isConnected();
  const on = ['--group', group.name];
  const pair = (word: string, name: string) => done<{ state: string }>('pair', word, ...on, '--pair', name);
  const wait = (name: string, state: string) =>
    done<{ pair: string; state: string }>('pair', 'wait', ...on, '--pair', name, '--state', state, '--timeout', '60s');

  await pair('create', 'P-I');
  expect(await wait('P-I', 'duplex')).toMatchObject({ state: 'duplex' });
  await pair('create', 'I-R');
  await wait('I-R', 'duplex');
  await pair('drain', 'I-R');
  await wait('I-R', 'suspend');
  await pair('resync', 'I-R');
  await wait('I-R', 'duplex');
  await pair('split', 'I-R');
  await wait('I-R', 'suspend');
  await pair('reverse', 'I-R');
  await wait('R-I', 'suspend');
  await pair('reverse', 'R-I');
  await wait('I-R', 'suspend');
  await pair('split', 'P-I');
  await wait('P-I', 'suspend');
  await pair('delete', 'I-R');
  await wait('I-R', 'absent');
  const late = await refused('pair', 'wait', ...on, '--pair', 'P-I', '--state', 'duplex', '--timeout', '100ms');
  expect(late.code).toBe('timeout');
});

test('a run is followed, shown, stepped through, decided and aborted', async ({ makeGroup }) => {
  const group = await makeGroup('runs');
  const on = ['--group', group.name];
  const followed = runSchema.parse(await done('run', 'initial-copy', ...on, '--yes'));
  expect(followed).toMatchObject({ routine: 'initial-copy', ending: 'done', verdict: null });
  expect(followed.steps.map((step) => step.id)).toEqual(expect.arrayContaining(['S100', 'S110']));
  expect(runSchema.parse(await done('run', 'show', followed.run))).toEqual(followed);
  const { runs } = await done<{ runs: { run: string }[] }>('run', 'list', ...on);
  expect(runs.map((run) => run.run)).toContain(followed.run);

  await done('ledger', 'start', ...on);
  await group.completes(5);
  await done('fault', 'site-loss', ...on, '--site', 'production');
  const begun = await done<{ run: string; status: string }>('run', 'failover', ...on, '--step', '--detach');
  await group.until('the run is paused', ({ activeRun }) => activeRun?.status === 'paused');
  const busy = await refused('run', 'failover', ...on, '--yes');
  expect(busy.code).toBe('busy');
  const aborted = runSchema.omit({ steps: true }).parse(await done('run', 'abort', begun.run));
  expect(aborted.ending).toBe('aborted');

  const decided = await switchback('run', 'failover', ...on, '--decide', 'S201=stop');
  expect(decided.code).toBe(1);
  expect(decided.json).toMatchObject({ ending: 'aborted', error: { code: expect.any(String) } });
  const verdict = runSchema.parse(await done<CliRun>('run', 'failover', ...on, '--yes')).verdict;
  expect(verdict).toMatchObject({ kind: 'no-data-loss', lost: { updates: 0, bytes: 0, seconds: 0, bound: 'exact' } });
});

test('faults are injected, listed and cleared', async ({ makeGroup }) => {
  const group = await makeGroup('faulty', { ledger: false });
  const on = ['--group', group.name];
  const list = async () => (await done<{ faults: { kind: string; target: string }[] }>('fault', 'list', ...on)).faults;
  expect(await list()).toEqual([]);
  await done('fault', 'cut', ...on, '--line', 'P-I');
  await done('fault', 'degrade', ...on, '--line', 'I-R', '--delay-ms', '20', '--loss', '0.01', '--rate', '1MiB');
  await done('fault', 'kill', ...on, '--on', 'witness');
  expect((await list()).map((fault) => `${fault.kind} ${fault.target}`).sort()).toEqual([
    'cut P-I',
    'degrade I-R',
    'kill witness',
  ]);
  await done('fault', 'restore', ...on, '--line', 'P-I');
  await done('fault', 'restart', ...on, '--on', 'witness');
  expect((await list()).map((fault) => fault.kind)).toEqual(['degrade']);
  await done('fault', 'clear', ...on);
  expect(await list()).toEqual([]);
});

test('the ledger is started, stopped and verified; the audit log is intact', async ({ makeGroup }) => {
  const group = await makeGroup('accounts');
  const on = ['--group', group.name];
  await group.form(null);
  expect(await done('ledger', 'start', ...on)).toMatchObject({ running: true });
  await group.completes(20);
  expect(await done('ledger', 'stop', ...on)).toMatchObject({ running: false });
  expect(await done('ledger', 'verify', ...on)).toMatchObject({
    verifiedOn: 'P',
    missingCount: 0,
    missing: null,
    corrupt: 0,
    balance: { adds: true },
  });
  expect(await done('audit', 'verify')).toMatchObject({ intact: true, brokenAt: null });
});

test('rehearse works with no server running, and reproduces itself', async () => {
  const nowhere = { SWITCHBACK_URL: 'http://127.0.0.1:9' };
  const words = ['rehearse', '--arrangement', 'chain-3', '--seed', '5', '--json'];
  const first = await command(words, nowhere);
  expect(first.code, first.stderr).toBe(0);
  const second = await command(words, nowhere);
  expect(second.json).toEqual(first.json);
});

test('exit codes and standard output: done 0, refused 1, bad usage 2; one JSON value, logs on standard error', async () => {
  const unusable = ['run', 'failover'];
  for (const words of [
    ['no-such-command'],
    ['status', '--no-such-option'],
    unusable,
    ['pair', 'split', '--pair', 'P-I'],
  ]) {
    const answer = await switchback(...words);
    expect(answer.code, words.join(' ')).toBe(2);
    expect(answer.json, words.join(' ')).toMatchObject({ error: { code: 'bad-usage' } });
    expect((await command(words)).code, words.join(' ')).toBe(2);
  }
  const plain = await command(['status']);
  expect(plain.code).toBe(0);
  expect(plain.stdout).toContain('demo');
  const help = await command(['--help']);
  expect(help.code).toBe(0);

  const away = await command(['status', '--json'], { SWITCHBACK_URL: 'http://127.0.0.1:9' });
  expect(away.code).toBe(1);
  expect(away.json).toMatchObject({ error: { code: 'unreachable' } });
});

test('npx finds the command', async () => {
  const { stdout } = await promisify(execFile)('npx', ['switchback', 'status', '--json'], {
    cwd: repositoryRoot,
    env: { ...process.env, SWITCHBACK_URL: instanceUrl },
  });
  expect(JSON.parse(stdout)).toHaveProperty('groups');
});
