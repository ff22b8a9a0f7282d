/** Instructions that wait for a pair to reach a state. */
import type { PairState } from '../domain/pair-states.ts';
import type { Timer } from '../domain/ports.ts';
import type { Incarnation } from './incarnation.ts';

interface Waiter {
  key: string;
  states: readonly PairState[];
  resolve: (reached: boolean) => void;
  timer: Timer;
}

export class StateWaiters {
  private waiters: Waiter[] = [];

  constructor(private readonly life: Incarnation) {}

  /** Resolves with true once the pair is in one of `states` (at once if it is already), with false after `timeoutMs`. */
  wait(
    stateOf: () => PairState | null,
    key: string,
    states: readonly PairState[],
    timeoutMs: number,
  ): Promise<boolean> {
    const state = stateOf();
    if (state !== null && states.includes(state)) return Promise.resolve(true);
    return new Promise((resolve) => {
      const waiter: Waiter = { key, states, resolve, timer: this.life.after(timeoutMs, () => this.end(waiter, false)) };
      this.waiters.push(waiter);
    });
  }

  /** Some pair has changed. */
  settle(stateOf: (key: string) => PairState | null): void {
    for (const waiter of [...this.waiters]) {
      const state = stateOf(waiter.key);
      if (state !== null && waiter.states.includes(state)) this.end(waiter, true);
    }
  }

  /** Nothing changes any more. */
  abandon(): void {
    for (const waiter of [...this.waiters]) this.end(waiter, false);
  }

  private end(waiter: Waiter, reached: boolean): void {
    this.waiters = this.waiters.filter((each) => each !== waiter);
    waiter.timer.cancel();
    waiter.resolve(reached);
  }
}
