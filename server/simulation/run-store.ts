/**
 * The run store of the simulator: what a database that never fails keeps of each run, and the port through which one
 * driver process sees it. Every use of the port is a numbered call, so a driver can be killed before, within and after it.
 */
import type { Clock } from '../domain/ports.ts';
import type { DriverClaim, RunStore } from '../routines/run-store.ts';
import type { RunOrder, RunStart, RunView } from '../routines/step-graph.ts';
import type { Life } from './virtual-process.ts';

/** One run as the database has it. */
export class KeptRun {
  /** JSON of every recorded answer, by key. */
  readonly records = new Map<string, string>();
  /** Orders given and not yet taken. */
  readonly orders: RunOrder[] = [];
  /** Raised by each driver that claims the run; the records of an older claim are refused. */
  claim = 0;
  view: RunView | null = null;
  revision = -1;
  onView: ((view: RunView) => void) | null = null;
  private readonly waiting = new Set<() => void>();

  constructor(readonly start: RunStart) {}

  get ended(): boolean {
    return this.view?.status === 'ended';
  }

  give(order: RunOrder): void {
    this.orders.push(order);
    for (const wake of [...this.waiting]) wake();
  }

  /** Resolves when an order waits or `wake` is called otherwise. */
  wait(wake: () => void): () => void {
    this.waiting.add(wake);
    return () => this.waiting.delete(wake);
  }

  show(revision: number, view: RunView): void {
    if (revision < this.revision) return;
    this.revision = revision;
    this.view = view;
    this.onView?.(this.view);
  }
}

/** Thrown at a driver whose run was claimed by another. Its driver must end. */
export class ClaimLostError extends Error {
  constructor() {
    super('another driver has claimed this run');
    this.name = 'ClaimLostError';
  }
}

export class SimRunStore implements RunStore {
  constructor(
    private readonly kept: KeptRun,
    private readonly claim: number,
    private readonly life: Life,
    private readonly clock: Clock,
  ) {}

  async record<T>(key: string, fn: () => Promise<T>): Promise<T> {
    this.call();
    const known = this.kept.records.get(key);
    // Recorded by this same method under this same key, and so of the type its caller expects.
    if (known !== undefined) return JSON.parse(known) as T;
    const value = await fn();
    this.call();
    this.requireClaim();
    this.kept.records.set(key, JSON.stringify(value));
    this.call();
    return JSON.parse(JSON.stringify(value)) as T;
  }

  async awaitOrder(key: string, waitMs: number | null): Promise<RunOrder | null> {
    this.call();
    const known = this.kept.records.get(key);
    // As above: recorded below.
    if (known !== undefined) return JSON.parse(known) as RunOrder | null;
    if (this.kept.orders.length === 0 && waitMs !== 0) await this.orderOrTimeout(waitMs);
    this.call();
    this.requireClaim();
    const order = this.kept.orders.shift() ?? null;
    this.kept.records.set(key, JSON.stringify(order));
    return order;
  }

  async orderWaiting(): Promise<boolean> {
    this.life.check();
    return this.kept.orders.length > 0;
  }

  publish(revision: number, view: RunView, transient: boolean): void {
    // Progress within a step is for screens.
    if (transient) return;
    if (this.life.alive && this.kept.claim === this.claim) this.kept.show(revision, view);
  }

  /** Refuses where another driver has claimed the run. */
  mustHoldClaim(): void {
    this.call();
    this.requireClaim();
  }

  private call(): void {
    if (this.life.enter()) this.life.strike();
  }

  private requireClaim(): void {
    if (this.kept.claim !== this.claim) throw new ClaimLostError();
  }

  private orderOrTimeout(waitMs: number | null): Promise<void> {
    return new Promise((resolve) => {
      const finish = (): void => {
        stop();
        timer?.cancel();
        resolve();
      };
      const stop = this.kept.wait(finish);
      const timer = waitMs === null ? null : this.clock.after(waitMs, finish);
    });
  }
}

/** The claim under which one driver speaks to storage. */
export class SimClaim implements DriverClaim {
  epoch: number;

  constructor(
    private readonly store: SimRunStore,
    private readonly nextEpoch: () => number,
  ) {
    this.epoch = nextEpoch();
  }

  async renew(): Promise<void> {
    this.store.mustHoldClaim();
    this.epoch = this.nextEpoch();
  }
}
