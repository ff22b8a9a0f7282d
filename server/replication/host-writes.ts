/**
 * Host writes: in what order they happen and when each is answered (003 §[0066], [0068]; 1b rules 3, 4, 6, 10, 18). A
 * write is answered when every synchronous destination has it, or when the fence level lets this system go on alone.
 */

import { DiskError, type Timer } from '../domain/ports.ts';
import type { StorageCore } from './core.ts';
import type { Entry } from './entry.ts';
import { HostFlush } from './host-flush.ts';
import { EINVAL, EIO, ENOSPC, EPERM, HostGate } from './host-gate.ts';
import { JournalFullError } from './journal.ts';
import type { PairRecord } from './system-record.ts';

/** One number carries so much at most: a longer write takes several. */
const MAX_WRITE_BYTES = 1024 * 1024;
const MAX_ZEROES_BYTES = 16 * 1024 * 1024;

interface Operation {
  kind: 'write' | 'zeroes';
  volume: number;
  offsetBytes: number;
  lengthBytes: number;
  data: Uint8Array;
  /** Bytes stored so far. */
  storedBytes: number;
  durable: boolean;
  /** Null once it is answered. */
  done: ((errno: number) => void) | null;
}

interface Pending {
  number: number;
  bytes: number;
  operation: Operation;
}

export interface HostWritesEvents {
  stored(entry: Entry): void;
  /** There is no room in the journal for an entry of so many data bytes. */
  noRoom(neededBytes: number): void;
  /** Makes what was completed durable at the other end of a sync pair in duplex. */
  flushPeer(key: string): Promise<void>;
}

export class HostWrites {
  readonly gate: HostGate;
  completedAt: number | null = null;
  completedWrites = 0;
  writtenBytes = 0;
  private readonly queue: Operation[] = [];
  private pending: Pending[] = [];
  private holdTimer: Timer | null = null;
  private readonly flushes: HostFlush;

  constructor(
    private readonly core: StorageCore,
    private readonly events: HostWritesEvents,
  ) {
    this.gate = new HostGate(core);
    this.flushes = new HostFlush(core, (key) => events.flushPeer(key));
  }

  /** `durable`: complete only once it survives the machine. `done` is called once, with 0 or an errno. */
  write(volume: number, offsetBytes: number, data: Uint8Array, durable: boolean, done: (errno: number) => void): void {
    this.enter({ kind: 'write', volume, offsetBytes, lengthBytes: data.length, data, storedBytes: 0, durable, done });
  }

  /** As `write`, of zeros. */
  zero(
    volume: number,
    offsetBytes: number,
    lengthBytes: number,
    durable: boolean,
    done: (errno: number) => void,
  ): void {
    const data = new Uint8Array(0);
    this.enter({ kind: 'zeroes', volume, offsetBytes, lengthBytes, data, storedBytes: 0, durable, done });
  }

  flush(done: (errno: number) => void): void {
    this.flushes.flush(done);
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
    this.gate.confirmed = false;
    this.failPending(EPERM);
    this.failQueue(EPERM);
  }

  /** This incarnation ends: whoever waits is answered with `errno`. */
  abandon(errno: number): void {
    for (const { operation } of this.pending.splice(0)) settle(operation, errno);
    this.failQueue(errno);
    this.flushes.abandon(errno);
  }

  private enter(operation: Operation): void {
    const { accepted, errno } = this.gate.acceptance();
    if (!accepted) return settle(operation, errno);
    const { volume, offsetBytes, lengthBytes } = operation;
    if (this.core.volumes.outOfRange(volume, offsetBytes, lengthBytes)) {
      const isPastEnd = offsetBytes + lengthBytes > this.core.volumes.volumeBytes;
      return settle(operation, isPastEnd ? ENOSPC : EINVAL);
    }
    this.queue.push(operation);
    if (this.queue.length === 1) this.admit();
  }

  private admit(): void {
    for (let operation = this.queue[0]; operation; operation = this.queue[0]) {
      const { accepted, errno } = this.gate.acceptance();
      if (!accepted) {
        this.queue.shift();
        settle(operation, errno);
        continue;
      }
      if (this.gate.isHeld()) return this.armHold();
      const failure = this.storeSome(operation);
      if (failure === 'wait') return;
      this.queue.shift();
      if (failure !== 0) settle(operation, failure);
    }
    this.complete();
  }

  /** Stores what remains of `operation`, part by part. 0 when all of it is stored. */
  private storeSome(operation: Operation): number | 'wait' {
    do {
      const failure = this.storePart(operation);
      if (failure !== 0) return failure;
    } while (operation.storedBytes < operation.lengthBytes);
    return 0;
  }

  private storePart(operation: Operation): number | 'wait' {
    const { core } = this;
    const entry = this.nextEntry(operation);
    try {
      core.take(entry, null);
    } catch (error) {
      if (error instanceof JournalFullError) {
        this.events.noRoom(error.neededBytes);
        return 'wait';
      }
      if (!(error instanceof DiskError)) throw error;
      core.diskFailed(error);
      return error.code === 'ENOSPC' ? ENOSPC : EIO;
    }
    operation.storedBytes += entry.lengthBytes;
    this.pending.push({ number: entry.number, bytes: entry.lengthBytes, operation });
    this.events.stored(entry);
    return 0;
  }

  private nextEntry(operation: Operation): Entry {
    const { core } = this;
    const { kind, volume, storedBytes, offsetBytes } = operation;
    const isWrite = kind === 'write';
    const limit = isWrite ? Math.min(core.journal.maxDataBytes, MAX_WRITE_BYTES) : MAX_ZEROES_BYTES;
    const lengthBytes = Math.min(limit, operation.lengthBytes - storedBytes);
    return {
      number: core.lastNumber + 1,
      generation: core.record.generation.number,
      kind,
      volume,
      offsetBytes: offsetBytes + storedBytes,
      lengthBytes,
      at: core.ports.clock.now(),
      data: isWrite ? operation.data.subarray(storedBytes, storedBytes + lengthBytes) : operation.data,
    };
  }

  /** Number above which writes are stored and not yet complete; null where none are. */
  heldAbove(): number | null {
    const [first] = this.pending;
    return first ? first.number - 1 : null;
  }

  private complete(): void {
    const gate = this.gate.number();
    const settled: Operation[] = [];
    let count = 0;
    let last = 0;
    for (const { number, bytes, operation } of this.pending) {
      if (number > gate) break;
      count += 1;
      last = number;
      this.writtenBytes += bytes;
      // A long write is complete with its last part.
      const isLast = this.pending[count]?.operation !== operation && operation.storedBytes >= operation.lengthBytes;
      if (isLast) settled.push(operation);
    }
    if (count === 0) {
      if (this.pending.length > 0 && this.gate.isHeld()) this.armHold();
      return;
    }
    // The number is advanced before any answer leaves (rule 6).
    this.core.marks.noteCompleted(last);
    this.pending.splice(0, count);
    this.completedAt = this.core.ports.clock.now();
    this.completedWrites += settled.length;
    this.core.observer.changed();
    for (const operation of settled) this.answer(operation);
  }

  private answer(operation: Operation): void {
    if (operation.durable) this.flushes.flush((errno) => settle(operation, errno));
    else settle(operation, 0);
  }

  /** Writes are held for a bound, then fail; they never complete unrecorded (rule 3). */
  private armHold(): void {
    this.holdTimer ??= this.core.life.after(this.core.config.timing.holdWritesMs, () => {
      this.holdTimer = null;
      if (!this.gate.isHeld()) return;
      const count = this.pending.length + this.queue.length;
      this.core.observer.event('writes-failed', `${count} host writes failed: ${this.gate.acceptance().reason}`, {});
      this.failPending(EIO);
      this.failQueue(EIO);
    });
  }

  private failPending(errno: number): void {
    const gate = this.gate.number();
    const failed = this.pending.filter(({ number }) => number > gate);
    this.pending = this.pending.filter(({ number }) => number <= gate);
    for (const { operation } of failed) settle(operation, errno);
  }

  private failQueue(errno: number): void {
    for (const operation of this.queue.splice(0)) settle(operation, errno);
  }
}

function settle(operation: Operation, errno: number): void {
  const { done } = operation;
  operation.done = null;
  done?.(errno);
}
