/** The runner's memory in production: each record is a step of a DBOS workflow, orders are rows (server/routines/run-store.ts). */
import { DBOS } from '@dbos-inc/dbos-sdk';
import type { Log } from '../../domain/ports.ts';
import type { RunStore } from '../../routines/run-store.ts';
import type { RunOrder, RunView } from '../../routines/step-graph.ts';
import { type Database, isDatabaseAway } from '../database.ts';
import type { RunPublisher } from './publisher.ts';
import type { RunClaim } from './run-claim.ts';
import { orderWaits, takeOrder } from './run-records.ts';

const LOOK_EVERY_MS = 1_000;
const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 10_000;

/** Wakes whoever waits for an order of a run. */
export class OrderBell {
  private readonly waiting = new Map<string, Set<() => void>>();

  /** `run` null: every run may have one. */
  ring(run: string | null): void {
    const rung = run === null ? [...this.waiting.values()] : [this.waiting.get(run) ?? new Set()];
    for (const wakers of rung) for (const wake of wakers) wake();
  }

  /** Resolves when the bell rings for `run`, or after `waitMs`. */
  wait(run: string, waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wakers = this.waiting.get(run) ?? new Set();
      this.waiting.set(run, wakers);
      const wake = () => {
        clearTimeout(timer);
        wakers.delete(wake);
        if (wakers.size === 0) this.waiting.delete(run);
        resolve();
      };
      const timer = setTimeout(wake, waitMs);
      wakers.add(wake);
    });
  }
}

export interface DurableRun {
  run: string;
  claim: RunClaim;
  /** Aborted when this worker stops: what is under way is left for the next driver. */
  stopping: AbortSignal;
}

export class DurableRunStore implements RunStore {
  constructor(
    private readonly database: Database,
    private readonly bell: OrderBell,
    private readonly publisher: RunPublisher,
    private readonly log: Log,
    private readonly driven: DurableRun,
  ) {}

  record<T>(key: string, fn: () => Promise<T>): Promise<T> {
    // A rejection would be recorded as the step's result, for ever. The runner's functions are idempotent and reject only
    // where they could not do their work at all, so they are tried until they can.
    return DBOS.runStep(() => this.insist(key, fn), { name: key });
  }

  awaitOrder(key: string, waitMs: number | null): Promise<RunOrder | null> {
    const until = waitMs === null ? Number.POSITIVE_INFINITY : performance.now() + waitMs;
    return this.record(key, async () => {
      for (;;) {
        const order = await takeOrder(this.database, this.driven.run, key);
        const leftMs = until - performance.now();
        if (order || leftMs <= 0) return order;
        await this.bell.wait(this.driven.run, Math.min(leftMs, LOOK_EVERY_MS));
        await this.mustDrive();
      }
    });
  }

  async orderWaiting(): Promise<boolean> {
    try {
      return await orderWaits(this.database, this.driven.run);
    } catch (error) {
      if (isDatabaseAway(error)) return false;
      throw error;
    }
  }

  publish(revision: number, view: RunView, transient: boolean): void {
    if (!this.driven.stopping.aborted) this.publisher.show(revision, view, transient);
  }

  private async insist<T>(key: string, fn: () => Promise<T>): Promise<T> {
    let pauseMs = FIRST_RETRY_MS;
    for (;;) {
      await this.mustDrive();
      try {
        const value = await fn();
        await this.mustDrive();
        return value;
      } catch (error) {
        this.log.write('error', 'a step of a run failed and is tried again', {
          run: this.driven.run,
          step: key,
          reason: error instanceof Error ? (error.stack ?? error.message) : String(error),
        });
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
        pauseMs = Math.min(pauseMs * 2, LAST_RETRY_MS);
      }
    }
  }

  /**
   * Resolves while this worker drives the run. Otherwise never: nothing may be recorded by a driver that was superseded
   * or is stopping, and a rejection would be.
   */
  private async mustDrive(): Promise<void> {
    for (;;) {
      try {
        if (!this.driven.stopping.aborted && (await this.driven.claim.holds())) return;
        break;
      } catch (error) {
        if (!isDatabaseAway(error)) throw error;
        await new Promise((resolve) => setTimeout(resolve, FIRST_RETRY_MS));
      }
    }
    this.log.write('warn', 'no longer drives a run', {
      run: this.driven.run,
      claimEpoch: this.driven.claim.epoch,
    });
    await new Promise<never>(() => {});
  }
}
