/** A clock that stands still until the test moves it. */
import type { Clock, Timer } from '../../domain/ports.ts';

interface Due {
  atMs: number;
  order: number;
  run: () => void;
}

/** Lets every promise that can settle without time passing settle. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 200; turn += 1) await Promise.resolve();
}

export class ManualClock implements Clock {
  private readonly due = new Set<Due>();
  private order = 0;
  private nowMs = 0;

  now(): number {
    return 1_700_000_000_000 + this.nowMs;
  }

  monotonic(): number {
    return this.nowMs;
  }

  after(delayMs: number, run: () => void): Timer {
    this.order += 1;
    const due: Due = { atMs: this.nowMs + delayMs, order: this.order, run };
    this.due.add(due);
    return { cancel: () => this.due.delete(due) };
  }

  get timers(): number {
    return this.due.size;
  }

  /** Moves on by `ms`, running what comes due in order and letting promises settle in between. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.nowMs + ms;
    await settle();
    for (;;) {
      const next = [...this.due]
        .filter((due) => due.atMs <= untilMs)
        .sort((a, b) => a.atMs - b.atMs || a.order - b.order)[0];
      if (!next) break;
      this.due.delete(next);
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.run();
      await settle();
    }
    this.nowMs = untilMs;
  }
}
