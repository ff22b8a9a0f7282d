import type { Clock, Timer } from '../../domain/ports.ts';

/** `setTimeout` takes no longer delay than this and fires at once beyond it. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;
/** Delays below this are kept to a few microseconds; above it, to the millisecond or two of `setTimeout`. */
const PRECISE_BELOW_MS = 20;
/** `setTimeout` is late by up to this much as a rule, so a precise delay waits the rest of it out awake. */
const AWAKE_MS = 1.25;

interface PreciseTimer {
  readonly dueMs: number;
  run: (() => void) | null;
}

/**
 * The machine's clock.
 *
 * A line of 100 km delays each frame by half a millisecond, which `setTimeout` cannot do. Short delays therefore sleep
 * until shortly before they are due and then turn the event loop without sleeping; sockets are served meanwhile.
 */
export class RealClock implements Clock {
  /** By `dueMs`, equal ones in the order they were asked for. */
  readonly #precise: PreciseTimer[] = [];
  #sleep: NodeJS.Timeout | null = null;
  #awake = false;

  now(): number {
    return Date.now();
  }

  monotonic(): number {
    return performance.now();
  }

  after(delayMs: number, run: () => void): Timer {
    if (delayMs < PRECISE_BELOW_MS) return this.#afterPrecisely(Math.max(0, delayMs), run);
    return afterRoughly(delayMs, run);
  }

  #afterPrecisely(delayMs: number, run: () => void): Timer {
    const timer: PreciseTimer = { dueMs: performance.now() + delayMs, run };
    let place = this.#precise.length;
    while (place > 0 && this.#dueAt(place - 1) > timer.dueMs) place -= 1;
    this.#precise.splice(place, 0, timer);
    if (place === 0) this.#wait();
    return {
      cancel: () => {
        timer.run = null;
        this.#forgetCancelled();
      },
    };
  }

  #dueAt(place: number): number {
    return this.#precise[place]?.dueMs ?? Number.POSITIVE_INFINITY;
  }

  /** Cancelled timers at the front must not keep the process awake; those further back leave when they get there. */
  #forgetCancelled(): void {
    while (this.#precise.length > 0 && this.#precise[0]?.run === null) this.#precise.shift();
  }

  /** Sleeps or turns until the first precise timer is due. */
  #wait(): void {
    const remainingMs = this.#dueAt(0) - performance.now();
    if (remainingMs > AWAKE_MS) {
      if (this.#sleep !== null) clearTimeout(this.#sleep);
      this.#sleep = setTimeout(() => {
        this.#sleep = null;
        this.#turn();
      }, remainingMs - AWAKE_MS);
    } else if (!this.#awake) {
      this.#awake = true;
      setImmediate(() => {
        this.#awake = false;
        this.#turn();
      });
    }
  }

  #turn(): void {
    // Only what was due when the turn began: a timer set with no delay by another waits for the next turn.
    const nowMs = performance.now();
    while (this.#dueAt(0) <= nowMs) {
      const run = this.#precise.shift()?.run;
      // The rest must still fire if this one throws, so the wait is arranged before each.
      if (this.#precise.length > 0) this.#wait();
      run?.();
    }
    this.#forgetCancelled();
    if (this.#precise.length > 0) this.#wait();
  }
}

/** The machine's clock where a delay may be late by a millisecond or two: it never waits awake. */
export class RoughClock extends RealClock {
  override after(delayMs: number, run: () => void): Timer {
    return afterRoughly(Math.max(0, delayMs), run);
  }
}

/** Later by up to two milliseconds, never earlier: `setTimeout` counts from the last whole millisecond, hence the one more. */
function afterRoughly(delayMs: number, run: () => void): Timer {
  let cancelled = false;
  let handle: NodeJS.Timeout;
  const sleep = (remainingMs: number): void => {
    const stepMs = Math.min(remainingMs, LONGEST_TIMEOUT_MS);
    handle = setTimeout(() => {
      if (cancelled) return;
      if (remainingMs > stepMs) sleep(remainingMs - stepMs);
      else run();
    }, stepMs);
  };
  sleep(Math.ceil(delayMs) + 1);
  return {
    cancel: () => {
      cancelled = true;
      clearTimeout(handle);
    },
  };
}
