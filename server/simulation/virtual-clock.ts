/** Clocks of simulated machines: a wall clock that may jump and drift, and a monotonic one that only drifts. */
import type { Clock, Timer } from '../domain/ports.ts';
import type { Scheduler } from './scheduler.ts';
import type { Life } from './virtual-process.ts';

/** Wall clock at the beginning of every world, so that printed histories compare. */
export const WORLD_EPOCH_MS = Date.UTC(2030, 0, 1);

/** What a machine's clocks show; it outlives the processes on it. */
export class MachineClock {
  private wallOffsetMs = 0;
  private bootedAtMs = 0;

  /** `rate` is how fast its oscillator runs: 1.0001 gains a tenth of a millisecond in each second. */
  constructor(
    readonly rate: number,
    private monotonicBaseMs: number,
  ) {}

  wallMs(worldMs: number): number {
    // Whole milliseconds, as Date.now gives them.
    return Math.floor(WORLD_EPOCH_MS + worldMs * this.rate + this.wallOffsetMs);
  }

  monotonicMs(worldMs: number): number {
    return this.monotonicBaseMs + (worldMs - this.bootedAtMs) * this.rate;
  }

  /** Someone sets the wall clock. */
  jump(byMs: number): void {
    this.wallOffsetMs += byMs;
  }

  /** The monotonic clock starts anew, as after a reboot. */
  reboot(worldMs: number): void {
    this.bootedAtMs = worldMs;
    this.monotonicBaseMs = 0;
  }
}

export class VirtualClock implements Clock {
  constructor(
    private readonly life: Life,
    private readonly scheduler: Scheduler,
    private readonly machine: MachineClock,
  ) {}

  now(): number {
    this.life.check();
    return this.machine.wallMs(this.scheduler.nowMs);
  }

  monotonic(): number {
    this.life.check();
    return this.machine.monotonicMs(this.scheduler.nowMs);
  }

  after(delayMs: number, run: () => void): Timer {
    this.life.check();
    if (!(delayMs >= 0)) throw new Error(`a timer cannot wait ${delayMs} ms`);
    const event = this.scheduler.at(this.scheduler.nowMs + delayMs / this.machine.rate, this.life, run);
    return {
      cancel: () => {
        event.run = null;
      },
    };
  }
}
