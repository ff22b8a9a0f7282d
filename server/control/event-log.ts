/** The history. One numbering for everything; see the trigger in the first migration for why it has no late fillers. */
import type pg from 'pg';
import type { Severity } from '../domain/group-status.ts';
import type { Database } from './database.ts';
import type { EventKind, EventQuery, EventView } from './views.ts';

export interface NewEvent {
  at: number;
  group: string | null;
  kind: EventKind;
  subject: string;
  observer: string;
  text: string;
  severity?: Severity;
  run?: string | null;
  rule?: string | null;
  facts?: Record<string, unknown>;
  /** A second event with the same key is dropped: two workers may hear of one happening. */
  dedupeKey?: string;
}

interface EventRow {
  seq: string;
  at: Date;
  group: string | null;
  kind: EventKind;
  subject: string;
  observer: string;
  text: string;
  severity: Severity;
  run: string | null;
  rule: string | null;
  facts: Record<string, unknown>;
}

const COLUMNS = 'seq, at, "group", kind, subject, observer, text, severity, run, rule, facts';

/** Writes events in the order given, in one transaction. `on` lets them be part of a larger one. */
export async function appendEvents(on: pg.Pool | pg.PoolClient, events: readonly NewEvent[]): Promise<void> {
  if (events.length === 0) return;
  const values: unknown[] = [];
  const rows = events.map((event) => {
    values.push(
      new Date(event.at),
      event.group,
      event.kind,
      event.subject,
      event.observer,
      event.text,
      event.severity ?? 'none',
      event.run ?? null,
      event.rule ?? null,
      JSON.stringify(event.facts ?? {}),
      event.dedupeKey ?? null,
    );
    const first = values.length - 10;
    return `(${Array.from({ length: 11 }, (_, index) => `$${first + index}`).join(',')})`;
  });
  await on.query(
    `INSERT INTO events (at, "group", kind, subject, observer, text, severity, run, rule, facts, dedupe_key)
     VALUES ${rows.join(',')} ON CONFLICT (dedupe_key) DO NOTHING`,
    values,
  );
}

function viewOf(row: EventRow): EventView {
  return { ...row, seq: Number(row.seq), at: row.at.getTime() };
}

/** Newest first, or oldest first where `after` is given. */
export async function readEvents(database: Database, query: EventQuery): Promise<EventView[]> {
  const { rows } = await database.pool.query<EventRow>(
    `SELECT ${COLUMNS} FROM events
     WHERE ($1::text IS NULL OR "group" = $1) AND ($2::text IS NULL OR run = $2) AND ($3::text[] IS NULL OR kind = ANY($3))
       AND ($4::bigint IS NULL OR seq < $4) AND ($5::bigint IS NULL OR seq > $5)
     ORDER BY seq ${query.after === null ? 'DESC' : 'ASC'} LIMIT $6`,
    [query.group, query.run, query.kinds, query.before, query.after, query.limit],
  );
  return rows.map(viewOf);
}

/** Number of the newest event, 0 where there is none. */
export async function lastEventSeq(database: Database): Promise<number> {
  const { rows } = await database.pool.query<{ last: string | null }>('SELECT max(seq) AS last FROM events');
  return Number(rows[0]?.last ?? 0);
}
