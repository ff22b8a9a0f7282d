/**
 * When a host's work runs: only under a generation that names its own storage system as holder, only as the newest driver
 * says, and never again by itself after a newer generation was heard of (1b rules 1, 2, 8). Every decision is on disk
 * before it is acted upon or answered.
 */
import type { DriverToken, Generation } from '../domain/generation.ts';
import type { WorkState } from '../domain/host.ts';
import type { SystemName } from '../domain/names.ts';
import type { Log } from '../domain/ports.ts';
import { RefusedError, refuse } from '../domain/refusal.ts';
import type { DurableRecord } from './durable-record.ts';
import { type HostRecord, lostHostRecord, mergeGeneration, requireCurrentDriver } from './host-record.ts';
import type { Ledger } from './ledger/ledger.ts';
import type { StorageWatch } from './storage-watch.ts';

/** How long an answer to `work-start` waits for the first attachment, ms. */
const START_BOUND_MS = 5000;

export interface WorkControlOptions {
  system: SystemName;
  ledgerEnabled: boolean;
}

export class WorkControl {
  private lastRead: HostRecord;

  constructor(
    private readonly record: DurableRecord<HostRecord>,
    private readonly ledger: Ledger,
    private readonly storage: StorageWatch,
    private readonly options: WorkControlOptions,
    private readonly log: Log,
  ) {
    this.lastRead = this.kept();
  }

  /** The generation held. With a disk that does not answer, the one held last. */
  get generation(): Generation {
    try {
      return this.kept().generation;
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      return this.lastRead.generation;
    }
  }

  state(): WorkState {
    return this.ledger.state();
  }

  /** After a restart: goes on if it was running and may, otherwise says why not. */
  resume(): void {
    const { work, generation } = this.kept();
    if (work.transactionsPerSecond !== null) this.ledger.setRate(work.transactionsPerSecond);
    const hindrance = !work.wanted ? work.stoppedReason : this.hindrance(generation, work.generation);
    if (hindrance !== null) this.ledger.explain(hindrance);
    else if (work.wanted) this.ledger.start(work.generation, false);
  }

  /** Takes a generation for good; work that may not go on under it has ended when this returns. */
  raise(told: Generation, token: DriverToken): void {
    const kept = this.kept();
    requireCurrentDriver(kept, token);
    this.adoptInto({ ...kept, token }, mergeGeneration(kept.generation, told));
  }

  /** A newer generation heard from storage, another host or the register is a demotion, never a fault of the line. */
  hear(told: Generation): void {
    try {
      const kept = this.kept();
      if (told.number <= kept.generation.number) return;
      this.log.write('info', 'newer generation heard', {
        before: kept.generation.number,
        after: told.number,
        holder: told.holder,
      });
      this.adoptInto(kept, told);
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      // Without its record the host cannot tell whether it was demoted, so it does not work.
      this.log.write('error', 'a generation could not be recorded', { ...error.refusal });
      this.ledger.halt(error.refusal.message);
    }
  }

  /** Starts the work, or finds it running. Answers once it works, or says in its state why it does not yet. */
  async start(generation: number, token: DriverToken): Promise<void> {
    const { system } = this.options;
    this.admitStart(generation, token);
    const { hostWrites } = await this.storage.ask();
    if (!hostWrites.accepted)
      throw refuse(
        'wrong-role',
        `Storage system ${system} takes no host writes: ${hostWrites.reason}.`,
        'Promote it first, or start the work on the host of the holder.',
      );
    // Storage was asked meanwhile, so the record may have changed: it is read and judged again.
    const kept = this.admitStart(generation, token);
    this.record.write({ ...kept, token, work: { ...kept.work, wanted: true, generation, stoppedReason: null } });
    this.ledger.start(generation, true);
    await this.ledger.whenSettled(START_BOUND_MS);
  }

  /** Stops the work in order; resolves once nothing is in flight any more, or after a bound. */
  async stop(token: DriverToken, reason: string): Promise<void> {
    const kept = this.kept();
    requireCurrentDriver(kept, token);
    this.record.write({ ...kept, token, work: { ...kept.work, wanted: false, stoppedReason: reason } });
    await this.ledger.stop(reason);
  }

  /** 0 pauses. Outlives a restart. */
  setRate(transactionsPerSecond: number): void {
    const kept = this.kept();
    this.record.write({ ...kept, work: { ...kept.work, transactionsPerSecond } });
    this.ledger.setRate(transactionsPerSecond);
  }

  /** The ledger has stopped by itself. */
  stopped(reason: string): void {
    try {
      const kept = this.kept();
      this.record.write({ ...kept, work: { ...kept.work, wanted: false, stoppedReason: reason } });
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      // A restart would then try once more, and be stopped by the same fact.
      this.log.write('error', 'the end of the work could not be recorded', { ...error.refusal });
    }
  }

  private adoptInto(kept: HostRecord, generation: Generation): void {
    const mayGoOn = generation.holder === this.options.system;
    const reason = `Generation ${generation.number} was raised; ${generation.holder === null ? 'it has no holder yet' : `its holder is ${generation.holder}`}.`;
    const ends = kept.work.wanted && !mayGoOn;
    const work = { ...kept.work };
    if (ends) Object.assign(work, { wanted: false, stoppedReason: reason });
    else if (work.wanted) work.generation = generation.number;
    this.record.write({ ...kept, generation, work });
    // Also where the work is ending already: nothing in flight may be told complete after this answer.
    if (!mayGoOn) this.ledger.halt(work.stoppedReason ?? reason);
    else this.ledger.setGeneration(generation.number);
  }

  private admitStart(generation: number, token: DriverToken): HostRecord {
    const kept = this.kept();
    if (!this.options.ledgerEnabled)
      throw refuse(
        'bad-request',
        'This group was created without a ledger.',
        'Use its volumes over NBD, or create a group with a ledger.',
      );
    requireCurrentDriver(kept, token);
    if (kept.generation.number !== generation) {
      throw refuse(
        'stale-generation',
        `This host holds generation ${kept.generation.number}; work was to start under ${generation}.`,
        'Raise the generation of the host first, or use the newest one.',
      );
    }
    const hindrance = this.hindrance(kept.generation, generation);
    if (hindrance !== null)
      throw refuse(
        'wrong-role',
        hindrance,
        `Start the work on the host of ${kept.generation.holder ?? 'the holder, once it is named'}.`,
      );
    return kept;
  }

  /** Why work of generation `wanted` may not run under `held`, or null. */
  private hindrance(held: Generation, wanted: number): string | null {
    if (held.holder !== this.options.system)
      return `Generation ${held.number} is held by ${held.holder ?? 'no system yet'}, not by ${this.options.system}.`;
    if (held.number !== wanted) return `The work ran under generation ${wanted}; the host holds ${held.number}.`;
    return null;
  }

  private kept(): HostRecord {
    if (this.record.damaged !== null) return lostHostRecord(this.record.damaged);
    const kept = this.record.read();
    if (kept === null)
      throw refuse('disk-fault', 'The record of this host is gone from its disk.', 'Restart the host.');
    return kept;
  }
}
