import { afterAll, beforeAll, expect, it } from 'vitest';
import { findRoutine } from '../../routines/find-routine.ts';
import { newState, viewOf } from '../../routines/run-state.ts';
import { startOf } from '../../routines/testkit/memory-run-store.ts';
import { type Database, openControlDatabase } from '../database.ts';
import { startTestDatabase, type TestDatabase } from '../testing/database.ts';
import { quietLog } from '../testing/quiet-log.ts';
import { createRun, readRunsUnderWay } from './run-records.ts';

let server: TestDatabase;
let database: Database;

beforeAll(async () => {
  server = await startTestDatabase();
  database = openControlDatabase(server.url, quietLog);
});
afterAll(async () => {
  await database.close();
  await server.stop();
});

async function begin(routine: string, group: string, at: number): Promise<void> {
  const graph = findRoutine('chain-3', routine);
  const start = startOf(routine, { run: `${group}-${routine}`, group, at });
  await createRun(database, start, viewOf(graph, newState(graph, start)), graph.intent !== 'test');
}

it('a test hides no run that changes its group, whichever began first', async () => {
  await begin('test-failover', 'early', 1);
  await begin('failover', 'early', 2);
  await begin('failover', 'late', 1);
  await begin('test-failover', 'late', 2);
  await begin('test-failover', 'alone', 1);
  const routines = async (group: string | null) =>
    [...(await readRunsUnderWay(database, group))].map(([name, { routine }]) => `${name}: ${routine}`).sort();
  expect(await routines(null)).toEqual(['alone: test-failover', 'early: failover', 'late: failover']);
  expect(await routines('late')).toEqual(['late: failover']);
});
