/** Makes what was stored durable, at intervals while something is stored, and whenever somebody needs it. */
import type { DiskError, Timer } from '../domain/ports.ts';
import type { Incarnation } from './incarnation.ts';

export class Checkpoints {
  private timer: Timer | null = null;
  private running: Promise<void> | null = null;
  private next: Promise<void> | null = null;

  constructor(
    private readonly life: Incarnation,
    private readonly intervalMs: number,
    /** Syncs everything stored before the call; what is durable then is on record when it resolves. */
    private readonly makeDurable: () => Promise<void>,
  ) {}

  /** Something was stored. */
  touch(): void {
    this.timer ??= this.life.after(this.intervalMs, () => {
      this.timer = null;
      this.soon();
    });
  }

  /** A checkpoint nobody waits for. */
  soon(): void {
    this.life.when(this.run(), () => undefined);
  }

  /** As `soon`, unless one is under way or waits already. */
  hurry(): void {
    if (!this.running && !this.next) this.soon();
  }

  /**
   * Resolves once everything stored before the call is durable here. Whoever asks during one shares the one after it.
   * Rejects with `DiskError`.
   */
  run(): Promise<void> {
    if (this.next) return this.next;
    if (!this.running) return this.begin();
    const begin = (): Promise<void> => {
      this.next = null;
      return this.begin();
    };
    this.next = this.running.then(begin, begin);
    return this.next;
  }

  private begin(): Promise<void> {
    const run = this.makeDurable();
    this.running = run;
    const ended = (): void => {
      if (this.running === run) this.running = null;
    };
    run.then(ended, (error: DiskError) => {
      ended();
      // After a failed sync the kernel may have dropped the pages: only a rebuild from disk knows what is left.
      this.life.fail(error);
    });
    return run;
  }
}
