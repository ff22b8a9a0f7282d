/**
 * The latest view of every process, from the agents' notices into the database. Written in batches: at once after a quiet
 * spell, so that a change reaches a screen quickly, and at most twenty times a second under load. Views in which nothing
 * but time has passed are gathered for a second: an idle fleet then costs one statement a second, not one per process.
 */
import type { Log } from '../domain/ports.ts';
import type { ProcessView } from '../site/agent-protocol.ts';
import type { Database } from './database.ts';

const MIN_GAP_MS = 50;
/** Far below the bound after which a view counts as stale. */
const QUIET_GAP_MS = 1_000;
/** Fields that go on by themselves: ages, the count of heartbeats, the time of a line's last ping. */
const AGEING: ReadonlySet<string> = new Set(['factsAt', 'lastIoAgeMs', 'ageMs', 'beat', 'rttMs']);

interface Pending {
  site: string;
  view: ProcessView;
  observedAt: Date;
}

export class ObservationWriter {
  private pending = new Map<string, Pending>();
  /** What the last view of each process said, without what ages. */
  private readonly said = new Map<string, string>();
  private timer: NodeJS.Timeout | null = null;
  private dueAtMs = Number.POSITIVE_INFINITY;
  private writing = false;
  private lastWriteAtMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly database: Database,
    private readonly log: Log,
  ) {}

  put(site: string, view: ProcessView): void {
    const key = `${view.group}/${view.name}`;
    const says = JSON.stringify(view, (field, value: unknown) => (AGEING.has(field) ? undefined : value));
    const gapMs = this.said.get(key) === says ? QUIET_GAP_MS : MIN_GAP_MS;
    this.said.set(key, says);
    this.pending.set(key, { site, view, observedAt: new Date() });
    const dueAtMs = this.lastWriteAtMs + gapMs;
    if (dueAtMs >= this.dueAtMs) return;
    this.dueAtMs = dueAtMs;
    this.schedule();
  }

  /** The group is gone: nothing of it is kept. */
  forget(group: string): void {
    for (const kept of [this.pending, this.said]) {
      for (const key of kept.keys()) if (key.startsWith(`${group}/`)) kept.delete(key);
    }
  }

  stop(): void {
    if (this.timer) clearTimeout(this.timer);
    this.pending.clear();
  }

  private schedule(): void {
    if (this.writing || this.pending.size === 0) return;
    if (this.timer) clearTimeout(this.timer);
    const waitMs = Math.max(0, this.dueAtMs - performance.now());
    this.timer = setTimeout(() => {
      this.timer = null;
      void this.write();
    }, waitMs);
  }

  private async write(): Promise<void> {
    const batch = [...this.pending.values()];
    this.pending = new Map();
    this.dueAtMs = Number.POSITIVE_INFINITY;
    // All there was may have been forgotten since.
    if (batch.length === 0) return;
    this.writing = true;
    this.lastWriteAtMs = performance.now();
    try {
      await writeObservations(this.database, batch);
    } catch (error) {
      // Worth nothing in a second: the next view of each process says it all again.
      this.log.write('warn', 'observations not written', {
        reason: error instanceof Error ? error.message : String(error),
      });
    } finally {
      this.writing = false;
      this.schedule();
    }
  }
}

async function writeObservations(database: Database, batch: readonly Pending[]): Promise<void> {
  const groups = [...new Set(batch.map(({ view }) => view.group))].join(' ');
  // A notification carries at most 8000 bytes; a long list says "look at all".
  const payload = groups.length < 7_000 ? groups : '';
  await database.pool.query(
    `WITH written AS (
       INSERT INTO observations ("group", process, site, view, observed_at)
       SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::json[], $5::timestamptz[])
       ON CONFLICT ("group", process) DO UPDATE SET site = EXCLUDED.site, view = EXCLUDED.view, observed_at = EXCLUDED.observed_at
     ) SELECT pg_notify('switchback_observations', $6)`,
    [
      batch.map(({ view }) => view.group),
      batch.map(({ view }) => view.name),
      batch.map(({ site }) => site),
      batch.map(({ view }) => JSON.stringify(view)),
      batch.map(({ observedAt }) => observedAt),
      payload,
    ],
  );
}

export interface Observation {
  site: string;
  view: ProcessView;
  /** When the control plane got it, ms. */
  observedAt: number;
}

/** Latest views of the groups named, or of all. */
export async function readObservations(database: Database, groups: readonly string[] | null): Promise<Observation[]> {
  const { rows } = await database.pool.query<{ site: string; view: ProcessView; observed_at: Date }>(
    'SELECT site, view, observed_at FROM observations WHERE $1::text[] IS NULL OR "group" = ANY($1)',
    [groups],
  );
  return rows.map((row) => ({ site: row.site, view: row.view, observedAt: row.observed_at.getTime() }));
}
