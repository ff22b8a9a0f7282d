/** Draining an asynchronous pair: a number is frozen, reached, and told, within a bound of time (003 §[0072]; 1b rule 19). */
import type { Timer } from '../domain/ports.ts';
import { answeredThrough } from './answered.ts';
import type { StorageCore } from './core.ts';
import type { PairEnds } from './pair-ends.ts';
import type { Suspension } from './suspension.ts';
import type { PairRecord } from './system-record.ts';

export class Drains {
  private readonly timers = new Map<string, Timer>();

  constructor(
    private readonly core: StorageCore,
    private readonly ends: PairEnds,
    private readonly suspension: Suspension,
  ) {}

  /** Source: freezes what has to be drained. Returns the number the destination must reach. Throws `DiskError`. */
  begin(key: string, deadlineMs: number, reason: string): number {
    const pair = this.ends.mustFind(key);
    const { core } = this;
    if (pair.state === 'duplex' && core.mutant('suspending-skipped'))
      core.pairs.changeState(pair, 'suspend', reason, { agreedNumber: core.pairs.peerAccepted(key) });
    if (pair.state === 'duplex') this.freeze(key, pair, reason);
    if (pair.state === 'suspending') this.arm(key, deadlineMs);
    return pair.drainTarget ?? pair.agreedNumber;
  }

  /** What no synchronous destination has answered yet is not shown to this one (rule 20): it becomes a difference instead. */
  private freeze(key: string, pair: PairRecord, reason: string): void {
    const { core } = this;
    if (core.snapshots.feeds(pair)) {
      const drainTarget = core.snapshots.freezeForDrain(key, pair);
      core.pairs.changeState(pair, 'suspending', reason, { drainTarget });
      return this.ends.at(key).source.released();
    }
    const drainTarget = Math.min(core.lastNumber, Math.max(answeredThrough(core), core.pairs.peerAccepted(key)));
    if (drainTarget < core.lastNumber) core.entriesToBits(key, drainTarget);
    core.pairs.changeState(pair, 'suspending', reason, { drainTarget });
  }

  /** Destination: `target` is to be reached. */
  expect(key: string, target: number, deadlineMs: number, reason: string): void {
    const pair = this.ends.mustFind(key);
    const { core } = this;
    const drainTarget = core.mutant('drain-target-not-frozen') ? core.lastNumber : target;
    if (pair.state === 'duplex') core.pairs.changeState(pair, 'suspending', reason, { drainTarget });
    else if (pair.state === 'suspending' && pair.drainTarget !== drainTarget) {
      pair.drainTarget = drainTarget;
      core.save();
    }
    if (pair.state !== 'suspending') return;
    this.arm(key, deadlineMs);
    if (core.lastNumber >= drainTarget) this.reached(key);
  }

  /** From now on the clock runs; where it runs already, nothing changes. */
  arm(key: string, deadlineMs: number): void {
    if (this.timers.has(key)) return;
    const timer = this.core.life.after(deadlineMs, () => {
      this.timers.delete(key);
      if (this.core.pairs.get(key)?.state === 'suspending')
        this.suspension.suspend(key, 'fault', 'the drain did not finish in time', null, true);
    });
    this.timers.set(key, timer);
  }

  disarm(key: string): void {
    this.timers.get(key)?.cancel();
    this.timers.delete(key);
  }

  /** Destination: the frozen number is applied. Once it is durable the pair is suspended. */
  reached(key: string): void {
    const { core } = this;
    core.life.when(core.checkpoints.run(), () => {
      const pair = core.pairs.get(key);
      if (pair?.state !== 'suspending' || core.pairs.isSource(pair) || core.record.doubt) return;
      const number = core.lastNumber;
      this.disarm(key);
      const { destination } = this.ends.at(key);
      core.pairs.changeState(pair, 'suspend', 'drained', {
        agreedNumber: number,
        drainTarget: null,
        session: pair.session + 1,
      });
      // Where the line is lost, the source learns from the exchange at the next contact.
      destination.tell({ type: 'drained', number });
      destination.close();
      core.trim();
    });
  }

  /** Source: the destination holds everything up to `number`. */
  drained(key: string, number: number): void {
    const { core } = this;
    const pair = core.pairs.get(key);
    if (pair?.state !== 'suspending' || !core.pairs.isSource(pair)) return;
    if (number < (pair.drainTarget ?? 0) && !core.mutant('drain-target-not-frozen'))
      return this.suspension.suspend(key, 'fault', `the destination stopped at ${number}`, number, false);
    this.disarm(key);
    this.ends.at(key).source.close();
    if (core.snapshots.feeds(pair)) {
      core.snapshots.confirmed(key, number);
      core.snapshots.giveUp(key);
    }
    core.pairs.changeState(pair, 'suspend', 'drained', { agreedNumber: number, drainTarget: null });
    core.trim();
  }

  stop(): void {
    for (const timer of this.timers.values()) timer.cancel();
    this.timers.clear();
  }
}
