/**
 * The ledger at work on one attached volume: issues transactions at a set pace, several in flight, and records their
 * completion in order. It ends with the attachment; the next one begins from what the volume then holds.
 */
import { DiskError, type Log, type Ports, type Timer } from '../../domain/ports.ts';
import { inBackground } from '../background.ts';
import type { CompletionFile } from './completion-record.ts';
import { capacityOf, type LedgerPosition, nextRecord, RECORD_BYTES, slotOf } from './layout.ts';
import { chooseTransaction } from './transactions.ts';
import { type LedgerVolume, VolumeError } from './volume.ts';

/** However far behind its pace, it never catches up on more than this much time at once, ms. */
const CATCH_UP_MS = 20;
/** What is due within this time is due: a timer that fires a rounding error early must not be armed anew for nothing, ms. */
const DUE_WITHIN_MS = 0.01;

export interface SessionOptions {
  generation: number;
  /** Name of this host, in every record. */
  writer: string;
  maxInFlight: number;
  transactionsPerSecond: number;
}

export interface SessionEvents {
  /** `count` more transactions, up to `through`, are recorded as complete. */
  onCompleted(through: number, count: number): void;
  /** Transaction `sequence` failed, or its completion could not be recorded; nothing more is issued. */
  onFailed(sequence: number, error: VolumeError | DiskError): void;
}

export class WorkSession {
  private generation: number;
  private transactionsPerSecond: number;
  private dueAtMs: number;
  private timer: Timer | null = null;
  private state: 'working' | 'ending' | 'closed' = 'working';
  private inFlight = 0;
  private readonly answered = new Set<number>();
  private completedThrough: number;
  private readonly capacity: number;
  private onIdle: (() => void) | null = null;

  constructor(
    private readonly ports: Pick<Ports, 'clock' | 'entropy'> & { log: Log },
    private readonly volume: LedgerVolume,
    private position: LedgerPosition,
    private readonly completion: Pick<CompletionFile, 'write'>,
    private readonly options: SessionOptions,
    private readonly events: SessionEvents,
  ) {
    this.generation = options.generation;
    this.transactionsPerSecond = options.transactionsPerSecond;
    this.capacity = capacityOf(volume.sizeBytes);
    // What is present is not told complete by being present: the record moves with the first completion after it.
    this.completedThrough = position.sequence;
    this.dueAtMs = ports.clock.monotonic();
    this.pump();
  }

  /** 0 pauses: no timer runs, nothing is issued. */
  setRate(transactionsPerSecond: number): void {
    this.transactionsPerSecond = transactionsPerSecond;
    this.dueAtMs = this.ports.clock.monotonic();
    this.pump();
  }

  /** Later transactions carry this generation: its holder is the same system. */
  setGeneration(generation: number): void {
    this.generation = generation;
  }

  /** Issues no more, waits until what is in flight is answered or `boundMs` have passed, then closes the volume. */
  end(boundMs: number): Promise<void> {
    if (this.state === 'working') this.state = 'ending';
    this.timer?.cancel();
    return new Promise((resolve) => {
      const bound = this.ports.clock.after(boundMs, () => this.onIdle?.());
      this.onIdle = () => {
        this.onIdle = null;
        bound.cancel();
        this.close();
        resolve();
      };
      if (this.inFlight === 0 || this.state === 'closed') this.onIdle();
    });
  }

  /** At once. What is in flight stays uncompleted, whatever the storage system makes of it. */
  close(): void {
    if (this.state === 'closed') return;
    this.state = 'closed';
    this.timer?.cancel();
    this.volume.close();
    this.onIdle?.();
  }

  private pump(): void {
    this.timer?.cancel();
    this.timer = null;
    if (this.state !== 'working' || this.transactionsPerSecond <= 0) return;
    const nowMs = this.ports.clock.monotonic();
    const intervalMs = 1000 / this.transactionsPerSecond;
    this.dueAtMs = Math.max(this.dueAtMs, nowMs - Math.max(intervalMs, CATCH_UP_MS));
    while (this.dueAtMs <= nowMs + DUE_WITHIN_MS && this.inFlight < this.options.maxInFlight) {
      this.dueAtMs += intervalMs;
      this.issue();
    }
    // With everything in flight the next answer pumps again.
    if (this.inFlight < this.options.maxInFlight)
      this.timer = this.ports.clock.after(Math.max(0, this.dueAtMs - nowMs), () => this.pump());
  }

  private issue(): void {
    const transaction = chooseTransaction(this.position, this.ports.entropy);
    const { bytes, position } = nextRecord(
      this.position,
      transaction,
      this.generation,
      this.ports.clock.now(),
      this.options.writer,
    );
    this.position = position;
    this.inFlight += 1;
    const { sequence } = position;
    const written = this.volume.write(slotOf(sequence, this.capacity) * RECORD_BYTES, bytes);
    inBackground(
      written.then(
        () => this.answer(sequence),
        (error: unknown) => this.fail(sequence, error),
      ),
      this.ports.log,
      `transaction ${sequence}`,
    );
  }

  private answer(sequence: number): void {
    if (this.state === 'closed') return;
    this.inFlight -= 1;
    this.answered.add(sequence);
    let through = this.completedThrough;
    while (this.answered.delete(through + 1)) through += 1;
    if (through > this.completedThrough && !this.record(through)) return;
    if (this.inFlight === 0) this.onIdle?.();
    this.pump();
  }

  /** A transaction is complete once the record says so, and in order: none while one before it is not. */
  private record(through: number): boolean {
    try {
      this.completion.write({ completedThrough: through, generation: this.generation });
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      this.failed(through, error);
      return false;
    }
    const count = through - this.completedThrough;
    this.completedThrough = through;
    this.events.onCompleted(through, count);
    return true;
  }

  private fail(sequence: number, error: unknown): void {
    if (this.state === 'closed') return;
    this.inFlight -= 1;
    if (!(error instanceof VolumeError)) throw error;
    this.failed(sequence, error);
    if (this.inFlight === 0) this.onIdle?.();
  }

  private failed(sequence: number, error: VolumeError | DiskError): void {
    const first = this.state === 'working';
    if (first) this.state = 'ending';
    this.timer?.cancel();
    if (first) this.events.onFailed(sequence, error);
  }
}
