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

/** Kinds that say how something stands from then on; of each thing only the newest counts. */
const STANDING: readonly EventKind[] = [
  'pair-transition',
  'process-started',
  'process-exited',
  'heartbeat-lost',
  'heartbeat-found',
  'agent-lost',
  'agent-found',
  'run-started',
  'run-step',
  'run-ended',
  'fault-injected',
  'fault-cleared',
];

/**
 * What the history says of a group as it stood when event `seq` was recorded: the newest event, up to that one, about each
 * end of a pair, each process, heartbeat, agent and fault, and about its routines. Oldest first. A group made anew under an old
 * name begins with nothing.
 */
export async function readStanding(database: Database, group: string, seq: number): Promise<EventView[]> {
  const { rows } = await database.pool.query<EventRow>(
    `SELECT ${COLUMNS} FROM (
       SELECT DISTINCT ON (split_part(kind, '-', 1), about) * FROM (
         SELECT ${COLUMNS}, CASE
             WHEN kind LIKE 'run-%' THEN ''
             WHEN kind LIKE 'fault-%' THEN facts->>'fault'
             WHEN kind LIKE 'process-%' OR kind LIKE 'agent-%' THEN subject
             ELSE subject || '@' || observer END AS about
         FROM events
         WHERE ("group" = $1 OR ("group" IS NULL AND kind LIKE 'agent-%')) AND kind = ANY($3) AND seq <= $2
           AND seq >= coalesce((SELECT max(seq) FROM events WHERE "group" = $1 AND kind = 'group-created' AND seq <= $2), 0)
       ) AS told
       ORDER BY split_part(kind, '-', 1), about, seq DESC
     ) AS newest ORDER BY seq`,
    [group, seq, STANDING],
  );
  return rows.map(viewOf);
}

/** Number of the newest event, 0 where there is none. */
export async function lastEventSeq(database: Database): Promise<number> {
  const { rows } = await database.pool.query<{ last: string | null }>('SELECT max(seq) AS last FROM events');
  return Number(rows[0]?.last ?? 0);
}
