/** Keeps a stream of "it changed" within bounds: never too often, never silent. */
import type { Clock, Timer } from '../../domain/ports.ts';

export interface ThrottleBounds {
  /** Two sends are at least so far apart, ms. */
  minGapMs: number;
  /** A send comes at least so often even where nothing changed, ms. */
  maxGapMs: number;
}

/** Calls `send` at once for a change after a quiet time, later for changes in quick succession, and when it was quiet for long. */
export class NoticeThrottle {
  private timer: Timer;
  private dueAtMs: number;
  private sentAtMs: number;
  private stopped = false;

  constructor(
    private readonly clock: Clock,
    private readonly bounds: ThrottleBounds,
    private readonly send: () => void,
  ) {
    this.sentAtMs = clock.monotonic() - bounds.minGapMs;
    this.dueAtMs = clock.monotonic() + bounds.maxGapMs;
    this.timer = clock.after(bounds.maxGapMs, () => this.fire());
  }

  /** Something changed. */
  touch(): void {
    if (this.stopped) return;
    const now = this.clock.monotonic();
    const wantedAtMs = this.sentAtMs + this.bounds.minGapMs;
    if (wantedAtMs <= now) this.fire();
    else if (wantedAtMs < this.dueAtMs) this.arm(wantedAtMs, now);
  }

  stop(): void {
    this.stopped = true;
    this.timer.cancel();
  }

  private fire(): void {
    if (this.stopped) return;
    this.sentAtMs = this.clock.monotonic();
    this.arm(this.sentAtMs + this.bounds.maxGapMs, this.sentAtMs);
    this.send();
  }

  private arm(atMs: number, now: number): void {
    this.timer.cancel();
    this.dueAtMs = atMs;
    this.timer = this.clock.after(Math.max(0, atMs - now), () => this.fire());
  }
}
