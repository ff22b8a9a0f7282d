/** Notices when something that is waited for makes no progress for too long (003 §[0069]). */
import type { Clock, Timer } from '../domain/ports.ts';
import type { Incarnation } from './incarnation.ts';

export class SilenceWatch {
  private timer: Timer | null = null;
  private dueMs = 0;
  private waited = false;
  private progressAtMs: number;

  constructor(
    private readonly life: Incarnation,
    private readonly clock: Clock,
    private readonly isWaiting: () => boolean,
    private readonly limitMs: () => number,
    /** Called with the length of the silence, ms. */
    private readonly onSilence: (silentMs: number) => void,
  ) {
    this.progressAtMs = clock.monotonic();
  }

  /** What is waited for has come nearer. */
  progressed(): void {
    this.progressAtMs = this.clock.monotonic();
    this.look();
  }

  /** What is waited for may have changed. Silence counts from the moment the waiting began. */
  look(): void {
    const waits = this.isWaiting();
    if (waits && !this.waited) this.progressAtMs = this.clock.monotonic();
    this.waited = waits;
    if (waits) this.arm();
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = null;
  }

  private arm(): void {
    const dueMs = this.progressAtMs + this.limitMs();
    if (this.timer !== null && this.dueMs <= dueMs) return;
    this.timer?.cancel();
    this.dueMs = dueMs;
    this.timer = this.life.after(Math.max(1, dueMs - this.clock.monotonic()), () => this.elapsed());
  }

  private elapsed(): void {
    this.timer = null;
    if (!this.isWaiting()) {
      this.waited = false;
      return;
    }
    const now = this.clock.monotonic();
    // So late a call means that this process was not running: what came meanwhile has yet to be heard.
    if (now - this.dueMs > this.limitMs() / 2) this.progressAtMs = now;
    if (now - this.progressAtMs >= this.limitMs()) this.onSilence(now - this.progressAtMs);
    else this.arm();
  }
}
