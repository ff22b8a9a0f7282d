/** Schedules against a real database and a clock of the test's own. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { GroupStatus } from '../../domain/group-status.ts';
import { refuse } from '../../domain/refusal.ts';
import { deriveGroupStatus } from '../../domain/status-derive.ts';
import { StatusBench } from '../../domain/status-testkit.ts';
import { type Database, openControlDatabase, toJson } from '../database.ts';
import type { NewEvent } from '../event-log.ts';
import { startTestDatabase, type TestDatabase } from '../testing/database.ts';
import { quietLog } from '../testing/quiet-log.ts';
import { createDrill } from './drill-records.ts';
import type { RunbookEntry } from './runbook-library.ts';
import { type KeeperParts, ScheduleKeeper } from './schedule-keeper.ts';
import { putSchedule, readFirings, readSchedules } from './schedule-records.ts';

const HOUR_MS = 3_600_000;
const three = Date.parse('2026-01-05T03:00Z');
const healthy = deriveGroupStatus(new StatusBench().facts);
const line: RunbookEntry = {
  name: 'line-cut',
  title: 'A cut line',
  arrangement: 'chain-3',
  says: 'x',
  chapters: [],
  sha256: '',
};

let server: TestDatabase;
let database: Database;
let now = 0;
let status: GroupStatus | null = healthy;
let told: NewEvent[] = [];
let started: string[] = [];

beforeAll(async () => {
  server = await startTestDatabase();
  database = openControlDatabase(server.url, quietLog);
});
afterAll(async () => {
  await database.close();
  await server.stop();
});

beforeEach(async () => {
  await database.pool.query('TRUNCATE drills, drill_schedules, drill_firings, groups');
  [now, status, told, started] = [three - HOUR_MS, healthy, [], []];
  await makeGroup();
  const order = {
    group: 'demo',
    runbook: 'line-cut',
    cron: '0 * * * *',
    zone: 'UTC',
    enabled: true,
    approvedBy: 'bert',
  };
  await putSchedule(database, order, 'anna', now);
});

async function makeGroup(): Promise<void> {
  const { definition } = new StatusBench().facts;
  await database.prisma.group.create({
    data: { name: 'demo', arrangement: 'chain-3', definition: toJson(definition), createdBy: 'test' },
  });
}

function parts(change: Partial<KeeperParts> = {}): KeeperParts {
  return {
    database,
    now: () => now,
    status: () => status,
    library: () => [line],
    underWay: async () => null,
    start: async ({ group, approvedBy, firing = null }, by) => {
      started.push(`${by}, approved by ${approvedBy}`);
      const { definition } = new StatusBench().facts;
      const topology = { definition, rpoObjectiveMs: 1_000 };
      const basis = { software: { version: '0', content: null }, runbook: '', topology };
      return createDrill(database, { runbook: line, group, by, approvedBy, firing, basis });
    },
    tell: (event) => told.push(event),
    log: quietLog,
    ...change,
  };
}

/** As a worker that has begun to lead. */
function keeper(change: Partial<KeeperParts> = {}): ScheduleKeeper {
  const made = new ScheduleKeeper(parts(change));
  made.lead(true);
  return made;
}

/** Looks at the clock as a worker does that has led for a while. */
async function lookAt(at: number, looker: ScheduleKeeper): Promise<void> {
  now = at;
  await looker.look();
}

async function firings(): Promise<string[]> {
  const [row] = await readSchedules(database, null);
  const all = row ? await readFirings(database, row.id, 10) : [];
  return all.map(({ dueAt, count, status: word, reason, bundle }) =>
    [new Date(dueAt).toISOString().slice(11, 16), count, word, reason ?? bundle].join(' '),
  );
}

it('a drill begins at its moment, once, with who approved it and whose schedule it is', async () => {
  const one = keeper();
  await lookAt(three - 1, one);
  expect(await firings()).toEqual([]);
  await lookAt(three + 4_000, one);
  await lookAt(three + 6_000, one);
  expect(started).toEqual(['schedule of anna, approved by bert']);
  expect(await firings()).toEqual(['03:00 1 started demo-0001-line-cut']);
});

it('of several workers that look at once, one starts it', async () => {
  const all = Array.from({ length: 6 }, () => keeper());
  now = three + 1_000;
  await Promise.all(all.map((each) => each.look()));
  expect(started).toHaveLength(1);
  expect(await firings()).toHaveLength(1);
});

it('is skipped while the group is unhealthy, with the reason, in the history too', async () => {
  status = deriveGroupStatus(new StatusBench().setPair('I-R', 'suspend').facts);
  await lookAt(three, keeper());
  const [entry = ''] = await firings();
  expect(entry).toMatch(/^03:00 1 skipped I-R is suspend/);
  expect(started).toEqual([]);
  expect(told.map(({ kind, text }) => `${kind} ${text}`)).toEqual([
    expect.stringMatching(/^drill-skipped Scheduled drill line-cut skipped, due 2026-01-05 03:00 UTC: I-R is suspend/),
  ]);
});

it('is skipped where its runbook is gone, where another drill is recorded, and where the start is refused', async () => {
  const hours = [three, three + HOUR_MS, three + 2 * HOUR_MS] as const;
  await lookAt(hours[0], keeperAt(hours[0], { library: () => [] }));
  await lookAt(hours[1], keeperAt(hours[1], { underWay: async () => 'A cut line' }));
  const start = () => Promise.reject(refuse('busy', 'the group is being drilled', 'Wait.'));
  await lookAt(hours[2], keeperAt(hours[2], { start }));
  expect(await firings()).toEqual([
    '05:00 1 skipped the group is being drilled',
    '04:00 1 skipped drill A cut line is being recorded',
    '03:00 1 skipped there is no runbook line-cut any more',
  ]);
});

function keeperAt(at: number, change: Partial<KeeperParts>): ScheduleKeeper {
  now = at - HOUR_MS / 2;
  return keeper(change);
}

it('what came due while nobody looked is told as missed, and does not begin late', async () => {
  const late = keeperAt(three + 5 * HOUR_MS, {});
  await lookAt(three + 5 * HOUR_MS - HOUR_MS / 4, late);
  expect(started).toEqual([]);
  expect(await firings()).toEqual(['07:00 5 missed the control plane did not run at that time']);
  expect(told.map(({ kind }) => kind)).toEqual(['drill-missed']);
  await lookAt(three + 5 * HOUR_MS, late);
  expect(await firings()).toHaveLength(2);
  expect(started).toHaveLength(1);
});

it.each([
  ['before it was started, within the minute', 20_000, false, 'started demo-0001-line-cut', 1],
  [
    'before it was started, and came back too late',
    90_000,
    false,
    'missed the control plane was killed at that time',
    0,
  ],
  ['after it was started', 90_000, true, 'started demo-0001-line-cut', 1],
])('a worker killed %s leaves its moment to the next', async (_when, afterMs, hadStarted, expected, starts) => {
  const dying = keeper({
    start: async (request, by) => {
      if (hadStarted) await parts().start(request, by);
      // As far as the database knows, it dies here.
      return new Promise(() => {});
    },
  });
  now = three;
  void dying.look();
  await expect.poll(async () => (await firings()).length).toBe(1);
  if (hadStarted) await expect.poll(() => started.length).toBe(1);
  await lookAt(three + afterMs, keeperAt(three + afterMs, {}));
  expect((await firings()).at(-1)).toBe(`03:00 1 ${expected}`);
  expect(started).toHaveLength(starts);
});

it('a group made anew under an old name has no drills that nobody asked for', async () => {
  await database.prisma.group.delete({ where: { name: 'demo' } });
  await makeGroup();
  await lookAt(three, keeper());
  expect(await readSchedules(database, 'demo')).toMatchObject([
    { enabled: false, disabledBecause: 'the group was deleted and made anew' },
  ]);
  await database.prisma.drillSchedule.updateMany({ data: { enabled: true } });
  await database.prisma.group.delete({ where: { name: 'demo' } });
  await lookAt(three, keeperAt(three, {}));
  expect(await readSchedules(database, 'demo')).toMatchObject([
    { enabled: false, disabledBecause: 'the group was deleted' },
  ]);
  expect(started).toEqual([]);
});

it('a worker that has just begun to lead waits until it has heard of everything; one that does not lead looks at nothing', async () => {
  now = three;
  const fresh = keeper();
  await fresh.look();
  expect(await firings()).toEqual([]);
  await lookAt(three + 10_000, fresh);
  expect(started).toHaveLength(1);
  fresh.lead(false);
  await lookAt(three + HOUR_MS, fresh);
  expect(await firings()).toHaveLength(1);
});

it('a schedule that cannot be decided does not hold up the others', async () => {
  const other = {
    group: 'demo',
    runbook: 'site-loss',
    cron: '0 * * * *',
    zone: 'UTC',
    enabled: true,
    approvedBy: null,
  };
  await putSchedule(database, other, 'anna', now);
  const tried: string[] = [];
  const start = ({ runbook }: { runbook: string }) => {
    tried.push(runbook);
    return Promise.reject(new Error('the disk is gone'));
  };
  await lookAt(three, keeperAt(three - 1, { start, library: () => [line, { ...line, name: 'site-loss' }] }));
  expect(tried).toEqual(['line-cut', 'site-loss']);
});

it('a drill of a firing that has one already is refused by the database', async () => {
  const request = { runbook: 'line-cut', group: 'demo', approvedBy: null, firing: randomUUID() };
  await parts().start(request, 'a');
  await database.prisma.drill.updateMany({ data: { status: 'sealed' } });
  await expect(parts().start(request, 'b')).rejects.toThrow();
});
