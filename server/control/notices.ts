/**
 * LISTEN on one connection of its own. Notifications only wake: whoever is woken reads the tables, and after a lost
 * connection everybody is woken once, since nobody knows what was missed.
 */
import pg from 'pg';
import type { Log } from '../domain/ports.ts';

export type NoticeChannel =
  | 'switchback_events'
  | 'switchback_groups'
  | 'switchback_observations'
  | 'switchback_runs'
  | 'switchback_orders'
  | 'switchback_faults'
  | 'switchback_drills'
  | 'switchback_commands'
  | 'switchback_results';

/** `payload` names what changed; null after a reconnection: anything may have. */
export type NoticeHandler = (payload: string | null) => void;

const FIRST_PAUSE_MS = 100;
const LAST_PAUSE_MS = 2_000;

export class NoticeListener {
  private readonly handlers = new Map<NoticeChannel, Set<NoticeHandler>>();
  private client: pg.Client | null = null;
  private timer: NodeJS.Timeout | null = null;
  private pauseMs = FIRST_PAUSE_MS;
  private stopped = false;

  constructor(
    private readonly url: string,
    private readonly log: Log,
  ) {}

  /** Registers before `start`. Answers how to stop hearing. */
  on(channel: NoticeChannel, handler: NoticeHandler): () => void {
    const handlers = this.handlers.get(channel) ?? new Set();
    this.handlers.set(channel, handlers.add(handler));
    return () => handlers.delete(handler);
  }

  /** Resolves once it listens, or at the first failure, after which it goes on trying by itself. */
  async start(): Promise<void> {
    if (this.stopped) return;
    const client = new pg.Client({
      connectionString: this.url,
      application_name: 'switchback-listen',
      keepAlive: true,
    });
    this.client = client;
    client.on('error', (error) => this.lost(client, error.message));
    client.on('end', () => this.lost(client, 'the connection ended'));
    client.on('notification', (notice) => this.tell(notice.channel as NoticeChannel, notice.payload ?? ''));
    try {
      await client.connect();
      await client.query([...this.handlers.keys()].map((channel) => `LISTEN ${channel}`).join(';'));
    } catch (error) {
      this.lost(client, error instanceof Error ? error.message : String(error));
      return;
    }
    this.pauseMs = FIRST_PAUSE_MS;
    for (const channel of this.handlers.keys()) this.tell(channel, null);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    if (this.timer) clearTimeout(this.timer);
    const { client } = this;
    this.client = null;
    await client?.end().catch(() => {});
  }

  private tell(channel: NoticeChannel, payload: string | null): void {
    for (const handler of this.handlers.get(channel) ?? []) handler(payload);
  }

  private lost(client: pg.Client, reason: string): void {
    if (this.client !== client || this.stopped) return;
    this.client = null;
    client.end().catch(() => {});
    this.log.write('warn', 'the database no longer notifies', { reason });
    this.timer = setTimeout(() => void this.start(), this.pauseMs);
    this.pauseMs = Math.min(this.pauseMs * 2, LAST_PAUSE_MS);
  }
}
