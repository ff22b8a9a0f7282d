import { afterAll, beforeAll, expect, test } from 'vitest';
import { findRoutine } from '../../routines/find-routine.ts';
import { newState, viewOf } from '../../routines/run-state.ts';
import { startOf } from '../../routines/testkit/memory-run-store.ts';
import { nextClaimEpoch } from '../counters.ts';
import { type Database, openControlDatabase } from '../database.ts';
import { startTestDatabase, type TestDatabase } from '../testing/database.ts';
import { quietLog } from '../testing/quiet-log.ts';
import { RunClaim } from './run-claim.ts';
import { createRun } from './run-records.ts';

let server: TestDatabase;
let database: Database;

beforeAll(async () => {
  server = await startTestDatabase();
  database = openControlDatabase(server.url, quietLog, 8);
});

afterAll(async () => {
  await database.close();
  await server.stop();
});

async function begin(run: string): Promise<string> {
  const graph = findRoutine('chain-3', 'failover');
  const start = startOf('failover', { run, group: run });
  await createRun(database, start, viewOf(graph, newState(graph, start)), true);
  return run;
}

test('a renewed claim is newer than what was given by hand meanwhile, and stands', async () => {
  const claim = await RunClaim.take(database, await begin('renewed'), 'one');
  const byHand = await nextClaimEpoch(database);
  expect(claim.epoch).toBeLessThan(byHand);
  await claim.renew();
  expect(claim.epoch).toBeGreaterThan(byHand);
  expect(await claim.holds()).toBe(true);
});

test('a driver whose run another has claimed gets no newer claim', async () => {
  const run = await begin('replaced');
  const older = await RunClaim.take(database, run, 'one');
  const before = older.epoch;
  const newer = await RunClaim.take(database, run, 'two');
  await expect(older.renew()).rejects.toThrow('not renewed');
  expect(older.epoch).toBe(before);
  expect(await older.holds()).toBe(false);
  expect(await newer.holds()).toBe(true);
});

test('of a renewal and claims made all at once, the newest claim stands and no other', async () => {
  const run = await begin('contended');
  let holder = await RunClaim.take(database, run, 'one');
  for (let round = 0; round < 20; round += 1) {
    const before = holder;
    const [, ...taken] = await Promise.all([
      before.renew().catch(() => null),
      RunClaim.take(database, run, 'two'),
      RunClaim.take(database, run, 'three'),
    ]);
    const [newest, older] = taken.sort((a, b) => b.epoch - a.epoch);
    if (!newest || !older) throw new Error('two claims were taken');
    const standing = await Promise.all([newest, older, before].map((claim) => claim.holds()));
    expect(standing).toEqual([true, false, false]);
    expect(newest.epoch).toBeGreaterThan(before.epoch);
    holder = newest;
  }
});

test('a run that is not on record cannot be claimed', async () => {
  await expect(RunClaim.take(database, 'nobody', 'one')).rejects.toThrow('cannot be claimed');
});
