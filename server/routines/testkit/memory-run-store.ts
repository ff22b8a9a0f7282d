/** A run store in memory, and a driver over it that can be cut off at any call and replaced by another. */
import { defaultGroup, type GroupDefinition } from '../../domain/arrangement.ts';
import type { HostInstruction, HostReply } from '../../domain/host.ts';
import type { Clock } from '../../domain/ports.ts';
import type { ActionTable } from '../action-types.ts';
import { ACTIONS } from '../actions/table.ts';
import { findRoutine } from '../find-routine.ts';
import type { RunState } from '../run-state.ts';
import type { DriverClaim, RunStore } from '../run-store.ts';
import { type WalkEnd, walk } from '../runner.ts';
import { DEFAULT_SETTINGS, type RunOrder, type RunStart, type RunView } from '../step-graph.ts';
import type { FakeWorld } from './fake-world.ts';

/** Thrown at a driver that is killed: nothing it does afterwards has an effect. */
export class KilledError extends Error {}

/** Time passes only where somebody waits for it. */
export class FakeClock implements Clock {
  private nowMs = 1_700_000_000_000;

  now(): number {
    return this.nowMs;
  }

  monotonic(): number {
    return this.nowMs;
  }

  after(delayMs: number, run: () => void) {
    let cancelled = false;
    Promise.resolve().then(() => {
      if (cancelled) return;
      this.nowMs += delayMs;
      run();
    });
    return {
      cancel: () => {
        cancelled = true;
      },
    };
  }

  pass(ms: number): void {
    this.nowMs += ms;
  }
}

export class MemoryRun {
  readonly records = new Map<string, string>();
  readonly orders: RunOrder[] = [];
  /** Asked for an order where none waits: what the operator would do then. */
  answer: ((view: RunView) => RunOrder | null) | null = null;
  view: RunView | null = null;
  revision = 0;
  /** The newest that was given to a driver of the run, or to an operator. */
  newestEpoch = 0;
  readonly views: RunView[] = [];
}

/** Counts calls, and kills the driver at one of them. */
export class Killer {
  calls = 0;
  dead = false;

  constructor(private readonly at: number) {}

  /** One point in the life of the driver at which it may be killed. */
  point(): void {
    if (this.dead) throw new KilledError('dead');
    this.calls += 1;
    if (this.calls !== this.at) return;
    this.dead = true;
    throw new KilledError('killed');
  }
}

class MemoryRunStore implements RunStore {
  constructor(
    private readonly run: MemoryRun,
    private readonly killer: Killer,
  ) {}

  async record<T>(key: string, fn: () => Promise<T>): Promise<T> {
    this.killer.point();
    const known = this.run.records.get(key);
    // Recorded below by this same method under this same key, so of the same type.
    if (known !== undefined) return JSON.parse(known) as T;
    const value = await fn();
    this.killer.point();
    this.run.records.set(key, JSON.stringify(value));
    this.killer.point();
    return JSON.parse(JSON.stringify(value)) as T;
  }

  async awaitOrder(key: string, waitMs: number | null): Promise<RunOrder | null> {
    this.killer.point();
    const known = this.run.records.get(key);
    // As above.
    if (known !== undefined) return JSON.parse(known) as RunOrder | null;
    let order = this.run.orders.shift() ?? null;
    if (!order && waitMs === null) {
      order = this.run.view && this.run.answer ? this.run.answer(this.run.view) : null;
      if (!order) throw new KilledError('nobody answers: the test stops the driver here');
    }
    this.run.records.set(key, JSON.stringify(order));
    this.killer.point();
    return order;
  }

  async orderWaiting(): Promise<boolean> {
    if (this.killer.dead) throw new KilledError('dead');
    return this.run.orders.length > 0;
  }

  publish(revision: number, view: RunView, transient: boolean): void {
    if (this.killer.dead || revision < this.run.revision || (revision === this.run.revision && !transient)) return;
    this.run.revision = revision;
    this.run.view = view;
    this.run.views.push(view);
  }
}

class MemoryClaim implements DriverClaim {
  constructor(
    private readonly run: MemoryRun,
    public epoch: number,
  ) {
    run.newestEpoch = Math.max(run.newestEpoch, epoch);
  }

  async renew(): Promise<void> {
    this.run.newestEpoch += 1;
    this.epoch = this.run.newestEpoch;
  }
}

/** A group of the arrangement of `world`, with the product's defaults. */
export function groupOf({ arrangement }: FakeWorld): GroupDefinition {
  return defaultGroup('demo', arrangement);
}

export interface DriveOptions {
  world: FakeWorld;
  run: MemoryRun;
  routine: string;
  start?: Partial<RunStart>;
  claimEpoch?: number;
  killer?: Killer;
  actions?: ActionTable;
  definition?: GroupDefinition;
  from?: RunState | null;
  clock?: FakeClock;
}

/** Walks the run once with one driver. Rejects with `KilledError` where the driver was cut off. */
export function drive(options: DriveOptions): Promise<WalkEnd> {
  const { world, run, routine } = options;
  const { arrangement } = world;
  const killer = options.killer ?? new Killer(0);
  const clock = options.clock ?? new FakeClock();
  const perform = async (host: string, instruction: HostInstruction, timeoutMs: number): Promise<HostReply> => {
    killer.point();
    clock.pass(1);
    try {
      // Answers cross a wire: what the world changes later must not change them.
      return JSON.parse(JSON.stringify(await world.perform(host, instruction))) as HostReply;
    } catch (error) {
      if (instruction.verb === 'storage' && instruction.instruction.verb === 'wait-pair') clock.pass(timeoutMs / 4);
      throw error;
    } finally {
      killer.point();
    }
  };
  return walk({
    graph: findRoutine(arrangement.id, routine),
    actions: options.actions ?? ACTIONS,
    definition: options.definition ?? groupOf(world),
    arrangement,
    start: startOf(routine, options.start ?? {}),
    store: new MemoryRunStore(run, killer),
    clock,
    claim: new MemoryClaim(run, options.claimEpoch ?? 1),
    perform,
    from: options.from ?? null,
  });
}

export function startOf(routine: string, change: Partial<RunStart>): RunStart {
  return {
    run: 'run-1',
    group: 'demo',
    routine,
    by: 'operator',
    at: 1_700_000_000_000,
    yes: false,
    decisions: {},
    attestation: null,
    stepByStep: false,
    settings: {
      ...DEFAULT_SETTINGS,
      patienceMs: 2_000,
      cycleIntervalMs: 3_000,
      restartWaitMs: 2_000,
      drainDeadlineMs: 3_000,
    },
    ...change,
  };
}
