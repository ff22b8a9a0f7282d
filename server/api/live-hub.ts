/** One source for every tab's stream: changes are worked out once and handed to whoever watches. */

import type { Database } from '../control/database.ts';
import { lastEventSeq, readEvents } from '../control/event-log.ts';
import { readFaults } from '../control/fault-store.ts';
import type { NoticeListener } from '../control/notices.ts';
import { readLastProven, readRun, readRuns } from '../control/runs/run-records.ts';
import type { StatusBoard } from '../control/status-board.ts';
import type { GroupStatus } from '../domain/group-status.ts';
import type { Log } from '../domain/ports.ts';
import { RefusedError } from '../domain/refusal.ts';
import type { RunView } from '../routines/step-graph.ts';
import { fleetRow } from './fleet-row.ts';
import { type EventSource, LiveSubscriber } from './live-subscriber.ts';
import { OneAtATime } from './one-at-a-time.ts';
import type { LiveServices } from './services.ts';
import type { EventView, FleetRow, LiveMessage } from './views.ts';

const STATUS_EVERY_MS = 100;
const FLEET_EVERY_MS = 500;
const TICK_EVERY_MS = 1_000;
const PULLED_AT_ONCE = 500;
/** Runs of a snapshot. */
const RUNS_SHOWN = 20;
/** Events kept in memory for readers that keep up. */
const RECENT_EVENTS = 2_000;

export class LiveHub implements LiveServices {
  private readonly subscribers = new Set<LiveSubscriber>();
  private readonly recent = new RecentEvents();
  private readonly changed = new Set<string>();
  private readonly fleetChanged = new Set<string>();
  private readonly sentStatus = new Map<string, Map<string, string>>();
  private readonly sentRows = new Map<string, string>();
  private proven = new Map<string, RunView>();
  private timers: NodeJS.Timeout[] = [];
  private statusTimer: NodeJS.Timeout | null = null;
  private lastStatusAtMs = Number.NEGATIVE_INFINITY;
  private readonly unhear: () => void;

  constructor(
    private readonly database: Database,
    private readonly board: StatusBoard,
    private readonly log: Log,
    notices: NoticeListener,
  ) {
    this.unhear = board.onChange((groups) => this.statusChanged(groups));
    const failed = (error: unknown) => this.failed(error);
    const events = new OneAtATime<null>(() => this.pull(), failed);
    const runs = new OneAtATime<string | null>((run) => this.runChanged(run), failed);
    const faults = new OneAtATime<null>(() => this.faultsChanged(), failed);
    notices.on('switchback_events', () => events.ask(null));
    notices.on('switchback_runs', (run) => runs.ask(run));
    notices.on('switchback_faults', () => faults.ask(null));
  }

  /** Reads where the history stands; streams begin from there. */
  async start(): Promise<void> {
    this.recent.lastSeq = await lastEventSeq(this.database);
    this.proven = await readLastProven(this.database);
    this.timers = [
      setInterval(() => this.sendFleet(), FLEET_EVERY_MS),
      setInterval(() => {
        const now = Date.now();
        for (const subscriber of this.subscribers) subscriber.putTick(now);
      }, TICK_EVERY_MS),
    ];
  }

  stop(): void {
    this.unhear();
    for (const timer of this.timers) clearInterval(timer);
    if (this.statusTimer) clearTimeout(this.statusTimer);
    for (const subscriber of this.subscribers) subscriber.close();
  }

  /** How many tabs are connected. */
  get size(): number {
    return this.subscribers.size;
  }

  async *subscribe(
    group: string | null,
    after: number | null,
    signal: AbortSignal,
  ): AsyncGenerator<{ seq: number; message: LiveMessage }> {
    if (group !== null) await this.board.get(group);
    const source: EventSource = {
      get lastSeq() {
        return recent.lastSeq;
      },
      read: (from, limit) => this.readEvents(from, limit),
    };
    const { recent } = this;
    const subscriber = new LiveSubscriber(group, after, source, (watched, seq) => this.snapshot(watched, seq));
    const close = () => subscriber.close();
    signal.addEventListener('abort', close);
    if (signal.aborted) close();
    this.subscribers.add(subscriber);
    try {
      yield* subscriber.messages();
    } finally {
      this.subscribers.delete(subscriber);
      signal.removeEventListener('abort', close);
    }
  }

  /** Fleet rows of all groups as they stand. */
  fleet(): FleetRow[] {
    return this.board.all().map((status) => fleetRow(status, this.proven.get(status.name) ?? null));
  }

  private async snapshot(group: string | null, seq: number): Promise<LiveMessage> {
    const rows = await readRuns(this.database, { group, active: null, before: null, limit: RUNS_SHOWN });
    const faults = await readFaults(this.database, { group, active: true });
    const status = group === null ? null : this.board.find(group);
    // Differences are told from what was last told to all, so what the snapshot holds has to have been told.
    if (status) this.tellStatus(status);
    return {
      kind: 'snapshot',
      at: Date.now(),
      lastSeq: seq,
      fleet: this.fleet(),
      status,
      runs: rows.map((row) => row.view),
      faults,
    };
  }

  private statusChanged(groups: ReadonlySet<string>): void {
    for (const group of groups) {
      this.changed.add(group);
      this.fleetChanged.add(group);
    }
    if (this.statusTimer) return;
    const waitMs = Math.max(0, this.lastStatusAtMs + STATUS_EVERY_MS - performance.now());
    this.statusTimer = setTimeout(() => {
      this.statusTimer = null;
      this.lastStatusAtMs = performance.now();
      this.sendStatuses();
    }, waitMs);
  }

  private sendStatuses(): void {
    const watched = new Set([...this.subscribers].map((subscriber) => subscriber.group));
    for (const group of this.changed) {
      const status = this.board.find(group);
      // What nobody watches is not compared; whoever comes to watch it begins with a snapshot.
      if (!status || !watched.has(group)) this.sentStatus.delete(group);
      else this.tellStatus(status);
    }
    this.changed.clear();
  }

  private tellStatus(status: GroupStatus): void {
    const set = this.differenceOf(status);
    if (Object.keys(set).length === 0) return;
    for (const subscriber of this.subscribers) if (subscriber.group === status.name) subscriber.putStatus(set);
  }

  private differenceOf(status: GroupStatus): Partial<GroupStatus> {
    const before = this.sentStatus.get(status.name) ?? new Map<string, string>();
    const changed = Object.entries(status).filter(([key, value]) => {
      const text = JSON.stringify(value);
      if (before.get(key) === text) return false;
      before.set(key, text);
      return true;
    });
    this.sentStatus.set(status.name, before);
    // Entries of a GroupStatus make up a part of one.
    return Object.fromEntries(changed) as Partial<GroupStatus>;
  }

  private sendFleet(): void {
    const rows: FleetRow[] = [];
    const removed: string[] = [];
    for (const group of this.fleetChanged) {
      const status = this.board.find(group);
      if (!status) {
        if (this.sentRows.delete(group)) removed.push(group);
        continue;
      }
      const row = fleetRow(status, this.proven.get(group) ?? null);
      // Its age alone changes every second, and is counted on by the reader.
      const text = JSON.stringify({ ...row, observedAt: 0 });
      if (this.sentRows.get(group) === text) continue;
      this.sentRows.set(group, text);
      rows.push(row);
    }
    this.fleetChanged.clear();
    if (rows.length > 0 || removed.length > 0)
      for (const subscriber of this.subscribers) subscriber.putFleet(rows, removed);
  }

  private async runChanged(id: string | null): Promise<void> {
    const rows =
      id === null
        ? await readRuns(this.database, { group: null, active: true, before: null, limit: 200 })
        : [await readRun(this.database, id)];
    for (const { view, ended } of rows) {
      if (ended && view.verdict) {
        this.proven.set(view.group, view);
        this.fleetChanged.add(view.group);
      }
      for (const subscriber of this.subscribers) subscriber.putRun(view);
    }
  }

  private async faultsChanged(): Promise<void> {
    if (this.subscribers.size === 0) return;
    const all = await readFaults(this.database, { group: null, active: true });
    for (const subscriber of this.subscribers) {
      subscriber.putFaults(
        subscriber.group === null
          ? all
          : all.filter((fault) => fault.group === null || fault.group === subscriber.group),
      );
    }
  }

  /** Everything that the history has beyond what was passed on. */
  private async pull(): Promise<void> {
    for (let more = true; more; ) {
      const events = await readEvents(this.database, {
        group: null,
        run: null,
        kinds: null,
        before: null,
        after: this.recent.lastSeq,
        limit: PULLED_AT_ONCE,
      });
      more = events.length === PULLED_AT_ONCE;
      if (events.length === 0) continue;
      this.recent.push(events);
      for (const subscriber of this.subscribers) subscriber.ring();
    }
  }

  private async readEvents(after: number, limit: number): Promise<EventView[]> {
    const recent = this.recent.after(after, limit);
    return recent ?? readEvents(this.database, { group: null, run: null, kinds: null, before: null, after, limit });
  }

  /** A failed read is made good by the next notification; the reconnection after a database restart brings one. */
  private failed(error: unknown): void {
    // What is gone by now needs no passing on.
    if (error instanceof RefusedError) return;
    this.log.write('warn', 'a change could not be passed on', {
      reason: error instanceof Error ? error.message : String(error),
    });
  }
}

/** The newest events in memory. */
class RecentEvents {
  lastSeq = 0;
  private events: EventView[] = [];
  /** Everything above this number is in memory. */
  private from: number | null = null;

  push(events: readonly EventView[]): void {
    this.from ??= this.lastSeq;
    this.events.push(...events);
    this.lastSeq = events.at(-1)?.seq ?? this.lastSeq;
    if (this.events.length <= RECENT_EVENTS) return;
    const dropped = this.events.splice(0, this.events.length - RECENT_EVENTS);
    this.from = dropped.at(-1)?.seq ?? this.from;
  }

  /** Null where the database has to be asked. */
  after(seq: number, limit: number): EventView[] | null {
    if (this.from === null || seq < this.from) return null;
    const first = this.events.findIndex((event) => event.seq > seq);
    return first < 0 ? [] : this.events.slice(first, first + limit);
  }
}
