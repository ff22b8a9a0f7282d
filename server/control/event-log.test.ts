import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Database, openControlDatabase } from './database.ts';
import { appendEvents, lastEventSeq, type NewEvent, readEvents, readStanding } from './event-log.ts';
import { startTestDatabase, type TestDatabase } from './testing/database.ts';
import { quietLog } from './testing/quiet-log.ts';

let server: TestDatabase;
let database: Database;

beforeAll(async () => {
  server = await startTestDatabase();
  database = openControlDatabase(server.url, quietLog, 20);
});

afterAll(async () => {
  await database.close();
  await server.stop();
});

const event = (subject: string, more: Partial<NewEvent> = {}): NewEvent => ({
  at: 1_700_000_000_000,
  group: 'g',
  kind: 'process-event',
  subject,
  observer: 'test',
  text: subject,
  ...more,
});

const all = { group: null, run: null, kinds: null, before: null, after: null, limit: 10_000 };

test('a transaction that wrote first but commits last gets no number below one already seen', async () => {
  const before = await lastEventSeq(database);
  const slow = await database.pool.connect();
  await slow.query('BEGIN');
  await appendEvents(slow, [event('slow')]);
  let committed = false;
  const fast = appendEvents(database.pool, [event('fast')]).then(() => {
    committed = true;
  });
  for (let waits = false; !waits && !committed; ) {
    const { rows } = await database.pool.query("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted");
    waits = rows.length > 0;
  }
  // Had it committed, a reader would have seen its number, and the slow one's would appear below it later.
  expect(committed).toBe(false);
  await slow.query('COMMIT');
  slow.release();
  await fast;
  const later = await readEvents(database, { ...all, after: before });
  expect(later.map((one) => one.subject)).toEqual(['slow', 'fast']);
});

test('readers that go on from the last number they saw miss nothing and see nothing twice, under many writers', async () => {
  const before = await lastEventSeq(database);
  const WRITERS = 8;
  const EACH = 25;
  let writing = true;
  const seen: number[] = [];
  const reader = (async () => {
    let last = before;
    for (let more = true; more; ) {
      // Looked at before the read, so that the last read happens after the last write.
      more = writing;
      const events = await readEvents(database, { ...all, after: last });
      for (const one of events) seen.push(one.seq);
      last = events.at(-1)?.seq ?? last;
    }
  })();
  await Promise.all(
    Array.from({ length: WRITERS }, async (_, writer) => {
      for (let turn = 0; turn < EACH; turn += 1) {
        // Transactions of different length: some roll back, which leaves gaps that nothing fills.
        const client = await database.pool.connect();
        await client.query('BEGIN');
        await appendEvents(client, [event(`${writer}/${turn}`), event(`${writer}/${turn}b`)]);
        await client.query(turn % 5 === 4 ? 'ROLLBACK' : 'COMMIT');
        client.release();
      }
    }),
  );
  writing = false;
  await reader;
  const written = await readEvents(database, { ...all, after: before });
  expect(written).toHaveLength(WRITERS * EACH * 2 * 0.8);
  expect(seen).toEqual(written.map((one) => one.seq));
});

test('two tellings of one happening are one event', async () => {
  const before = await lastEventSeq(database);
  await appendEvents(database.pool, [event('once', { dedupeKey: 'k' }), event('other')]);
  await appendEvents(database.pool, [event('once', { dedupeKey: 'k' })]);
  const events = await readEvents(database, { ...all, after: before });
  expect(events.map((one) => one.subject)).toEqual(['once', 'other']);
});

test('filters and order: newest first without a lower bound, only what is asked for', async () => {
  await appendEvents(database.pool, [
    event('a', { group: 'h', run: 'r1' }),
    event('b', { group: 'h', kind: 'verdict' }),
  ]);
  const newest = await readEvents(database, { ...all, group: 'h' });
  expect(newest.map((one) => one.subject)).toEqual(['b', 'a']);
  expect((await readEvents(database, { ...all, run: 'r1' })).map((one) => one.subject)).toEqual(['a']);
  expect((await readEvents(database, { ...all, group: 'h', kinds: ['verdict'] })).map((one) => one.subject)).toEqual([
    'b',
  ]);
});

test('what stood at an event is the newest word on each thing up to it, within this life of the group', async () => {
  const group = 'standing';
  const transition = (system: string, pair: string, to: string): NewEvent => ({
    ...event(pair, { group, kind: 'pair-transition', observer: system, text: `${pair} ${to}` }),
    facts: { system, to },
  });
  const before = await lastEventSeq(database);
  await appendEvents(database.pool, [
    transition('P', 'P-I', 'of an older group'),
    event(group, { group, kind: 'group-created' }),
    event('P', { group, kind: 'process-started', text: 'P up' }),
    transition('P', 'P-I', 'duplex'),
    transition('I', 'P-I', 'duplex'),
    event('production', { group: null, kind: 'agent-lost', text: 'agent away' }),
    event('x', { group: 'other', kind: 'process-started', text: 'not ours' }),
    event('production', { group, kind: 'fault-injected', text: 'fault on', facts: { fault: 'f1' } }),
    event('P', { group, kind: 'process-exited', text: 'P down' }),
    event('failover', { group, kind: 'run-started', text: 'run on' }),
    transition('I', 'P-I', 'failure-suspend'),
    event('production', { group, kind: 'fault-cleared', text: 'fault off', facts: { fault: 'f1' } }),
  ]);
  const textsAt = async (count: number) =>
    (await readStanding(database, group, before + count)).map(({ text }) => text);
  expect(await textsAt(2)).toEqual([]);
  expect(await textsAt(7)).toEqual(['P up', 'P-I duplex', 'P-I duplex', 'agent away']);
  expect(await textsAt(10)).toEqual(['P-I duplex', 'P-I duplex', 'agent away', 'fault on', 'P down', 'run on']);
  expect(await textsAt(12)).toEqual([
    'P-I duplex',
    'agent away',
    'P down',
    'run on',
    'P-I failure-suspend',
    'fault off',
  ]);
});
