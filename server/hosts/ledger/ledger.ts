/**
 * The work application (003 §[0059]: what the hosts exist for). It attaches volume 0 of its storage system, goes on where
 * the volume's transactions end, and works until told to stop, refused by storage, or outdated by a newer generation.
 * A lost connection is none of these: it attaches again, with growing pauses.
 */
import type { WorkState } from '../../domain/host.ts';
import { DiskError, type Ports, type Timer } from '../../domain/ports.ts';
import { inBackground } from '../background.ts';
import { CompletionFile } from './completion-record.ts';
import { MAX_IN_FLIGHT } from './layout.ts';
import { recover } from './recovery.ts';
import { readRing, surveyRing } from './scan.ts';
import { type LedgerVolume, VolumeError } from './volume.ts';
import { WorkSession } from './work-session.ts';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;
/** How long an orderly stop waits for what is in flight. */
const END_BOUND_MS = 5000;

export interface LedgerOptions {
  /** Name of this host, in every record. */
  host: string;
  maxInFlight: number;
  transactionsPerSecond: number;
  /** Attaches the volume for writing. Rejects with an `Error` that says why not; it is tried again later. */
  attach: () => Promise<LedgerVolume>;
  /** The ledger stopped by itself and will not start again by itself. */
  onStopped: (reason: string, code: VolumeError['code'] | null) => void;
}

/** One time of wanting to run, from `start` to `stop`; attachments come and go within it. */
interface Stint {
  generation: number;
  acceptLoss: boolean;
}

export class Ledger {
  private stint: Stint | null = null;
  private session: WorkSession | null = null;
  private ending: { session: WorkSession; done: Promise<void> } | null = null;
  private reason: string | null = null;
  private generation = 0;
  private transactionsPerSecond: number;
  private completedTransactions = 0;
  private pauseMs = FIRST_PAUSE_MS;
  private timer: Timer | null = null;
  private completion: CompletionFile | null = null;
  private readonly waiting = new Set<() => void>();

  constructor(
    private readonly ports: Pick<Ports, 'clock' | 'disk' | 'entropy' | 'log'>,
    private readonly options: LedgerOptions,
  ) {
    this.transactionsPerSecond = options.transactionsPerSecond;
    try {
      this.completion = new CompletionFile(ports.disk);
    } catch (error) {
      // The host must live on without its work; the work tries again when it is started.
      if (!(error instanceof DiskError)) throw error;
      this.reason = error.message;
    }
  }

  state(): WorkState {
    return {
      running: this.session !== null,
      generation: this.stint?.generation ?? this.generation,
      lastCompletedTransaction: this.completion?.read()?.completedThrough ?? 0,
      completedTransactions: this.completedTransactions,
      ratePerSecond: this.transactionsPerSecond,
      stoppedReason: this.session === null ? this.reason : null,
    };
  }

  /** What this host was told is complete, and under which generation. */
  completed(): { completedThrough: number; generation: number } | null {
    return this.completion?.read() ?? null;
  }

  /** Begins to work under `generation`, or goes on under it. `acceptLoss`: see `recover`. */
  start(generation: number, acceptLoss: boolean): void {
    if (this.stint) {
      this.setGeneration(generation);
      return;
    }
    this.reason = 'It is being started.';
    this.pauseMs = FIRST_PAUSE_MS;
    this.stint = { generation, acceptLoss };
    this.attach(this.stint);
  }

  /** The same system goes on as the holder of a newer generation. */
  setGeneration(generation: number): void {
    if (this.stint) this.stint.generation = generation;
    this.session?.setGeneration(generation);
  }

  /** Stops in order: resolves once what was in flight is answered, or after a bound. */
  async stop(reason: string): Promise<void> {
    this.endStint(reason);
    await this.ending?.done;
  }

  /** Stops at once: after it returns nothing more is ever counted as completed. */
  halt(reason: string): void {
    this.endStint(reason);
    this.ending?.session.close();
  }

  /** Why it does not run, where that is known better than the ledger can know it. */
  explain(reason: string): void {
    this.reason = reason;
  }

  setRate(transactionsPerSecond: number): void {
    this.transactionsPerSecond = transactionsPerSecond;
    this.session?.setRate(transactionsPerSecond);
  }

  /** Resolves once it works, or is stopped, or `boundMs` have passed. */
  whenSettled(boundMs: number): Promise<void> {
    if (this.session !== null || this.stint === null) return Promise.resolve();
    return new Promise((resolve) => {
      const settle = (): void => {
        bound.cancel();
        this.waiting.delete(settle);
        resolve();
      };
      const bound = this.ports.clock.after(boundMs, settle);
      this.waiting.add(settle);
    });
  }

  private attach(stint: Stint): void {
    inBackground(this.tryToAttach(stint), this.ports.log, 'attaching the ledger');
  }

  private async tryToAttach(stint: Stint): Promise<void> {
    await this.ending?.done;
    if (this.stint !== stint) return;
    let volume: LedgerVolume | null = null;
    try {
      volume = await this.options.attach();
      if (volume.readOnly) throw new VolumeError('EPERM', 'the volume is exported read-only');
      const ring = this.stint === stint ? await readRing(volume) : null;
      if (this.stint === stint && ring) this.begin(stint, volume, ring);
      else volume.close();
    } catch (error) {
      volume?.close();
      if (this.stint !== stint) return;
      if (error instanceof DiskError) this.stopByItself(`Its own record of completions: ${error.message}`, null);
      else this.attachLater(stint, error instanceof Error ? error.message : String(error));
    }
  }

  private begin(stint: Stint, volume: LedgerVolume, ring: Uint8Array): void {
    this.completion ??= new CompletionFile(this.ports.disk);
    const recovery = recover(surveyRing(ring), stint.generation, this.completion.read(), stint.acceptLoss);
    if ('refusal' in recovery) {
      volume.close();
      this.stopByItself(recovery.refusal, null);
      return;
    }
    stint.acceptLoss = false;
    this.pauseMs = FIRST_PAUSE_MS;
    this.reason = null;
    this.ports.log.write('info', 'ledger at work', { after: recovery.position.sequence, generation: stint.generation });
    const { host, maxInFlight } = this.options;
    const session: WorkSession = new WorkSession(
      this.ports,
      volume,
      recovery.position,
      this.completion,
      {
        generation: stint.generation,
        writer: host,
        maxInFlight: Math.min(maxInFlight, MAX_IN_FLIGHT),
        transactionsPerSecond: this.transactionsPerSecond,
      },
      {
        onCompleted: (_through, count) => {
          this.completedTransactions += count;
        },
        onFailed: (sequence, error) => this.failed(session, sequence, error),
      },
    );
    this.session = session;
    volume.onLost = (reason) => this.lost(session, reason);
    this.tellSettled();
  }

  private failed(session: WorkSession, sequence: number, error: VolumeError | DiskError): void {
    if (this.session !== session) return;
    if (error.code === 'LOST') this.lost(session, error.message);
    else if (error instanceof VolumeError)
      this.stopByItself(`Storage refused transaction ${sequence} (${error.code}): ${error.message}.`, error.code);
    else this.stopByItself(`The completion of transaction ${sequence} could not be recorded: ${error.message}`, null);
  }

  private lost(session: WorkSession, reason: string): void {
    if (this.session !== session || !this.stint) return;
    this.session = null;
    session.close();
    this.attachLater(this.stint, `The connection to storage was lost: ${reason}`);
  }

  private attachLater(stint: Stint, reason: string): void {
    this.reason = `${reason}; it attaches again by itself.`;
    this.timer = this.ports.clock.after(this.pauseMs, () => {
      this.timer = null;
      this.attach(stint);
    });
    this.pauseMs = Math.min(LONGEST_PAUSE_MS, this.pauseMs * 2);
  }

  private stopByItself(reason: string, code: VolumeError['code'] | null): void {
    this.endStint(reason);
    this.ports.log.write('warn', 'ledger stopped', { reason });
    this.options.onStopped(reason, code);
  }

  private endStint(reason: string): void {
    if (this.stint) this.generation = this.stint.generation;
    this.stint = null;
    this.reason = reason;
    this.timer?.cancel();
    this.timer = null;
    const session = this.session;
    this.session = null;
    if (session) {
      const ending = { session, done: session.end(END_BOUND_MS) };
      this.ending = ending;
      inBackground(
        ending.done.then(() => {
          if (this.ending === ending) this.ending = null;
        }),
        this.ports.log,
        'ending the work',
      );
    }
    this.tellSettled();
  }

  private tellSettled(): void {
    for (const settle of [...this.waiting]) settle();
  }
}
