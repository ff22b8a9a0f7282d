/**
 * The latest view of every process, from the agents' notices into the database. Written in batches: at once after a quiet
 * spell, so that a change reaches a screen quickly, and at most twenty times a second under load.
 */
import type { Log } from '../domain/ports.ts';
import type { ProcessView } from '../site/agent-protocol.ts';
import type { Database } from './database.ts';

const MIN_GAP_MS = 50;

interface Pending {
  site: string;
  view: ProcessView;
}

export class ObservationWriter {
  private pending = new Map<string, Pending>();
  private timer: NodeJS.Timeout | null = null;
  private writing = false;
  private lastWriteAtMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly database: Database,
    private readonly log: Log,
  ) {}

  put(site: string, view: ProcessView): void {
    this.pending.set(`${view.group}/${view.name}`, { site, view });
    this.schedule();
  }

  stop(): void {
    if (this.timer) clearTimeout(this.timer);
    this.pending.clear();
  }

  private schedule(): void {
    if (this.timer || this.writing || this.pending.size === 0) return;
    const waitMs = Math.max(0, this.lastWriteAtMs + MIN_GAP_MS - performance.now());
    this.timer = setTimeout(() => {
      this.timer = null;
      void this.write();
    }, waitMs);
  }

  private async write(): Promise<void> {
    const batch = [...this.pending.values()];
    this.pending = new Map();
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
      batch.map(() => new Date()),
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
