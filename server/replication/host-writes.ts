/**
 * Host writes: who may write, in what order it happens, and when a write is complete (003 §[0066], [0068]; 1b rules 3, 4, 6,
 * 10, 18). A write is answered when every synchronous destination has it, or when the fence level lets this system go on alone.
 */
import { isFlowing, isSuspended } from '../domain/pair-states.ts';
import { DiskError, type Timer } from '../domain/ports.ts';
import type { StorageCore } from './core.ts';
import type { Entry, EntryKind } from './entry.ts';
import { JournalFullError } from './journal.ts';
import type { PairRecord } from './system-record.ts';

export const EPERM = 1;
export const EIO = 5;
export const EINVAL = 22;
export const ENOSPC = 28;

interface Operation {
  kind: EntryKind;
  volume: number;
  offsetBytes: number;
  lengthBytes: number;
  data: Uint8Array;
  /** Bytes stored so far; large writes take several numbers. */
  storedBytes: number;
  durable: boolean;
  since: number;
  done: (errno: number) => void;
}

interface Pending {
  number: number;
  bytes: number;
  /** Null for the parts of a large write but the last. */
  done: ((errno: number) => void) | null;
}

export interface HostWritesEvents {
  stored(entry: Entry): void;
  /** The journal stays full though everything here is durable: a slow destination must be let go. */
  journalFull(): void;
  /** Makes what was completed durable at the other end of a sync pair in duplex. */
  flushPeer(key: string): Promise<void>;
}

/** How long a full journal holds writes back before the slowest destination is let go, ms. */
const INFLOW_MS = 2000;

export class HostWrites {
  completedNumber: number;
  completedAt: number | null = null;
  completedWrites = 0;
  writtenBytes = 0;
  /** The register (or both peers) has said that this generation is still the newest (rule 4). */
  confirmed = false;
  private readonly queue: Operation[] = [];
  private pending: Pending[] = [];
  private holdTimer: Timer | null = null;
  private fullSinceMs: number | null = null;
  private flushes: ((errno: number) => void)[] = [];
  private flushing = false;

  constructor(
    private readonly core: StorageCore,
    private readonly events: HostWritesEvents,
  ) {
    this.completedNumber = Math.min(core.reachedFloor, core.lastNumber);
  }

  /** Does this system take host writes, and if not, why. */
  acceptance(): { accepted: boolean; reason: string; errno: number } {
    const { record, config } = this.core;
    if (!record.holdsHostRole && !this.core.mutant('keep-generation')) {
      const { number, holder } = record.generation;
      const who = holder === null ? 'no system' : holder === config.system ? 'this system once promoted' : holder;
      return { accepted: false, errno: EPERM, reason: `generation ${number}: ${who} takes host writes` };
    }
    if (record.evidenceLost)
      return { accepted: false, errno: EIO, reason: 'updates that were answered are missing here' };
    const sync = this.splitSyncPair();
    if (sync && sync.definition.fence === 'data')
      return { accepted: false, errno: EIO, reason: `fence level data: the pair is in ${sync.state}` };
    if (!this.confirmed && !this.core.mutant('restart-serves-unconfirmed'))
      return { accepted: true, errno: 0, reason: 'held until its generation is confirmed' };
    if (sync && this.mustRecordAlone(sync))
      return { accepted: true, errno: 0, reason: 'held until the split is on record' };
    return { accepted: true, errno: 0, reason: `generation ${record.generation.number}` };
  }

  write(volume: number, offsetBytes: number, data: Uint8Array, durable: boolean, done: (errno: number) => void): void {
    this.enter({
      kind: 'write',
      volume,
      offsetBytes,
      lengthBytes: data.length,
      data,
      storedBytes: 0,
      durable,
      since: this.core.ports.clock.monotonic(),
      done,
    });
  }

  zero(
    volume: number,
    offsetBytes: number,
    lengthBytes: number,
    durable: boolean,
    done: (errno: number) => void,
  ): void {
    this.enter({
      kind: 'zeroes',
      volume,
      offsetBytes,
      lengthBytes,
      data: new Uint8Array(0),
      storedBytes: 0,
      durable,
      since: this.core.ports.clock.monotonic(),
      done,
    });
  }

  /** Everything completed before the call survives the machine, at both ends of a sync pair in duplex (rule 18). */
  flush(done: (errno: number) => void): void {
    this.flushes.push(done);
    if (!this.flushing) this.runFlushes();
  }

  /** The gate may have moved: completes what it lets through, then takes what waits. */
  release(): void {
    this.complete();
    this.admit();
  }

  /** A sync pair was suspended: what its fence level says of the writes under way (rule 3). */
  suspended(pair: PairRecord): void {
    if (pair.definition.fence === 'data') this.failPending(EIO);
    this.release();
  }

  /** The host role was taken away: nothing may complete any more. */
  demoted(): void {
    this.confirmed = false;
    this.failPending(EPERM);
    this.failQueue(EPERM);
  }

  private enter(operation: Operation): void {
    const refusal = this.acceptance();
    if (!refusal.accepted) return operation.done(refusal.errno);
    if (this.core.volumes.outOfRange(operation.volume, operation.offsetBytes, operation.lengthBytes)) {
      const past = operation.offsetBytes + operation.lengthBytes > this.core.volumes.volumeBytes;
      return operation.done(past ? ENOSPC : EINVAL);
    }
    this.queue.push(operation);
    if (this.queue.length === 1) this.admit();
  }

  private admit(): void {
    for (let operation = this.queue[0]; operation; operation = this.queue[0]) {
      const { accepted, errno } = this.acceptance();
      if (!accepted) {
        this.queue.shift();
        operation.done(errno);
        continue;
      }
      if (this.isHeld()) return this.armHold();
      const failure = this.storeSome(operation);
      if (failure === 'wait') return;
      this.queue.shift();
      if (failure !== 0) operation.done(failure);
    }
    this.complete();
  }

  /** Stores what remains of `operation`, part by part. 0 when all of it is stored. */
  private storeSome(operation: Operation): number | 'wait' {
    try {
      do this.storePart(operation);
      while (operation.storedBytes < operation.lengthBytes);
      this.fullSinceMs = null;
      return 0;
    } catch (error) {
      if (error instanceof JournalFullError) return this.waitForRoom();
      if (!(error instanceof DiskError)) throw error;
      this.core.diskFailed(error);
      return error.code === 'ENOSPC' ? ENOSPC : EIO;
    }
  }

  private storePart(operation: Operation): void {
    const { core } = this;
    const { kind, volume, data } = operation;
    const limit = kind === 'write' ? Math.min(core.journal.maxDataBytes, 1024 * 1024) : operation.lengthBytes;
    const lengthBytes = Math.min(limit, operation.lengthBytes - operation.storedBytes);
    const entry: Entry = {
      number: core.lastNumber + 1,
      generation: core.record.generation.number,
      kind,
      volume,
      offsetBytes: operation.offsetBytes + operation.storedBytes,
      lengthBytes,
      at: core.ports.clock.now(),
      data: kind === 'write' ? data.subarray(operation.storedBytes, operation.storedBytes + lengthBytes) : data,
    };
    core.take(entry, null);
    operation.storedBytes += lengthBytes;
    const last = operation.storedBytes >= operation.lengthBytes;
    this.pending.push({ number: entry.number, bytes: lengthBytes, done: last ? this.settler(operation) : null });
    this.events.stored(entry);
  }

  private settler(operation: Operation): (errno: number) => void {
    if (!operation.durable) return operation.done;
    return (errno) => (errno === 0 ? this.flush(operation.done) : operation.done(errno));
  }

  private waitForRoom(): 'wait' | number {
    const now = this.core.ports.clock.monotonic();
    this.fullSinceMs ??= now;
    if (now - this.fullSinceMs >= INFLOW_MS) this.events.journalFull();
    this.core.checkpoint().then(
      () => undefined,
      (error: unknown) => this.core.diskFailed(error),
    );
    this.core.ports.clock.after(this.core.config.timing.retryMs, () => this.admit());
    return 'wait';
  }

  /** Number up to which writes may complete now. */
  private gate(): number {
    let gate = Number.POSITIVE_INFINITY;
    for (const [key, pair] of this.core.pairs()) {
      if (pair.definition.kind !== 'sync' || !this.core.isSource(pair)) continue;
      if (isFlowing(pair.state)) {
        if (!this.core.mutant('complete-before-answer')) gate = Math.min(gate, this.core.peerAccepted(key));
      } else if (this.mustRecordAlone(pair) || pair.definition.fence === 'data') {
        gate = Math.min(gate, pair.agreedNumber);
      }
    }
    return this.confirmed || this.core.mutant('restart-serves-unconfirmed') ? gate : -1;
  }

  private complete(): void {
    const gate = this.gate();
    let count = 0;
    const settled: ((errno: number) => void)[] = [];
    for (const write of this.pending) {
      if (write.number > gate) break;
      count += 1;
      this.completedNumber = Math.max(this.completedNumber, write.number);
      this.writtenBytes += write.bytes;
      if (write.done) settled.push(write.done);
    }
    if (count === 0) return this.pending.length > 0 && this.isHeld() ? this.armHold() : undefined;
    this.pending.splice(0, count);
    this.completedAt = this.core.ports.clock.now();
    this.completedWrites += settled.length;
    this.core.observer.changed();
    // The number is advanced before any answer leaves (rule 6).
    for (const done of settled) done(0);
  }

  /** Sync pair of which this is the source and which is not in duplex; null where there is none. */
  private splitSyncPair(): PairRecord | null {
    for (const [, pair] of this.core.pairs()) {
      if (pair.definition.kind === 'sync' && this.core.isSource(pair) && pair.state !== 'duplex') return pair;
    }
    return null;
  }

  private mustRecordAlone(pair: PairRecord): boolean {
    const split = isSuspended(pair.state) || pair.state === 'simplex';
    return split && pair.definition.fence === 'status' && !pair.aloneRecorded && !this.core.mutant('register-skipped');
  }

  private isHeld(): boolean {
    if (!this.confirmed && !this.core.mutant('restart-serves-unconfirmed')) return true;
    const pair = this.splitSyncPair();
    return pair !== null && this.mustRecordAlone(pair);
  }

  /** Writes are held for a bound, then fail; they never complete unrecorded. */
  private armHold(): void {
    if (this.holdTimer !== null) return;
    this.holdTimer = this.core.ports.clock.after(this.core.config.timing.holdWritesMs, () => {
      this.holdTimer = null;
      if (!this.isHeld()) return;
      this.core.observer.event(
        'writes-failed',
        `${this.pending.length + this.queue.length} host writes failed: ${this.acceptance().reason}`,
        {},
      );
      this.failPending(EIO);
      this.failQueue(EIO);
    });
  }

  private failPending(errno: number): void {
    const gate = this.gate();
    const failed = this.pending.filter((write) => write.number > gate);
    this.pending = this.pending.filter((write) => write.number <= gate);
    for (const write of failed) write.done?.(errno);
  }

  private failQueue(errno: number): void {
    for (const operation of this.queue.splice(0)) operation.done(errno);
  }

  private runFlushes(): void {
    const waiting = this.flushes;
    this.flushes = [];
    this.flushing = true;
    this.flushEverywhere().then(
      () => this.settleFlushes(waiting, 0),
      () => this.settleFlushes(waiting, EIO),
    );
  }

  private settleFlushes(waiting: ((errno: number) => void)[], errno: number): void {
    this.flushing = false;
    for (const done of waiting) done(errno);
    if (this.flushes.length > 0) this.runFlushes();
  }

  private async flushEverywhere(): Promise<void> {
    const peers: Promise<void>[] = [];
    for (const [key, pair] of this.core.pairs()) {
      if (
        pair.definition.kind !== 'sync' ||
        !this.core.isSource(pair) ||
        pair.state !== 'duplex' ||
        this.core.mutant('flush-local-only')
      )
        continue;
      // A peer that fails to answer leaves duplex by itself; then this end alone is what counts.
      peers.push(this.events.flushPeer(key).catch((error: unknown) => this.rethrowInDuplex(key, error)));
    }
    await Promise.all([this.core.checkpoint(), ...peers]);
  }

  private rethrowInDuplex(key: string, error: unknown): void {
    if (this.core.pair(key)?.state === 'duplex') throw error;
  }
}
