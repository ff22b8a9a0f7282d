/**
 * Which control workers live, and which of them leads. A worker that has not been heard of for a while is dead, and what
 * it drove is taken over; the leader alone writes observations and reconciles groups, for which it holds an advisory
 * lock on a connection of its own: the lock dies with the connection, and the connection with the process.
 */
import { hostname } from 'node:os';
import pg from 'pg';
import type { Log } from '../domain/ports.ts';
import type { Database } from './database.ts';
import type { WorkerView } from './views.ts';

export const HEARTBEAT_EVERY_MS = 1_000;
/** Three missed heartbeats and a little: a worker that is merely slow for a second is not robbed of its runs. */
export const DEAD_AFTER_MS = 3_500;
const LEADER_LOCK = '4711, 3';

/** Is a process of this number running here? A number taken over by another program counts as running for one more heartbeat bound only. */
function runsHere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

export class WorkerRegistry {
  leads = false;
  private lockClient: pg.Client | null = null;
  private timer: NodeJS.Timeout | null = null;
  private readonly startedAt = new Date();

  constructor(
    private readonly database: Database,
    private readonly id: string,
    private readonly log: Log,
    /** At the worker that leads: called with each worker found dead, again at every heartbeat until it is forgotten. */
    private readonly onDead: (worker: string) => Promise<void>,
    private readonly onLead: (leads: boolean) => void,
  ) {}

  /** Registers this worker and begins its heartbeat. Resolves after the first, which also looks for the dead. */
  async start(): Promise<void> {
    await this.beat();
    this.schedule();
  }

  async stop(): Promise<void> {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    // Dead from now on to whoever leads next, but on record until what it drove is taken over.
    await this.database.pool
      .query(`UPDATE workers SET heartbeat_at = 'epoch', leads = false WHERE id = $1`, [this.id])
      .catch(() => {});
    const client = this.lockClient;
    this.lockClient = null;
    await client?.end().catch(() => {});
  }

  private schedule(): void {
    this.timer = setTimeout(() => {
      this.beat()
        .catch((error: Error) => this.log.write('warn', 'heartbeat of this worker failed', { reason: error.message }))
        .finally(() => {
          if (this.timer) this.schedule();
        });
    }, HEARTBEAT_EVERY_MS);
  }

  private async beat(): Promise<void> {
    await this.tryToLead();
    await this.database.pool.query(
      `INSERT INTO workers (id, pid, machine, started_at, heartbeat_at, leads) VALUES ($1, $2, $3, $4, clock_timestamp(), $5)
       ON CONFLICT (id) DO UPDATE SET heartbeat_at = clock_timestamp(), leads = $5`,
      [this.id, process.pid, hostname(), this.startedAt, this.leads],
    );
    if (!this.leads) return;
    for (const worker of await readWorkers(this.database))
      if (worker.id !== this.id && !worker.alive) await this.onDead(worker.id);
  }

  /** Takes a worker that owes nothing any more off the record. */
  async forget(worker: string): Promise<void> {
    await this.database.prisma.worker.deleteMany({ where: { id: worker } });
  }

  private async tryToLead(): Promise<void> {
    if (this.leads) return;
    const client = this.lockClient ?? (await this.openLockConnection());
    if (!client) return;
    const { rows } = await client.query<{ got: boolean }>(`SELECT pg_try_advisory_lock(${LEADER_LOCK}) AS got`);
    if (!rows[0]?.got || this.lockClient !== client) return;
    this.leads = true;
    this.onLead(true);
  }

  private async openLockConnection(): Promise<pg.Client | null> {
    const client = new pg.Client({
      connectionString: this.database.url,
      application_name: 'switchback-lead',
      keepAlive: true,
    });
    const lost = () => {
      client.end().catch(() => {});
      if (this.lockClient !== client) return;
      this.lockClient = null;
      if (!this.leads) return;
      this.leads = false;
      this.log.write('warn', 'no longer leading: the connection that holds the lead was lost');
      this.onLead(false);
    };
    client.on('error', lost);
    client.on('end', lost);
    await client.connect();
    this.lockClient = client;
    return client;
  }
}

/** All workers on record. One of this machine whose process is gone is dead at once, without waiting out its silence. */
export async function readWorkers(database: Database): Promise<WorkerView[]> {
  const { rows } = await database.pool.query<{
    id: string;
    pid: number;
    machine: string;
    started_at: Date;
    heartbeat_at: Date;
    leads: boolean;
    age_ms: number;
  }>(
    `SELECT *, (extract(epoch FROM clock_timestamp() - heartbeat_at) * 1000)::float8 AS age_ms FROM workers ORDER BY started_at`,
  );
  return rows.map((row) => ({
    id: row.id,
    pid: row.pid,
    machine: row.machine,
    startedAt: row.started_at.getTime(),
    heartbeatAt: row.heartbeat_at.getTime(),
    alive: row.age_ms < DEAD_AFTER_MS && (row.machine !== hostname() || runsHere(row.pid)),
    leads: row.leads,
  }));
}
