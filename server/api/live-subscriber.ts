/**
 * What one tab still has to be sent. Everything but events is kept as its latest value only, and events are fetched by
 * number when it is their turn, so a slow reader costs no more memory than a fast one and misses no event.
 */
import type { GroupStatus } from '../domain/group-status.ts';
import type { RunView } from '../routines/step-graph.ts';
import type { EventView, FaultView, FleetRow, LiveMessage } from './views.ts';

export interface EventSource {
  /** Number of the newest event. */
  readonly lastSeq: number;
  /** Events after `after`, oldest first, at most `limit`. */
  read(after: number, limit: number): Promise<EventView[]>;
}

const EVENTS_AT_ONCE = 200;

export class LiveSubscriber {
  private readonly fleet = new Map<string, FleetRow | null>();
  private readonly runs = new Map<string, RunView>();
  private status: Partial<GroupStatus> | null = null;
  private faults: FaultView[] | null = null;
  private tick: number | null = null;
  private snapshot = true;
  private wake: (() => void) | null = null;
  private closed = false;
  /** Number of the last event sent or passed over. */
  private seq: number;
  /** While a resumed stream catches up: how much it was sent. */
  private caughtUp: { through: number; events: number; transitions: number } | null;

  constructor(
    readonly group: string | null,
    after: number | null,
    private readonly events: EventSource,
    private readonly takeSnapshot: (group: string | null, seq: number) => Promise<LiveMessage>,
  ) {
    this.seq = after ?? events.lastSeq;
    // A number from another database's history would silence the stream until ours reaches it.
    if (this.seq > events.lastSeq) this.seq = events.lastSeq;
    this.caughtUp = after === null ? null : { through: events.lastSeq, events: 0, transitions: 0 };
  }

  putFleet(rows: readonly FleetRow[], removed: readonly string[]): void {
    for (const row of rows) this.fleet.set(row.group, row);
    for (const group of removed) this.fleet.set(group, null);
    this.ring();
  }

  putStatus(set: Partial<GroupStatus>): void {
    this.status = { ...this.status, ...set };
    this.ring();
  }

  putRun(run: RunView): void {
    if (this.group !== null && run.group !== this.group) return;
    this.runs.set(run.run, run);
    this.ring();
  }

  putFaults(faults: FaultView[]): void {
    this.faults = faults;
    this.ring();
  }

  putTick(now: number): void {
    this.tick = now;
    this.ring();
  }

  /** There are new events, or anything else worth a look. */
  ring(): void {
    const { wake } = this;
    this.wake = null;
    wake?.();
  }

  close(): void {
    this.closed = true;
    this.ring();
  }

  /** Messages as they are due, until closed. */
  async *messages(): AsyncGenerator<{ seq: number; message: LiveMessage }> {
    while (!this.closed) {
      const woken = new Promise<void>((resolve) => {
        this.wake = resolve;
      });
      let sent = false;
      for await (const message of this.due()) {
        if (this.closed) return;
        sent = true;
        yield { seq: this.seq, message };
      }
      if (!sent) await woken;
    }
  }

  private async *due(): AsyncGenerator<LiveMessage> {
    if (this.snapshot) {
      this.snapshot = false;
      this.forgetChanges();
      yield await this.takeSnapshot(this.group, this.seq);
    }
    yield* this.dueEvents();
    if (this.status !== null && this.group !== null) {
      const set = this.status;
      this.status = null;
      yield { kind: 'status', at: set.observedAt ?? Date.now(), group: this.group, set };
    }
    for (const [id, run] of this.runs) {
      this.runs.delete(id);
      yield { kind: 'run', run };
    }
    yield* this.dueRest();
  }

  private async *dueEvents(): AsyncGenerator<LiveMessage> {
    while (this.seq < this.events.lastSeq) {
      const events = await this.events.read(this.seq, EVENTS_AT_ONCE);
      if (events.length === 0) return;
      for (const event of events) {
        this.seq = event.seq;
        if (this.group !== null && event.group !== null && event.group !== this.group) continue;
        if (this.caughtUp && event.seq <= this.caughtUp.through) {
          this.caughtUp.events += 1;
          if (event.kind === 'pair-transition') this.caughtUp.transitions += 1;
        }
        yield { kind: 'event', event };
      }
    }
    if (!this.caughtUp) return;
    const { events, transitions } = this.caughtUp;
    this.caughtUp = null;
    yield { kind: 'caught-up', events, transitions };
  }

  private async *dueRest(): AsyncGenerator<LiveMessage> {
    if (this.fleet.size > 0) {
      const changes = [...this.fleet];
      this.fleet.clear();
      const rows = changes.flatMap(([, row]) => (row ? [row] : []));
      const removed = changes.flatMap(([group, row]) => (row ? [] : [group]));
      yield { kind: 'fleet', at: Date.now(), rows, removed };
    }
    if (this.faults !== null) {
      const faults = this.faults;
      this.faults = null;
      yield { kind: 'faults', faults };
    }
    if (this.tick !== null) {
      const now = this.tick;
      this.tick = null;
      yield { kind: 'tick', now };
    }
  }

  /** A snapshot says all of this anew. */
  private forgetChanges(): void {
    this.fleet.clear();
    this.runs.clear();
    this.status = null;
    this.faults = null;
  }
}
