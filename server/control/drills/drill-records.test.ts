/** Turns at a drill against a real database. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { StatusBench } from '../../domain/status-testkit.ts';
import { type Database, openControlDatabase } from '../database.ts';
import { startTestDatabase, type TestDatabase } from '../testing/database.ts';
import { quietLog } from '../testing/quiet-log.ts';
import type { DrillView } from '../views.ts';
import {
  createDrill,
  isTakenOver,
  NOTHING_YET,
  noteProgress,
  noteSealed,
  noteSealing,
  noteUnsealed,
  readDrill,
  readLastPassed,
  type Turn,
  takeDrill,
} from './drill-records.ts';

let server: TestDatabase;
let database: Database;
let id: string;

beforeAll(async () => {
  server = await startTestDatabase();
  database = openControlDatabase(server.url, quietLog);
});
afterAll(async () => {
  await database.close();
  await server.stop();
});

beforeEach(async () => {
  await database.pool.query('TRUNCATE drills');
  id = (await makeDrill('demo')).id;
});

function makeDrill(group: string): Promise<DrillView> {
  const runbook = {
    name: 'line-cut',
    title: 'A cut line',
    arrangement: 'chain-3',
    says: 'x',
    chapters: [],
    sha256: '',
  };
  const { definition } = new StatusBench().facts;
  const topology = { definition, rpoObjectiveMs: 1_000 };
  const basis = { software: { version: '0', content: null }, runbook: '', topology };
  return createDrill(database, { runbook, group, by: 'anna', approvedBy: null, firing: null, basis });
}

/** Sealed with this outcome; answers its bundle. */
async function sealed(group: string, outcome: 'passed' | 'failed'): Promise<string> {
  const drill = await makeDrill(group);
  const turn = { id: drill.id, attempt: await takeDrill(database, drill.id) };
  await noteSealing(database, turn, outcome, NOTHING_YET);
  await noteSealed(database, turn, 'a'.repeat(64), NOTHING_YET, []);
  return drill.bundle;
}

const takeTurn = async (): Promise<Turn> => ({ id, attempt: await takeDrill(database, id) });

it('a worker whose drill was taken over changes nothing of it any more', async () => {
  const early = await takeTurn();
  await noteSealing(database, early, 'passed', NOTHING_YET);
  const late = await takeTurn();
  expect([await isTakenOver(database, early), await isTakenOver(database, late)]).toEqual([true, false]);
  expect(await noteSealed(database, early, 'a'.repeat(64), NOTHING_YET, [])).toBe(false);
  await noteUnsealed(database, early, 'its disk was full');
  expect(await readDrill(database, id)).toMatchObject({ status: 'sealing', outcome: 'passed', manifestHash: null });
  expect(await noteSealed(database, late, 'b'.repeat(64), NOTHING_YET, [])).toBe(true);
  expect(await readDrill(database, id)).toMatchObject({ status: 'sealed', manifestHash: 'b'.repeat(64) });
});

it('a drill that is sealed stays as it is', async () => {
  const turn = await takeTurn();
  await noteSealing(database, turn, 'passed', NOTHING_YET);
  await noteSealed(database, turn, 'a'.repeat(64), NOTHING_YET, []);
  const sealed = await readDrill(database, id);
  const again = await takeTurn();
  await noteSealing(database, again, 'incomplete', { ...NOTHING_YET, trouble: 'late' });
  await noteUnsealed(database, again, 'late');
  expect(await noteSealed(database, again, 'b'.repeat(64), NOTHING_YET, [])).toBe(false);
  expect(await readDrill(database, id)).toEqual(sealed);
});

it('what a recorder noted late does not come over what ended it', async () => {
  const turn = await takeTurn();
  await noteProgress(database, turn, { ...NOTHING_YET, done: 3 });
  await noteSealing(database, turn, 'incomplete', { ...NOTHING_YET, done: 4, trouble: 'the disk is full' });
  await noteProgress(database, turn, { ...NOTHING_YET, done: 3 });
  expect((await readDrill(database, id)).progress).toMatchObject({ done: 4, trouble: 'the disk is full' });
});

it('of each group the latest drill that passed is what proves something', async () => {
  await database.pool.query('TRUNCATE drills');
  await sealed('demo', 'passed');
  const latest = await sealed('demo', 'passed');
  await sealed('demo', 'failed');
  await sealed('other', 'failed');
  const third = await sealed('third', 'passed');
  await makeDrill('third');
  const found = await readLastPassed(database);
  expect(found.map(({ bundle }) => bundle).sort()).toEqual([latest, third]);
});
