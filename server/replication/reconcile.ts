/** How the two ends of a pair agree again after they lost touch: each mends its own side, by the same rules. */
import { commonNumber, type Generation } from '../domain/generation.ts';
import { pairKey, pairName } from '../domain/names.ts';
import { isCopying, isFlowing, isSuspended } from '../domain/pair-states.ts';
import { refuse } from '../domain/refusal.ts';
import type { PairDefinition } from '../domain/storage-controller.ts';
import { answeredThrough } from './answered.ts';
import type { StorageCore } from './core.ts';
import type { Drains } from './drains.ts';
import type { Formation } from './formation.ts';
import type { PairEnds } from './pair-ends.ts';
import type { EndView } from './pair-messages.ts';
import type { SuspendedBy, Suspension } from './suspension.ts';
import type { PairRecord } from './system-record.ts';

/** How a pair is to stand: in which direction, and of which kind. */
export type Wanted = Pick<PairDefinition, 'source' | 'kind'>;

export function stands({ definition }: PairRecord, { source, kind }: Wanted): boolean {
  return definition.source === source && definition.kind === kind;
}

export class Reconciler {
  constructor(
    private readonly core: StorageCore,
    private readonly ends: PairEnds,
    private readonly suspension: Suspension,
    private readonly drains: Drains,
    private readonly formation: Formation,
    private readonly learn: (generation: Generation) => void,
  ) {}

  /** What this end tells of itself. */
  view(key: string): EndView {
    const { record, lastNumber } = this.core;
    const pair = this.core.pairs.get(key);
    return {
      generation: record.generation,
      lineage: record.lineage,
      lastNumber,
      definition: pair?.definition ?? null,
      state: pair?.state ?? null,
      version: pair?.version ?? 0,
      epoch: pair?.epoch ?? 0,
      session: pair?.session ?? 0,
      consistent: record.imageConsistent,
      agreedNumber: pair?.agreedNumber ?? 0,
      drainTarget: pair?.drainTarget ?? null,
      tombstone: record.tombstones[key] ?? null,
    };
  }

  /** Brings this end into line with what the other one says of itself. Throws `DiskError`. */
  reconcile(key: string, theirs: EndView): void {
    this.learn(theirs.generation);
    const pair = this.core.pairs.get(key);
    if (!pair) return;
    if (!theirs.definition) return this.otherLacksIt(key, pair, theirs);
    if (!stands(pair, theirs.definition)) return this.directionsDiffer(key, pair, theirs);
    if (this.core.pairs.isSource(pair)) this.reconcileSource(key, pair, theirs);
    else this.reconcileDestination(key, pair, theirs);
  }

  /** Number up to which both histories are the same one. */
  private commonWith(theirs: EndView): number {
    const { record, lastNumber } = this.core;
    return commonNumber(record.lineage, lastNumber, theirs.lineage, theirs.lastNumber);
  }

  private otherLacksIt(key: string, pair: PairRecord, theirs: EndView): void {
    if (theirs.tombstone !== null && theirs.tombstone >= pair.epoch) {
      if (isFlowing(pair.state)) this.suspension.suspend(key, 'instruction', 'deleted at the other end', null, false);
      this.core.pairs.remove(key, theirs.tombstone);
    } else if (isFlowing(pair.state)) {
      this.suspension.suspend(key, 'fault', 'the other end does not know this pair', 0, false);
    }
  }

  /** The end that was turned last, in direction or kind, is right; the other follows, and marks what it has more. */
  private directionsDiffer(key: string, pair: PairRecord, theirs: EndView): void {
    const isNewer = theirs.epoch > pair.epoch || (theirs.epoch === pair.epoch && theirs.version > pair.version);
    const agreed = Math.min(theirs.agreedNumber, this.commonWith(theirs));
    if (isFlowing(pair.state)) this.suspension.suspend(key, 'fault', 'the other end was reversed', agreed, false);
    const mayFlip = !this.core.record.holdsHostRole || theirs.definition?.source === this.core.config.system;
    if (isNewer && mayFlip && theirs.definition && isSuspended(pair.state))
      this.flip(pair, theirs.definition, theirs.epoch);
  }

  private reconcileSource(key: string, pair: PairRecord, theirs: EndView): void {
    const { state } = theirs;
    if (!isFlowing(pair.state) || state === null) return;
    const common = this.commonWith(theirs);
    const target = pair.drainTarget ?? 0;
    const isDrained = pair.state === 'suspending' && isSuspended(state) && theirs.agreedNumber >= target;
    if (isDrained && common >= target) return this.drains.drained(key, theirs.agreedNumber);
    if (isSuspended(state))
      return this.suspension.suspend(
        key,
        this.blameFor(pair, state),
        `the other end is in ${state}`,
        Math.min(theirs.agreedNumber, common),
        false,
      );
    // The copy's end was confirmed there, but the word of it was lost.
    if (state === 'duplex' && isCopying(pair.state) && this.hasCopied(key, pair, theirs)) this.formation.equal(key);
    else if (state === 'duplex' && isCopying(pair.state))
      return this.suspension.suspend(key, 'fault', 'the other end does not expect a copy', null, true);
    if (isCopying(state) && pair.state === 'duplex')
      return this.suspension.suspend(key, 'fault', 'the other end is still copying', null, true);
    this.ends.at(key).source.open();
  }

  private hasCopied(key: string, pair: PairRecord, theirs: EndView): boolean {
    const { pairs, snapshots } = this.core;
    if (!snapshots.feeds(pair)) return pairs.bitmap(key).count === 0;
    const last = snapshots.of(key).oldest;
    if (last === null || last.head.number !== theirs.lastNumber) return false;
    snapshots.confirmed(key, theirs.lastNumber);
    pairs.notePeer(key, theirs.lastNumber, theirs.lastNumber);
    return true;
  }

  private reconcileDestination(key: string, pair: PairRecord, theirs: EndView): void {
    const { state } = theirs;
    // It had not heard of the copy's beginning when that ended: it follows, or no resync would find it ready.
    const isUnbegun = pair.state === 'simplex' && state !== null && isSuspended(state);
    if (state === null || !(isFlowing(pair.state) || isUnbegun)) return;
    if (isSuspended(state)) {
      // A copy that never began has brought nothing: the bits still say all there is to say.
      const isUntouched = isCopying(pair.state) && pair.formationBase === null;
      this.suspension.suspend(key, this.blameFor(pair, state), `the other end is in ${state}`, null, false);
      if (!isUntouched) this.suspension.markExcess(key, this.commonWith(theirs));
    } else if (pair.state !== 'suspending' && state === 'simplex') {
      this.suspension.suspend(key, 'fault', 'the other end has not begun to copy', null, false);
    } else if (pair.state === 'duplex' && state === 'suspending' && theirs.drainTarget !== null) {
      this.drains.expect(key, theirs.drainTarget, this.core.config.timing.copyTimeoutMs, 'the other end is draining');
    }
  }

  /** A sync pair that was split by instruction is split at both ends; an async one that did not drain has failed. */
  private blameFor(pair: PairRecord, state: string): SuspendedBy {
    return state === 'suspend' && pair.definition.kind === 'sync' ? 'instruction' : 'fault';
  }

  /**
   * Turns a suspended pair round, or makes it of the other kind. Bits stay; what was sent in the old direction says nothing of the new one. Refuses to
   * make a system that takes host writes a destination: nobody would be told that it goes on without the other end.
   */
  flip(pair: PairRecord, { source, kind }: Wanted, epoch: number): void {
    const { definition } = pair;
    const { core } = this;
    if (stands(pair, { source, kind })) {
      if (epoch > pair.epoch) {
        pair.epoch = epoch;
        core.save();
      }
      return;
    }
    if (definition.source !== source) this.mayFlip(pair);
    const destination = definition.source === source ? definition.destination : definition.source;
    const chosen = core.config.definition.transport[pairKey(source, destination)] ?? 'journal';
    const transport = kind === 'async' ? chosen : 'journal';
    const turned = { ...definition, source, destination, kind, transport };
    if (definition.source !== source && core.pairs.isSource(pair)) this.keepUnanswered();
    core.pairs.changeState(pair, pair.state, `turned to ${pairName(source, destination)}, ${kind}`, {
      definition: turned,
      epoch,
      aloneRecorded: false,
      aloneSeen: true,
      heldAbove: null,
      formationBase: null,
    });
  }

  /** What its synchronous destination never answered no other system may get from here, once the pair no longer tells. */
  private keepUnanswered(): void {
    const through = answeredThrough(this.core);
    if (through < this.core.lastNumber) this.core.record.unansweredAbove = through;
  }

  /** Throws `RefusedError` where this end must stay the source. */
  mayFlip(pair: PairRecord): void {
    const { record, config, pairs } = this.core;
    if (record.holdsHostRole && pairs.isSource(pair))
      throw refuse(
        'wrong-role',
        `${config.system} takes host writes; it cannot become a destination.`,
        'Fail over or switch over first.',
      );
  }
}
