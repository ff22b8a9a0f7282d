/** What a storage system is built from. */
import type { Arrangement, GroupDefinition } from '../domain/arrangement.ts';
import { SNAPSHOT_INTERVAL_MS } from '../domain/expectation.ts';
import type { SystemName } from '../domain/names.ts';
import type { PairStateOrAbsent } from '../domain/pair-states.ts';
import type { Link } from '../network/link.ts';

export interface StorageTiming {
  /** A sync pair whose destination does not answer for so long goes to failure-suspend, ms. */
  syncTimeoutMs: number;
  /** A copy whose line stays away for so long goes to failure-suspend, ms. */
  copyTimeoutMs: number;
  /** Writes wait so long for `alone` to be put on record, or for a generation to be confirmed, then fail with EIO, ms. */
  holdWritesMs: number;
  /** How often an unanswered question to witness or peer is repeated, ms. */
  retryMs: number;
  /** How often changed pages are made durable and the journal may be trimmed, ms. */
  checkpointMs: number;
  /** How often an async destination pulls, ms. */
  pullIntervalMs: number;
  /** How often at most a source freezes a difference snapshot, ms. */
  snapshotIntervalMs: number;
  /** Calls to peers that should answer at once, ms. */
  callMs: number;
  /** A clone that nobody has used for so long is dropped: whoever made it is gone, ms. */
  cloneLeaseMs: number;
}

export const DEFAULT_STORAGE_TIMING: StorageTiming = {
  syncTimeoutMs: 1500,
  copyTimeoutMs: 10_000,
  holdWritesMs: 5000,
  retryMs: 500,
  checkpointMs: 1000,
  pullIntervalMs: 50,
  snapshotIntervalMs: SNAPSHOT_INTERVAL_MS,
  callMs: 4000,
  cloneLeaseMs: 600_000,
};

export interface StorageConfig {
  system: SystemName;
  definition: GroupDefinition;
  arrangement: Arrangement;
  timing: StorageTiming;
  /** Journal segments; at least 4. Each holds whole records only. */
  journalSegments: number;
  /** Bytes of copied tracks and entries on their way to one destination at most. */
  windowBytes: number;
  /** Seeded defects for the simulator's proof that its checkers can fail; empty in production. */
  mutants: ReadonlySet<string>;
}

export interface StorageConnections {
  /** One link per line of this system, by peer system. */
  links: ReadonlyMap<SystemName, Link>;
  /** To the monitoring host's register. */
  witness: Link;
  /** Next hops towards every other system of the group, the shortest way first: `{ P: ['I'], I: ['I'] }` at R of chain-3. */
  routes: Readonly<Record<SystemName, readonly SystemName[]>>;
}

export interface PairTransition {
  pair: string;
  from: PairStateOrAbsent;
  to: PairStateOrAbsent;
  reason: string;
  at: number;
  version: number;
}

export interface StorageObserver {
  /** Called after the new state is durable. */
  transition(change: PairTransition): void;
  /** Something worth the history: recovery finding, demotion, evidence lost, refused frame. */
  event(kind: string, text: string, facts: Record<string, unknown>): void;
  /** Anything shown by `facts()` may have changed. Cheap; called often. */
  changed(): void;
}

/*
 * Built as `new StorageSystem(ports, config, connections, observer)` in storage-system.ts:
 *   start(): Promise<void>   recovers from disk; then links may come up and exports may be served
 *   handle(method, params, from): Promise<unknown>   every call that reaches this process over any channel:
 *       'storage' { target, instruction } → StorageReply (relayed hop by hop where target is another system), 'pair.*' among systems
 *   exports: NbdExports      for the NBD server; `onExportsChanged` tells when clients must be dropped (role changed)
 *   facts(): SystemFacts
 *   stop(): void
 * It sets the callbacks of its links itself; whoever builds it starts the links after `start()` resolved.
 */
