/** Holds the state of the live stream for one tab and tells its readers, at most once a frame. */
import type { LiveMessage } from '../../server/api/views.ts';
import { applyMessage, EMPTY_LIVE, isLost, type LiveState, watchGroup } from './live-store.ts';
import type { ApiClient } from './trpc.ts';

/** The client library reconnects by itself; where even that has gone quiet for this long we start afresh, ms. */
const RESTART_MS = 12_000;

export interface Connection {
  lost: boolean;
  /** Attempts since anything was heard last. */
  tries: number;
}

export class LiveSource {
  private state: LiveState = EMPTY_LIVE;
  private connection: Connection = { lost: false, tries: 0 };
  private readonly readers = new Set<() => void>();
  private readonly hearers = new Set<(message: LiveMessage) => void>();
  private stop: (() => void) | null = null;
  private frame: number | null = null;
  private openedAt = 0;

  constructor(private readonly client: ApiClient) {}

  readonly getState = (): LiveState => this.state;
  readonly getConnection = (): Connection => this.connection;

  readonly subscribe = (reader: () => void): (() => void) => {
    this.readers.add(reader);
    return () => this.readers.delete(reader);
  };

  /** Calls `hearer` with every message, in order, as it comes. */
  readonly listen = (hearer: (message: LiveMessage) => void): (() => void) => {
    this.hearers.add(hearer);
    return () => this.hearers.delete(hearer);
  };

  /** Watches `group`; the stream is opened anew and resumes after the last event seen. */
  open(group: string | null): void {
    this.close();
    this.state = watchGroup(this.state, group);
    this.openedAt = Date.now();
    this.tell();
    const lastEventId = this.state.lastSeq > 0 ? String(this.state.lastSeq) : undefined;
    const subscription = this.client.live.subscribe(
      { group, lastEventId },
      {
        onData: (tracked) => this.take(tracked.data),
        onConnectionStateChange: (change) => {
          if (change.state === 'connecting')
            this.setConnection({ ...this.connection, tries: this.connection.tries + 1 });
        },
        onError: () => this.setConnection({ ...this.connection, tries: this.connection.tries + 1 }),
      },
    );
    this.stop = () => subscription.unsubscribe();
  }

  close(): void {
    this.stop?.();
    this.stop = null;
  }

  /** Called once a second, and when a tab that slept wakes: notices silence, and starts afresh after too much of it. */
  check(): void {
    const now = Date.now();
    const lost = isLost(this.state, now);
    if (lost !== this.connection.lost) this.setConnection({ ...this.connection, lost });
    const quietSince = Math.max(this.state.heardAt ?? 0, this.openedAt);
    if (this.stop && now - quietSince > RESTART_MS) {
      this.setConnection({ ...this.connection, tries: this.connection.tries + 1 });
      this.open(this.state.group);
    }
  }

  private take(message: LiveMessage): void {
    this.state = applyMessage(this.state, message, Date.now());
    if (this.connection.lost || this.connection.tries > 0) this.setConnection({ lost: false, tries: 0 });
    for (const hearer of this.hearers) hearer(message);
    this.tell();
  }

  private setConnection(connection: Connection): void {
    this.connection = connection;
    this.tell();
  }

  private tell(): void {
    if (this.frame !== null) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = null;
      for (const reader of this.readers) reader();
    });
  }
}
