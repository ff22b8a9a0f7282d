/** A whole drill by the command, on real processes, while the workers that drive it and the database are killed. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ApiServer, startApiServer } from '../api/testing/api-server.ts';
import { type Database, openControlDatabase } from '../control/database.ts';
import { Installation } from '../control/testing/installation.ts';
import { quietLog } from '../control/testing/quiet-log.ts';
import { type CliOutcome, runWords } from './testing/run-words.ts';

let installation: Installation;
let api: ApiServer;
let database: Database;

beforeAll(async () => {
  installation = await Installation.start();
  installation.startWorker();
  installation.startWorker();
  api = await startApiServer(installation.database.url);
  database = openControlDatabase(installation.database.url, quietLog, 4);
});

afterAll(async () => {
  await api.stop();
  await database.close();
  await installation.stop();
});

/** The command with --json; it must have done what was asked. */
async function done(...words: string[]): Promise<ReturnType<CliOutcome['json']>> {
  const outcome = await runWords(api.url, ...words, '--json');
  if (outcome.code !== 0) throw new Error(`switchback ${words.join(' ')}: exit ${outcome.code}: ${outcome.out}`);
  return outcome.json();
}

/** … as often as it takes until a control worker is there: a command that none takes is withdrawn, and nothing was done. */
async function doneOnceTaken(...words: string[]): Promise<ReturnType<CliOutcome['json']>> {
  for (;;) {
    const outcome = await runWords(api.url, ...words, '--json');
    if (outcome.code === 0 || outcome.json().error.code !== 'unreachable') {
      expect(outcome.code, outcome.out).toBe(0);
      return outcome.json();
    }
  }
}

async function refused(...words: string[]): Promise<{ code: string; message: string; cure: string }> {
  const outcome = await runWords(api.url, ...words, '--json');
  expect(outcome.code).toBe(1);
  return outcome.json().error;
}

/** Resolves when the status of demo is as wanted; looked at whenever the board sees a change. */
function statusOf(wanted: (status: NonNullable<ReturnType<typeof api.web.board.find>>) => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      const status = api.web.board.find('demo');
      if (!status || !wanted(status)) return;
      unhear();
      resolve();
    };
    const unhear = api.web.board.onChange(look);
    look();
  });
}

const inDuplex = (status: { pairs: { state: string }[] }) => status.pairs.every((pair) => pair.state === 'duplex');

test('the first start brings the demo into duplex and its ledger to run', async () => {
  await statusOf(
    (status) => status.operation === 'normal' && inDuplex(status) && status.hosts.some((host) => host.work?.running),
  );
  const { groups } = await done('status', '--group', 'demo');
  const [demo] = groups;
  expect(demo).toMatchObject({ arrangement: 'chain-3', operation: 'normal', generation: 1 });
  expect(demo.systems.map((system: object) => Object.keys(system))).toEqual(
    [0, 1, 2].map(() => expect.arrayContaining(['name', 'site', 'up', 'role', 'pid', 'port'])),
  );
  for (const key of [
    'name',
    'kind',
    'state',
    'stateAtSource',
    'stateAtDestination',
    'observer',
    'observedAt',
    'lag',
    'dirtyTracks',
    'journal',
  ]) {
    expect(demo.pairs[0]).toHaveProperty(key);
  }
  expect(demo.hosts[0]).toMatchObject({ name: 'host-P', up: true, work: { running: true } });
});

test('pairs take instructions, and refuse those that make no sense with reason and cure', async () => {
  expect(await refused('pair', 'resync', '--group', 'demo', '--pair', 'I-R')).toMatchObject({ code: 'wrong-state' });
  expect(await refused('pair', 'split', '--group', 'demo', '--pair', 'P-X')).toMatchObject({ code: 'unknown-pair' });
  expect(await refused('pair', 'split', '--group', 'nope', '--pair', 'P-I')).toMatchObject({ code: 'unknown-group' });
  for (const state of ['absent', 'duplex']) {
    const unknown = await refused('pair', 'wait', '--group', 'demo', '--pair', 'X-Z', '--state', state);
    expect(unknown).toMatchObject({ code: 'unknown-pair', cure: expect.stringContaining('P-I') });
  }
  await done('pair', 'wait', '--group', 'demo', '--pair', 'R-I', '--state', 'absent');
  await done('pair', 'split', '--group', 'demo', '--pair', 'I-R');
  await done('pair', 'wait', '--group', 'demo', '--pair', 'I-R', '--state', 'suspend');
  expect(
    await refused('pair', 'wait', '--group', 'demo', '--pair', 'I-R', '--state', 'duplex', '--timeout', '50ms'),
  ).toMatchObject({ code: 'timeout' });
  await done('pair', 'resync', '--group', 'demo', '--pair', 'I-R');
  await done('pair', 'wait', '--group', 'demo', '--pair', 'I-R', '--state', 'duplex');
});

test('a cut line is listed, seen and cleared; an unknown one is refused', async () => {
  expect(await refused('fault', 'cut', '--group', 'demo', '--line', 'P-R')).toMatchObject({ code: 'unknown-line' });
  await done('fault', 'cut', '--group', 'demo', '--line', 'I-R');
  await statusOf((status) => status.lines.find((line) => line.name === 'I-R')?.connected === false);
  expect((await done('fault', 'list', '--group', 'demo')).faults).toMatchObject([
    { kind: 'cut', target: 'I-R', clearedAt: null },
  ]);
  await done('fault', 'clear');
  await statusOf((status) => status.lines.find((line) => line.name === 'I-R')?.connected === true);
  expect((await done('fault', 'list')).faults).toEqual([]);
  await statusOf((status) => status.operation === 'normal' && inDuplex(status));
});

/** SIGKILL to the worker that drives the run, and a new one in its place. */
async function killDriver(run: string): Promise<void> {
  const row = await database.prisma.run.findUniqueOrThrow({ where: { id: run } });
  const worker = await database.prisma.worker.findUniqueOrThrow({ where: { id: row.executor ?? '' } });
  process.kill(worker.pid, 'SIGKILL');
  installation.startWorker();
}

test('a failover goes on at its step when its driver is killed, and when the database is', async () => {
  await done('fault', 'site-loss', '--group', 'demo', '--site', 'production');
  await statusOf((status) =>
    status.hosts.some((host) => host.heartbeats.some((view) => view.of === 'host-P' && view.lost)),
  );
  const { run } = await done('run', 'failover', '--group', 'demo', '--yes', '--step', '--detach');
  expect(await refused('run', 'initial-copy', '--group', 'demo')).toMatchObject({ code: 'busy' });
  expect(await refused('pair', 'delete', '--group', 'demo', '--pair', 'I-R')).toMatchObject({ code: 'busy' });

  const epochs: bigint[] = [];
  for (let turn = 0; ; turn += 1) {
    const view = (await runWords(api.url, 'run', 'resume', run, '--json')).json();
    if (view.status === 'ended') break;
    if (turn === 1 || turn === 4) await killDriver(run);
    if (turn === 6) await installation.database.crashAndRestart();
    epochs.push((await database.prisma.run.findUniqueOrThrow({ where: { id: run } })).claimEpoch);
  }

  const ended = await done('run', 'show', run);
  expect(ended).toMatchObject({
    ending: 'done',
    verdict: { kind: 'no-data-loss', lost: { updates: 0, bytes: 0, seconds: 0, bound: 'exact' } },
  });
  const ids = ended.steps.map((step: { id: string }) => step.id);
  // Never skipped, never done twice: the walk is one of the graph's.
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids).toEqual(expect.arrayContaining(['S200', 'S205', 'S210', 'S230', 'S240', 'S250', 'S260', 'S270']));
  expect(epochs).toEqual([...epochs].sort((a, b) => Number(a - b)));
  expect(new Set(epochs).size).toBeGreaterThanOrEqual(3);
  const events = await database.prisma.event.findMany({ where: { run, kind: 'run-taken-over' } });
  expect(events.length).toBeGreaterThanOrEqual(2);
});

test('after it every completed transaction is there, the history tells why, and the audit chain holds', async () => {
  const report = await done('ledger', 'verify', '--group', 'demo');
  expect(report).toMatchObject({ verifiedOn: 'R', missingCount: 0, corrupt: 0, balance: { adds: true } });
  expect(report.completedThrough).toBeGreaterThan(0);
  const verdicts = await database.prisma.event.findMany({ where: { group: 'demo', kind: 'verdict' } });
  expect(verdicts.length).toBe(1);
  expect(await done('audit', 'verify')).toMatchObject({ intact: true });
  expect((await done('nbd', '--group', 'demo', '--on', 'R')).uri).toMatch(/^nbd:\/\/127\.0\.0\.1:\d+\/demo\/R\/0$/);
});

test('a second group lives beside the first, and leaves nothing behind', async () => {
  await done(
    'group',
    'create',
    'small',
    '--arrangement',
    'chain-3',
    '--volumes',
    '1',
    '--volume-size',
    '4MiB',
    '--km',
    'P-I=5',
    '--km',
    'I-R=20',
    '--fence',
    'data',
    '--no-ledger',
  );
  expect(await refused('group', 'create', 'small', '--arrangement', 'chain-3')).toMatchObject({
    code: 'already-exists',
  });
  expect(await done('group', 'show', 'small')).toMatchObject({
    volumeCount: 1,
    volumeBytes: 4 * 1024 * 1024,
    fence: 'data',
    lines: { 'P-I': { km: 5 } },
    ledger: { enabled: false },
  });
  expect(await done('run', 'initial-copy', '--group', 'small', '--yes')).toMatchObject({ ending: 'done' });
  await done('group', 'delete', 'small');
  expect(await refused('status', '--group', 'small')).toMatchObject({ code: 'unknown-group' });
});

test('a control worker told to kill itself answers first, and another goes on', async () => {
  const killed = await done('fault', 'kill', '--on', 'control');
  expect(killed.text).toContain('SIGKILL control worker');
  installation.startWorker();
  const runs = await doneOnceTaken('fault', 'restart', '--on', 'control');
  expect(runs).toMatchObject({ kind: 'restart', target: 'control', clearedAt: expect.any(Number) });
  await done('fault', 'site-return', '--group', 'demo', '--site', 'production');
  await statusOf((status) => status.systems.every((system) => system.up === true));
});
