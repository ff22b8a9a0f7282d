/**
 * Both ends of every pair of this system, and how a pair leaves duplex: by instruction or by itself, at either end, with
 * bits before state before completions (1b rules 12, 14, 19).
 */
import { pairKey, type SystemName } from '../domain/names.ts';
import { isCopying, isFlowing, isSuspended } from '../domain/pair-states.ts';
import type { Timer } from '../domain/ports.ts';
import { refuse } from '../domain/refusal.ts';
import type { Link } from '../network/link.ts';
import type { StorageConnections } from './config.ts';
import type { StorageCore } from './core.ts';
import { DestinationEnd } from './destination-end.ts';
import type { Entry } from './entry.ts';
import type { OpenReply } from './pair-messages.ts';
import { SourceEnd } from './source-end.ts';
import type { PairRecord } from './system-record.ts';

export interface PairEndsEvents {
  accepted(): void;
  stored(entry: Entry): void;
  /** A sync pair of which this is the source left duplex, or a copy of it stopped. */
  syncSuspended(key: string, pair: PairRecord): void;
  /** A sync pair of which this is the source entered duplex. */
  syncJoined(key: string, pair: PairRecord): void;
  sessionRefused(key: string, reply: Extract<OpenReply, { opened: false }>): void;
}

interface Ends {
  peer: SystemName;
  link: Link;
  source: SourceEnd;
  destination: DestinationEnd;
  drainTimer: Timer | null;
}

export class PairEnds {
  readonly byKey = new Map<string, Ends>();

  constructor(
    private readonly core: StorageCore,
    connections: StorageConnections,
    private readonly events: PairEndsEvents,
  ) {
    for (const [peer, link] of connections.links) {
      const key = pairKey(core.config.system, peer);
      const source = new SourceEnd(core, key, link, {
        accepted: () => events.accepted(),
        fault: (at, reason) => this.suspend(at, 'fault', reason, null, true),
        refused: (at, reply) => events.sessionRefused(at, reply),
        copied: (at) => this.sourceEqual(at),
      });
      const destination = new DestinationEnd(core, key, link, {
        stored: (entry) => events.stored(entry),
        fault: (at, reason) => this.suspend(at, 'fault', reason, null, true),
        copyEnded: (at, session, number) => this.destinationWhole(at, session, number),
        drained: (at) => this.destinationDrained(at),
      });
      this.byKey.set(key, { peer, link, source, destination, drainTimer: null });
    }
  }

  /** Throws `RefusedError` where there is no line to the other system. */
  at(key: string): Ends {
    const ends = this.byKey.get(key);
    if (!ends)
      throw refuse(
        'unknown-pair',
        `${this.core.config.system} has no line for pair ${key}.`,
        'Name a pair whose systems are joined by a line.',
      );
    return ends;
  }

  /** An entry was stored here: every pair that leads on carries it. */
  stored(entry: Entry): void {
    for (const ends of this.byKey.values()) ends.source.stored(entry);
  }

  frame(key: string, bytes: Uint8Array): void {
    const pair = this.core.pair(key);
    const ends = this.byKey.get(key);
    if (!pair || !ends) return;
    if (this.core.isSource(pair)) ends.source.frame(bytes);
    else ends.destination.frame(bytes);
  }

  lineDown(key: string): void {
    const ends = this.at(key);
    ends.source.close();
    ends.destination.close();
  }

  checkpointed(): void {
    for (const ends of this.byKey.values()) ends.destination.checkpointed();
  }

  stop(): void {
    for (const ends of this.byKey.values()) {
      ends.source.stop();
      ends.destination.stop();
      ends.drainTimer?.cancel();
    }
  }

  /**
   * Suspends this end. `agreed`: number up to which the other end has said it holds everything; null where it has not
   * said. `tell`: let the other end know. A pair that does not flow is left as it is, save that an instruction turns
   * failure-suspend into suspend.
   */
  suspend(key: string, by: 'instruction' | 'fault', reason: string, agreed: number | null, tell: boolean): void {
    const pair = this.core.pair(key);
    if (!pair) return;
    if (isSuspended(pair.state)) {
      if (by === 'instruction' && pair.state === 'failure-suspend') this.core.changeState(pair, 'suspend', reason);
      return;
    }
    const ends = this.at(key);
    ends.drainTimer?.cancel();
    ends.drainTimer = null;
    if (this.core.isSource(pair)) this.suspendSource(key, pair, by, reason, agreed);
    else this.suspendDestination(key, pair, by, reason);
    if (!tell || !ends.link.up) return;
    const said = this.core.isSource(pair) ? pair.agreedNumber : this.core.lastNumber;
    ends.link
      .call(
        'pair.split',
        { key, by, agreed: said, reason: `the other end: ${reason}`.slice(0, 400), token: null },
        this.core.config.timing.callMs,
      )
      .catch(() => {
        // It learns from the exchange at the next contact.
      });
  }

  private suspendSource(
    key: string,
    pair: PairRecord,
    by: 'instruction' | 'fault',
    reason: string,
    agreed: number | null,
  ): void {
    const ends = this.at(key);
    const sync = pair.definition.kind === 'sync';
    const wasFlowing = isFlowing(pair.state);
    const held = Math.min(Math.max(this.core.peerAccepted(key), agreed ?? 0), this.core.lastNumber);
    if (!sync && pair.state === 'duplex')
      this.core.changeState(pair, 'suspending', reason, { drainTarget: this.core.lastNumber });
    ends.source.close();
    if (wasFlowing) this.core.entriesToBits(key, held);
    // An async pair that did not drain ends in failure-suspend, whoever stopped it.
    const to = pair.state === 'suspending' || by === 'fault' ? 'failure-suspend' : 'suspend';
    this.core.changeState(pair, to, reason, {
      agreedNumber: held,
      aloneRecorded: false,
      drainTarget: null,
      formationBase: null,
    });
    this.core.trim();
    if (sync) this.events.syncSuspended(key, pair);
  }

  private suspendDestination(key: string, pair: PairRecord, by: 'instruction' | 'fault', reason: string): void {
    this.at(key).destination.close();
    const last = this.core.lastNumber;
    if (pair.definition.kind === 'async' && pair.state === 'duplex')
      this.core.changeState(pair, 'suspending', reason, { drainTarget: last });
    const to = pair.state === 'suspending' || by === 'fault' ? 'failure-suspend' : 'suspend';
    // A higher session drops whatever of the old one is still on its way (rule 14).
    this.core.changeState(pair, to, reason, { agreedNumber: last, drainTarget: null, session: pair.session + 1 });
  }

  /** Source: freezes what has to be drained. Returns the number the destination must reach. */
  beginDrain(key: string, deadlineMs: number, reason: string): number {
    const pair = this.mustFind(key);
    if (pair.state === 'duplex')
      this.core.changeState(pair, 'suspending', reason, { drainTarget: this.core.lastNumber });
    this.armDrain(key, deadlineMs);
    return pair.drainTarget ?? pair.agreedNumber;
  }

  /** Destination: `target` is to be reached. */
  expectDrain(key: string, target: number, deadlineMs: number, reason: string): void {
    const pair = this.mustFind(key);
    if (pair.state === 'duplex') this.core.changeState(pair, 'suspending', reason, { drainTarget: target });
    else if (pair.state === 'suspending' && pair.drainTarget !== target) {
      pair.drainTarget = target;
      this.core.save();
    }
    if (pair.state !== 'suspending') return;
    this.armDrain(key, deadlineMs);
    if (this.core.lastNumber >= target) this.destinationDrained(key);
  }

  /** A drain is bounded by the clock (rule 19). */
  armDrain(key: string, deadlineMs: number): void {
    const ends = this.at(key);
    if (ends.drainTimer !== null) return;
    ends.drainTimer = this.core.ports.clock.after(deadlineMs, () => {
      ends.drainTimer = null;
      if (this.core.pair(key)?.state === 'suspending')
        this.suspend(key, 'fault', 'the drain did not finish in time', null, true);
    });
  }

  private destinationDrained(key: string): void {
    this.core.checkpoint().then(
      () => {
        const pair = this.core.pair(key);
        if (pair?.state !== 'suspending' || this.core.isSource(pair)) return;
        const ends = this.at(key);
        ends.drainTimer?.cancel();
        ends.drainTimer = null;
        ends.destination.close();
        const number = this.core.lastNumber;
        this.core.changeState(pair, 'suspend', 'drained', {
          agreedNumber: number,
          drainTarget: null,
          session: pair.session + 1,
        });
        ends.link.call('pair.drained', { key, number }, this.core.config.timing.callMs).catch(() => {
          // It learns from the exchange at the next contact.
        });
      },
      (error: unknown) => this.core.diskFailed(error),
    );
  }

  /** Source: the destination holds everything up to the frozen number. */
  sourceDrained(key: string, number: number): void {
    const pair = this.core.pair(key);
    if (pair?.state !== 'suspending' || !this.core.isSource(pair)) return;
    if (number < (pair.drainTarget ?? 0))
      return this.suspend(key, 'fault', `the destination stopped at ${number}`, number, false);
    const ends = this.at(key);
    ends.drainTimer?.cancel();
    ends.drainTimer = null;
    ends.source.close();
    this.core.changeState(pair, 'suspend', 'drained', { agreedNumber: number, drainTarget: null });
    this.core.trim();
  }

  /** Destination: the formation copy's end is reached and durable. */
  private destinationWhole(key: string, session: number, number: number): void {
    const pair = this.core.pair(key);
    const ends = this.at(key);
    if (!pair || !isCopying(pair.state)) return;
    this.core.record.imageConsistent = true;
    this.core.changeState(pair, 'duplex', 'copied', { formationBase: null, aloneSeen: false });
    this.core.bitmap(key).clear();
    this.core.dropGold();
    ends.destination.copy = null;
    this.core.observer.changed();
    ends.link.call('pair.consistent', { key, session, number }, this.core.config.timing.callMs).catch(() => {
      // The source repeats the copy's end in its next session.
    });
  }

  /** Source: the destination says that its image is whole. */
  confirmCopied(key: string, session: number): void {
    const pair = this.core.pair(key);
    if (!pair || !isCopying(pair.state) || !this.at(key).source.confirmed(session)) return;
    this.sourceEqual(key);
  }

  sourceEqual(key: string): void {
    const pair = this.core.pair(key);
    if (!pair || !isCopying(pair.state)) return;
    this.at(key).source.copy = null;
    this.core.changeState(pair, 'duplex', 'copied', { formationBase: null, aloneRecorded: false });
    if (pair.definition.kind === 'sync') this.events.syncJoined(key, pair);
    this.events.accepted();
  }

  private mustFind(key: string): PairRecord {
    const pair = this.core.pair(key);
    if (!pair)
      throw refuse(
        'unknown-pair',
        `${this.core.config.system} knows no pair ${key}.`,
        'Create it first (pair create).',
      );
    return pair;
  }
}
