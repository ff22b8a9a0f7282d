/** Runs as rows: how they were asked for, who drives them, what everyone is shown, and what operators ordered. */
import { refuse } from '../../domain/refusal.ts';
import type { Verdict } from '../../domain/verdict.ts';
import type { RunOrder, RunStart, RunView, StepRecord } from '../../routines/step-graph.ts';
import { type Database, fromJson, toJson } from '../database.ts';
import type { Run } from '../generated/client.ts';

export interface RunRow {
  id: string;
  start: RunStart;
  view: RunView;
  revision: number;
  executor: string | null;
  ended: boolean;
}

function rowOf(row: Run): RunRow {
  return {
    id: row.id,
    start: fromJson<RunStart>(row.request),
    view: fromJson<RunView>(row.view),
    revision: row.revision,
    executor: row.executor,
    ended: row.status === 'ended',
  };
}

/** Puts a run on record before anything of it is done. Refuses with `busy` where another changing run of its group is under way. */
export async function createRun(database: Database, start: RunStart, view: RunView, changing: boolean): Promise<void> {
  try {
    await database.prisma.run.create({
      data: {
        id: start.run,
        group: start.group,
        routine: start.routine,
        changing,
        status: view.status,
        startedAt: new Date(start.at),
        startedBy: start.by,
        request: toJson(start),
        view: toJson(view),
      },
    });
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    const other = await database.prisma.run.findFirst({
      where: { group: start.group, changing: true, status: { not: 'ended' } },
    });
    throw refuse(
      'busy',
      `${other?.routine ?? 'another routine'} is under way in group ${start.group}${other ? ` (run ${other.id})` : ''}`,
      'Wait until it has ended, or abort it (run abort), then start this one.',
    );
  }
}

function isUniqueViolation(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'P2002';
}

/** Refuses with `unknown-run`. */
export async function readRun(database: Database, id: string): Promise<RunRow> {
  const row = await database.prisma.run.findUnique({ where: { id } });
  if (row) return rowOf(row);
  throw refuse('unknown-run', `there is no run ${id}`, 'List the runs (run list).');
}

/** Newest first. `active`: only those that have not ended, or only those that have. */
export async function readRuns(
  database: Database,
  filter: { group: string | null; active: boolean | null; before: number | null; limit: number },
): Promise<RunRow[]> {
  const rows = await database.prisma.run.findMany({
    where: {
      ...(filter.group === null ? {} : { group: filter.group }),
      ...(filter.active === null ? {} : { status: filter.active ? { not: 'ended' } : 'ended' }),
      ...(filter.before === null ? {} : { startedAt: { lt: new Date(filter.before) } }),
    },
    orderBy: { startedAt: 'desc' },
    take: filter.limit,
  });
  return rows.map(rowOf);
}

/** The run that each group is under: where a test is under way beside one that changes the group, that one. `group` null: of all. */
export async function readRunsUnderWay(database: Database, group: string | null): Promise<Map<string, RunView>> {
  const rows = await database.prisma.run.findMany({
    where: { status: { not: 'ended' }, ...(group === null ? {} : { group }) },
    orderBy: [{ changing: 'asc' }, { startedAt: 'desc' }],
  });
  return new Map(rows.map((row) => [row.group, rowOf(row).view]));
}

/** The latest ended run of each group that has a verdict. */
export async function readLastProven(database: Database): Promise<Map<string, RunView>> {
  const { rows } = await database.pool.query<{ view: RunView }>(
    `SELECT DISTINCT ON ("group") view FROM runs WHERE status = 'ended' AND EXISTS (SELECT 1 FROM verdicts WHERE verdicts.run = runs.id)
     ORDER BY "group", started_at DESC`,
  );
  return new Map(rows.map(({ view }) => [view.group, view]));
}

/**
 * Shows a run. A view of an older revision is ignored; one of the same revision replaces it (progress of the step under
 * way). Answers whether the revision was new.
 */
export async function storeView(database: Database, id: string, revision: number, view: RunView): Promise<boolean> {
  const { rows } = await database.pool.query<{ fresh: boolean }>(
    `UPDATE runs SET view = $3, revision = $2, status = $4, ending = $5, ended_at = $6
     FROM (SELECT revision AS before FROM runs WHERE id = $1 FOR UPDATE) AS old
     WHERE id = $1 AND old.before <= $2 RETURNING old.before < $2 AS fresh`,
    [
      id,
      revision,
      JSON.stringify(view),
      view.status,
      view.ending,
      view.endedAt === null ? null : new Date(view.endedAt),
    ],
  );
  return rows[0]?.fresh ?? false;
}

/** Keeps a walked step for good. Answers false where it was kept before. */
export async function storeStep(
  database: Database,
  run: string,
  ordinal: number,
  record: StepRecord,
): Promise<boolean> {
  const { rowCount } = await database.pool.query(
    'INSERT INTO run_steps (run, ordinal, step, record) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING',
    [run, ordinal, record.id, JSON.stringify(record)],
  );
  return rowCount === 1;
}

/** Keeps a verdict with the step it was said at. Answers false where the run has said the very same before. */
export async function storeVerdict(database: Database, run: string, step: string, verdict: Verdict): Promise<boolean> {
  const { rowCount } = await database.pool.query(
    `INSERT INTO verdicts (run, step, at, verdict) SELECT $1, $2, now(), $3
     WHERE NOT EXISTS (SELECT 1 FROM verdicts WHERE run = $1 AND verdict::text = $3::json::text)
     ON CONFLICT (run, step) DO UPDATE SET verdict = EXCLUDED.verdict, at = EXCLUDED.at`,
    [run, step, JSON.stringify(verdict)],
  );
  return rowCount === 1;
}

/** Puts an order on record. Giving the same key again changes nothing. Answers false then. */
export async function storeOrder(database: Database, run: string, key: string, order: RunOrder): Promise<boolean> {
  const { rowCount } = await database.pool.query(
    'INSERT INTO run_orders (run, key, "order", by) VALUES ($1, $2, $3, $4) ON CONFLICT (run, key) DO NOTHING',
    [run, key, JSON.stringify(order), order.by],
  );
  return rowCount === 1;
}

/** The oldest order not taken yet, marked as taken at `moment`; the same moment gets the same order again. */
export async function takeOrder(database: Database, run: string, moment: string): Promise<RunOrder | null> {
  const { rows } = await database.pool.query<{ order: RunOrder }>(
    `UPDATE run_orders SET taken = $2 WHERE id = (
       SELECT id FROM run_orders WHERE run = $1 AND (taken = $2 OR taken IS NULL) ORDER BY taken IS NULL, id LIMIT 1
     ) RETURNING "order"`,
    [run, moment],
  );
  return rows[0]?.order ?? null;
}

export async function orderWaits(database: Database, run: string): Promise<boolean> {
  const { rowCount } = await database.pool.query('SELECT 1 FROM run_orders WHERE run = $1 AND taken IS NULL LIMIT 1', [
    run,
  ]);
  return (rowCount ?? 0) > 0;
}
