/**
 * Where a run is remembered (1b rule 9). The runner owns no storage: production hands it a store over durable workflows
 * in PostgreSQL, the simulator one in memory, and later a host may hand it a file of its own.
 *
 * The runner calls `record` and `awaitOrder` with the same keys in the same order whenever it is started again for the
 * same run, and decides nothing from anything that is not an answer of one of the two. So a store that replays them in
 * order, or looks them up by key, are both right.
 */
import type { RunOrder, RunView } from './step-graph.ts';

/** What may be recorded: it must come back unchanged from JSON. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json | undefined };

export interface RunStore {
  /**
   * Durable memoised step: answers what was recorded under `key`, else runs `fn` and records its answer before
   * returning it. `fn` may have run before without being recorded (the driver was killed), so it is idempotent.
   * `fn` rejects only where the driver itself is dying (refusals are values); nothing is recorded then.
   */
  record<T>(key: string, fn: () => Promise<T>): Promise<T>;
  /**
   * Takes the oldest order not yet taken, durably: the same `key` answers the same order ever after. With `waitMs` null
   * it waits as long as it takes; otherwise it answers null after `waitMs` (0: at once), and that is recorded too.
   */
  awaitOrder(key: string, waitMs: number | null): Promise<RunOrder | null>;
  /** Is an order waiting to be taken? A hint read afresh each time and not recorded; steps that wait long ask it. */
  orderWaiting(): Promise<boolean>;
  /**
   * Shows the run. Views of a replay repeat with the same `revision`: ignore a revision not above the last one stored.
   * Between two revisions the same revision may be shown again with `progress` of the step under way; such a view is
   * worth showing and not worth storing. Must not throw; the runner does not wait for it.
   */
  publish(revision: number, view: RunView, transient: boolean): void;
}

/** A driver's hold on its run. What storage is told under a claim comes after all that older claims told it (1b rule 8). */
export interface DriverClaim {
  /** Carried by every instruction. */
  readonly epoch: number;
  /**
   * Takes a newer claim, so that what was told by hand meanwhile no longer stands in the run's way. Rejects where it could
   * not, and always where another driver has claimed the run.
   */
  renew(): Promise<void>;
}
