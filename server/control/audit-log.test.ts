import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { audit, readAudit, verifyAudit } from './audit-log.ts';
import { type Database, openControlDatabase } from './database.ts';
import { startTestDatabase, type TestDatabase } from './testing/database.ts';
import { quietLog } from './testing/quiet-log.ts';

let server: TestDatabase;
let database: Database;

beforeAll(async () => {
  server = await startTestDatabase();
  database = openControlDatabase(server.url, quietLog, 10);
});

afterAll(async () => {
  await database.close();
  await server.stop();
});

/** As somebody with the keys to the database would, past the trigger that refuses changes. */
async function tamper(sql: string): Promise<void> {
  await database.pool.query(`ALTER TABLE audit DISABLE TRIGGER ALL; ${sql}; ALTER TABLE audit ENABLE TRIGGER ALL`);
}

beforeEach(async () => {
  await tamper(`DELETE FROM audit; DELETE FROM counters WHERE name = 'audit-entries'`);
  for (const action of ['one', 'two', 'three', 'four']) {
    await audit(database, {
      actor: 'ann',
      action,
      group: 'demo',
      subject: 'P-I',
      outcome: 'done',
      after: { action, text: 'ä “x”' },
    });
  }
});

test('an untouched log is intact, and says how long it is', async () => {
  expect(await verifyAudit(database)).toMatchObject({ entries: 4, intact: true, brokenAt: null });
});

test('the log refuses to be changed', async () => {
  await expect(database.pool.query(`UPDATE audit SET actor = 'bob'`)).rejects.toThrow('cannot be changed');
  await expect(database.pool.query('DELETE FROM audit')).rejects.toThrow('cannot be changed');
});

test.each([
  ['a changed actor', `UPDATE audit SET actor = 'bob' WHERE id = 2`, 2],
  ['a changed result', `UPDATE audit SET after = '{"action":"two"}' WHERE id = 2`, 2],
  ['a changed time', `UPDATE audit SET at = at + interval '1 hour' WHERE id = 3`, 3],
  ['a removed entry', 'DELETE FROM audit WHERE id = 2', 2],
  ['a removed first entry', 'DELETE FROM audit WHERE id = 1', 1],
  ['a cut tail', 'DELETE FROM audit WHERE id = 4', 4],
  ['everything removed', 'DELETE FROM audit', 1],
  ['an entry made to fit its own hash only', `UPDATE audit SET previous_hash = repeat('0', 64) WHERE id = 3`, 3],
])('%s is found', async (_name, sql, brokenAt) => {
  await tamper(sql);
  expect(await verifyAudit(database)).toMatchObject({ intact: false, brokenAt, entries: brokenAt - 1 });
});

test('entries written at the same time make one chain', async () => {
  const write = (turn: number) =>
    audit(database, { actor: 'ann', action: `t${turn}`, group: null, subject: 's', outcome: 'refused' });
  await Promise.all(Array.from({ length: 20 }, (_, turn) => write(turn)));
  expect(await verifyAudit(database)).toMatchObject({ entries: 24, intact: true });
});

test('is read newest first', async () => {
  const entries = await readAudit(database, { group: 'demo', before: null, limit: 2 });
  expect(entries.map((entry) => entry.action)).toEqual(['four', 'three']);
  expect(entries[0]?.previousHash).toBe(entries[1]?.hash);
  expect(entries[0]?.after).toEqual({ action: 'four', text: 'ä “x”' });
});
