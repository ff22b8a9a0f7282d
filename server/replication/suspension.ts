/**
 * How a pair leaves the states in which it flows: by instruction or by itself, at either end, with bits before state before
 * completions (1b rules 12, 14).
 */
import { isFlowing, isSuspended } from '../domain/pair-states.ts';
import { refusalOf } from '../domain/refusal.ts';
import { heldAbove } from './answered.ts';
import type { StorageCore } from './core.ts';
import type { PairEnds } from './pair-ends.ts';
import type { PairRecord } from './system-record.ts';

export type SuspendedBy = 'instruction' | 'fault';

export interface SuspensionEvents {
  /** A pair has stopped: whoever waits for its drain need not. */
  stopped(key: string): void;
  /** A sync pair of which this is the source left duplex, or a copy of it stopped. */
  syncSuspended(key: string, pair: PairRecord): void;
}

export class Suspension {
  constructor(
    private readonly core: StorageCore,
    private readonly ends: PairEnds,
    private readonly events: SuspensionEvents,
  ) {}

  /**
   * Suspends this end. `agreed`: number up to which the other end has said it holds everything; null where it has not
   * said. `tell`: let the other end know. A pair that does not flow is left as it is, save that an instruction turns
   * failure-suspend into suspend. Throws `DiskError`.
   */
  suspend(key: string, by: SuspendedBy, reason: string, agreed: number | null, tell: boolean): void {
    const { pairs } = this.core;
    const pair = pairs.get(key);
    if (!pair) return;
    if (isSuspended(pair.state)) {
      if (by === 'instruction' && pair.state === 'failure-suspend') pairs.changeState(pair, 'suspend', reason);
      return;
    }
    const isSource = pairs.isSource(pair);
    if (isSource) this.suspendSource(key, pair, by, reason, agreed);
    else this.suspendDestination(key, pair, by, reason);
    this.events.stopped(key);
    if (tell) this.tell(key, pair, by, isSource ? pair.agreedNumber : this.core.lastNumber, reason);
    if (isSource && pair.definition.kind === 'sync') this.events.syncSuspended(key, pair);
    if (!isSource) this.endDoubtfulSources();
  }

  private suspendSource(key: string, pair: PairRecord, by: SuspendedBy, reason: string, agreed: number | null): void {
    const { core } = this;
    const { pairs } = core;
    const held = Math.min(Math.max(pairs.peerAccepted(key), agreed ?? 0), core.lastNumber);
    if (pair.definition.kind === 'async' && pair.state === 'duplex')
      pairs.changeState(pair, 'suspending', reason, { drainTarget: core.lastNumber });
    this.ends.at(key).source.close();
    // What the other end holds in its page cache only, it may lose with its power.
    if (core.snapshots.feeds(pair)) core.snapshots.giveUp(key);
    else if (isFlowing(pair.state)) core.entriesToBits(key, Math.min(held, pairs.peerDurable(key)));
    // An async pair that did not drain ends in failure-suspend, whoever stopped it.
    const to = pair.state === 'suspending' || by === 'fault' ? 'failure-suspend' : 'suspend';
    // The base of a copy is no answer: held writes stay held.
    const agreedNumber = Math.min(held, pair.aloneRecorded ? Number.POSITIVE_INFINITY : heldAbove(pair));
    pairs.changeState(pair, to, reason, {
      agreedNumber,
      heldAbove: null,
      aloneRecorded: false,
      drainTarget: null,
      formationBase: null,
    });
    core.trim();
  }

  private suspendDestination(key: string, pair: PairRecord, by: SuspendedBy, reason: string): void {
    this.ends.at(key).destination.close();
    const { pairs, lastNumber } = this.core;
    if (pair.definition.kind === 'async' && pair.state === 'duplex')
      pairs.changeState(pair, 'suspending', reason, { drainTarget: lastNumber });
    const to = pair.state === 'suspending' || by === 'fault' ? 'failure-suspend' : 'suspend';
    // A higher session drops whatever of the old one is still on its way (rule 14).
    pairs.changeState(pair, to, reason, { agreedNumber: lastNumber, drainTarget: null, session: pair.session + 1 });
    this.core.trim();
  }

  /** Repeats until the other end has heard; once the line is lost, it learns from the exchange at the next contact. */
  private tell(key: string, pair: PairRecord, by: SuspendedBy, agreed: number, reason: string): void {
    const { link } = this.ends.at(key);
    const { epoch } = link;
    const { version } = pair;
    const { life, config } = this.core;
    const message = { key, by, agreed, reason: `the other end: ${reason}`.slice(0, 400), token: null };
    if (!link.up) return;
    life.when(
      link.call('pair.split', message, config.timing.callMs),
      () => undefined,
      (error) => {
        if (refusalOf(error).code !== 'timeout' || !link.up || link.epoch !== epoch || pair.version !== version) return;
        this.tell(key, pair, by, agreed, reason);
      },
    );
  }

  /**
   * Nothing will come any more that could settle the doubt: what leads on from here must not wait for it. A system that took
   * host writes when it began is told by those very pairs.
   */
  endDoubtfulSources(): void {
    const { record, pairs } = this.core;
    if (!record.doubt || record.holdsHostRole || (record.awaits ?? []).length > 0) return;
    const flowing = pairs.all().filter(([, pair]) => isFlowing(pair.state));
    if (flowing.some(([, pair]) => !pairs.isSource(pair))) return;
    for (const [key] of flowing) this.suspend(key, 'fault', 'updates may be missing at this end', 0, true);
  }

  /** Updates this end has and the source has not (it lost them, or they are of another history) become differences. */
  markExcess(key: string, common: number): void {
    const { lastNumber, snapshots } = this.core;
    if (common < lastNumber && !snapshots.excessToBits(key, common)) this.core.entriesToBits(key, common);
  }
}
