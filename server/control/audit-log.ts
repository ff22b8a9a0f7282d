/**
 * Who did what, on which grounds, with what result: a chain in which each entry carries the hash of the one before, so
 * that a changed, removed or inserted entry shows. The head is kept apart, so that a cut tail shows as well.
 */
import { createHash } from 'node:crypto';
import type pg from 'pg';
import type { Database } from './database.ts';
import type { AuditEntryView, AuditReport } from './views.ts';

export interface NewAuditEntry {
  actor: string;
  action: string;
  group: string | null;
  subject: string;
  outcome: 'done' | 'refused' | 'failed';
  before?: unknown;
  after?: unknown;
}

interface AuditRow {
  id: string;
  at: Date;
  actor: string;
  action: string;
  group: string | null;
  subject: string;
  outcome: AuditEntryView['outcome'];
  before: string | null;
  after: string | null;
  previous_hash: string;
  hash: string;
}

const NO_HASH = '0'.repeat(64);
const PAGE = 1_000;

function hashOf(row: Omit<AuditRow, 'hash'>): string {
  const content = [
    row.id,
    row.at.getTime(),
    row.actor,
    row.action,
    row.group,
    row.subject,
    row.outcome,
    row.before,
    row.after,
    row.previous_hash,
  ];
  return createHash('sha256').update(JSON.stringify(content)).digest('hex');
}

const text = (value: unknown) => (value === undefined ? null : JSON.stringify(value));

/** Appends one entry, as part of the transaction of `client`. Entries wait for each other: a chain has one end. */
export async function appendAudit(client: pg.PoolClient, entry: NewAuditEntry, at = new Date()): Promise<void> {
  await client.query('SELECT pg_advisory_xact_lock(4711, 2)');
  const { rows } = await client.query<{ id: string; hash: string }>(
    'SELECT id, hash FROM audit ORDER BY id DESC LIMIT 1',
  );
  const last = rows[0];
  const row: Omit<AuditRow, 'hash'> = {
    id: String(BigInt(last?.id ?? 0) + 1n),
    at,
    actor: entry.actor,
    action: entry.action,
    group: entry.group,
    subject: entry.subject,
    outcome: entry.outcome,
    before: text(entry.before),
    after: text(entry.after),
    previous_hash: last?.hash ?? NO_HASH,
  };
  await client.query(
    `INSERT INTO audit (id, at, actor, action, "group", subject, outcome, before, after, previous_hash, hash)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    [
      row.id,
      row.at,
      row.actor,
      row.action,
      row.group,
      row.subject,
      row.outcome,
      row.before,
      row.after,
      row.previous_hash,
      hashOf(row),
    ],
  );
  await client.query(
    `INSERT INTO counters (name, value) VALUES ('audit-entries', $1) ON CONFLICT (name) DO UPDATE SET value = EXCLUDED.value`,
    [row.id],
  );
}

/** The same in a transaction of its own. */
export async function audit(database: Database, entry: NewAuditEntry): Promise<void> {
  const client = await database.pool.connect();
  try {
    await client.query('BEGIN');
    await appendAudit(client, entry);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  } finally {
    client.release();
  }
}

/** Newest first. */
export async function readAudit(
  database: Database,
  filter: { group: string | null; before: number | null; limit: number },
): Promise<AuditEntryView[]> {
  const { rows } = await database.pool.query<AuditRow>(
    `SELECT * FROM audit WHERE ($1::text IS NULL OR "group" = $1) AND ($2::bigint IS NULL OR id < $2) ORDER BY id DESC LIMIT $3`,
    [filter.group, filter.before, filter.limit],
  );
  return rows.map(({ previous_hash, ...row }) => ({
    ...row,
    id: Number(row.id),
    at: row.at.getTime(),
    before: row.before === null ? null : JSON.parse(row.before),
    after: row.after === null ? null : JSON.parse(row.after),
    previousHash: previous_hash,
  }));
}

/** Follows the whole chain from its first entry and names the first that does not fit. */
export async function verifyAudit(database: Database): Promise<AuditReport> {
  let previous = NO_HASH;
  let count = 0;
  const broken = (id: number, reason: string): AuditReport => ({
    entries: count,
    intact: false,
    brokenAt: id,
    text: `Entry ${id} ${reason}. The ${count} entries before it are intact.`,
    lastHash: previous,
  });
  for (;;) {
    const { rows } = await database.pool.query<AuditRow>('SELECT * FROM audit WHERE id > $1 ORDER BY id LIMIT $2', [
      count,
      PAGE,
    ]);
    for (const row of rows) {
      const id = count + 1;
      if (Number(row.id) !== id) return broken(id, 'is missing');
      if (row.previous_hash !== previous) return broken(id, 'does not follow the one before it');
      if (row.hash !== hashOf(row)) return broken(id, 'was changed after it was written');
      previous = row.hash;
      count = id;
    }
    if (rows.length < PAGE) break;
  }
  const head = await database.prisma.counter.findUnique({ where: { name: 'audit-entries' } });
  if (Number(head?.value ?? 0) > count) return broken(count + 1, 'is missing, and all after it');
  return {
    entries: count,
    intact: true,
    brokenAt: null,
    text: `${count} entries, every link intact.`,
    lastHash: previous,
  };
}
