/**
 * The test host: a second piece of work in the process of a host, for as long as a test lasts (ADR 0012). It works on the
 * volumes of a clone and knows no other: it has no way to attach the live one, keeps no record on the host's disk, and hears of
 * no generation. Idle, it is nothing at all.
 */
import type { LedgerReport, TestWork } from '../domain/host.ts';
import type { SystemName } from '../domain/names.ts';
import type { Ports } from '../domain/ports.ts';
import { refuse } from '../domain/refusal.ts';
import { type LedgerPosition, MAX_IN_FLIGHT } from './ledger/layout.ts';
import { recover } from './ledger/recovery.ts';
import { readRing, surveyRing } from './ledger/scan.ts';
import { verifyLedger } from './ledger/verify.ts';
import type { LedgerVolume } from './ledger/volume.ts';
import { WorkSession } from './ledger/work-session.ts';

/** Quick enough that a test is over soon, slow enough that it is no load to speak of. */
const TRANSACTIONS_PER_SECOND = 100;
/** How long an answer to `test-work` waits for the work to be done, ms. */
const WORK_BOUND_MS = 300;
const END_BOUND_MS = 2000;

export interface TestHostOptions {
  system: SystemName;
  /** Name of the test host, in every record it writes. */
  name: string;
  maxInFlight: number;
  /** Attaches volume 0 of the clone. Rejects with an `Error` that says why not. */
  attach: (clone: string) => Promise<LedgerVolume>;
}

export class TestHost {
  private volume: LedgerVolume | null = null;
  private session: WorkSession | null = null;
  private wanted = 0;
  private readonly work: TestWork;
  private ended: (() => void) | null = null;

  private constructor(
    private readonly ports: Pick<Ports, 'clock' | 'entropy' | 'log'>,
    private readonly options: TestHostOptions,
    readonly run: string,
    readonly clone: string,
  ) {
    this.work = { run, clone, state: 'starting', recoveredAt: 0, completedTransactions: 0, reason: null };
  }

  /** Attaches the clone, and recovers its ledger as a takeover would under `generation`. Throws `RefusedError`. */
  static async start(
    ports: Pick<Ports, 'clock' | 'entropy' | 'log'>,
    options: TestHostOptions,
    { run, clone, generation }: { run: string; clone: string; generation: number },
  ): Promise<TestHost> {
    const host = new TestHost(ports, options, run, clone);
    const volume = await host.attach();
    try {
      const recovery = recover(surveyRing(await readRing(volume)), generation, null, true);
      if ('refusal' in recovery) throw new Error(recovery.refusal);
      host.begin(volume, recovery.position, generation);
      return host;
    } catch (error) {
      volume.close();
      throw host.unfit(error);
    }
  }

  facts(): TestWork {
    return { ...this.work };
  }

  /** Carries on until `transactions` in all are complete; answers after a while how far it is. */
  async carryOut(transactions: number): Promise<TestWork> {
    this.wanted = Math.max(this.wanted, transactions);
    const { session } = this;
    if (session && this.work.state === 'ready') {
      this.work.state = 'working';
      session.setRate(TRANSACTIONS_PER_SECOND);
    }
    if (this.work.state === 'working')
      await new Promise<void>((resolve) => {
        const bound = this.ports.clock.after(WORK_BOUND_MS, resolve);
        this.ended = () => {
          bound.cancel();
          resolve();
        };
      });
    return this.facts();
  }

  /** Reads the clone's ledger anew. Throws `RefusedError`. */
  async verify(): Promise<LedgerReport> {
    const volume = await this.attach();
    try {
      const { completedTransactions, recoveredAt } = this.work;
      return await verifyLedger(volume, {
        completedThrough: recoveredAt + completedTransactions,
        generation: null,
        source: `${this.options.name}’s own count`,
        verifiedOn: this.options.system,
      });
    } catch (error) {
      throw this.unfit(error);
    } finally {
      volume.close();
    }
  }

  /** Ends its work; what was in flight is answered, or called off after a bound. */
  async stop(): Promise<void> {
    await this.session?.end(END_BOUND_MS);
    this.close('stopped');
  }

  private begin(volume: LedgerVolume, position: LedgerPosition, generation: number): void {
    this.volume = volume;
    this.work.state = 'ready';
    this.work.recoveredAt = position.sequence;
    // Not at work until it is told how much.
    const pace = { generation, writer: this.options.name, maxInFlight: this.maxInFlight, transactionsPerSecond: 0 };
    const session: WorkSession = new WorkSession(this.ports, volume, position, { write() {} }, pace, {
      onCompleted: (_through, count) => this.completed(session, count),
      onFailed: (sequence, error) => this.close('failed', `transaction ${sequence}: ${error.message}`),
    });
    this.session = session;
    volume.onLost = (reason) => this.close('failed', `the clone is gone: ${reason}`);
  }

  private get maxInFlight(): number {
    return Math.min(this.options.maxInFlight, MAX_IN_FLIGHT);
  }

  private completed(session: WorkSession, count: number): void {
    this.work.completedTransactions += count;
    if (this.work.completedTransactions < this.wanted || this.work.state !== 'working') return;
    session.setRate(0);
    this.work.state = 'ready';
    this.ended?.();
  }

  private close(state: 'stopped' | 'failed', reason: string | null = null): void {
    if (this.work.state === 'stopped' || this.work.state === 'failed') return;
    this.work.state = state;
    this.work.reason = reason;
    this.session?.close();
    this.volume?.close();
    this.session = null;
    this.volume = null;
    this.ended?.();
  }

  private async attach(): Promise<LedgerVolume> {
    try {
      return await this.options.attach(this.clone);
    } catch (error) {
      throw this.unfit(error);
    }
  }

  private unfit(error: unknown): Error {
    const why = error instanceof Error ? error.message : String(error);
    return refuse(
      'wrong-state',
      `The ledger on clone ${this.clone} of ${this.options.system} cannot be used: ${why}`,
      'Begin a new test.',
    );
  }
}

/** At most one test host at a time, started and stopped in the order in which that was asked for. */
export class TestBench {
  private current: TestHost | null = null;
  private turn: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly ports: Pick<Ports, 'clock' | 'entropy' | 'log'>,
    private readonly options: TestHostOptions,
  ) {}

  facts(): TestWork | null {
    return this.current?.facts() ?? null;
  }

  /** Throws `RefusedError`. */
  start(run: string, clone: string, generation: number): Promise<TestWork> {
    return this.inTurn(async () => {
      const { current } = this;
      if (current?.run === run && current.clone === clone && current.facts().state !== 'failed') return current.facts();
      await this.end();
      this.current = await TestHost.start(this.ports, this.options, { run, clone, generation });
      return this.current.facts();
    });
  }

  /** The test host of `run`. Throws `RefusedError` where there is none any more. */
  of(run: string): TestHost {
    if (this.current?.run === run) return this.current;
    throw refuse('wrong-state', `${this.options.name} does not run for that test.`, 'Begin a new test.');
  }

  /** Answers the test host of another run where that is what there is. */
  stop(run: string): Promise<TestWork | null> {
    return this.inTurn(async () => {
      if (this.current?.run === run) await this.end();
      return this.facts();
    });
  }

  /** The process ends. */
  close(): Promise<void> {
    return this.inTurn(() => this.end());
  }

  private async end(): Promise<void> {
    await this.current?.stop();
    this.current = null;
  }

  private inTurn<T>(run: () => Promise<T>): Promise<T> {
    const done = this.turn.then(run, run);
    this.turn = done.catch(() => {});
    return done;
  }
}
