/**
 * Formation copies: who may copy onto what, how a copy begins and ends at either end, and the way back to the image that
 * was there before (1b rules 8, 13, 15, 16).
 */
import { pairName } from '../domain/names.ts';
import { isCopying, isFlowing, type PairKind } from '../domain/pair-states.ts';
import { refuse } from '../domain/refusal.ts';
import type { StorageCore } from './core.ts';
import type { PairEnds } from './pair-ends.ts';
import type { PairParams } from './pair-messages.ts';
import { sendsSnapshots } from './snapshots.ts';
import type { PairRecord } from './system-record.ts';

export interface FormationEvents {
  /** Number above which host writes are stored and not yet complete; null where none are. */
  heldAbove(): number | null;
  /** A sync pair of which this is the source entered duplex. */
  syncJoined(key: string, pair: PairRecord): void;
  /** The image or its history is another one: what waits for it may look again. */
  imageChanged(): void;
}

export class Formation {
  constructor(
    private readonly core: StorageCore,
    private readonly ends: PairEnds,
    private readonly events: FormationEvents,
  ) {}

  /** Nothing but this copy may change the image while it is rebuilt, and no copy may lead on from it (rules 8, 15). */
  mayBeginAsDestination(key: string): void {
    const { record, config, pairs } = this.core;
    if (record.holdsHostRole && !this.core.mutant('table-before-fence'))
      throw refuse(
        'wrong-role',
        `${config.system} takes host writes; nothing may be copied onto it.`,
        'Fail over or switch over first.',
      );
    if (this.core.mutant('both-copiers')) return;
    for (const [other, pair] of pairs.all()) {
      if (other === key || !isFlowing(pair.state)) continue;
      const name = pairName(pair.definition.source, pair.definition.destination);
      throw refuse(
        'other-copier',
        `${config.system} cannot be rebuilt while pair ${name} is in ${pair.state}.`,
        `Split ${name} first; resync it afterwards.`,
      );
    }
  }

  /**
   * A source must be whole, and nothing may be about to rebuild it (rules 8, 15); and a sync pair may not lead on from a system that is fed asynchronously meanwhile (rule 8): its
   * answers would bind nobody. An async pair may, as in a chain of four.
   */
  mayBeginAsSource(key: string, kind: PairKind): void {
    const { config, record, pairs } = this.core;
    if (!record.imageConsistent)
      throw refuse(
        'not-consistent',
        `${config.system}'s image is part old, part new; it cannot be copied from.`,
        'Finish the copy to it, or roll it back to its last consistent image.',
      );
    if (this.core.mutant('both-copiers')) return;
    for (const [other, pair] of pairs.all()) {
      if (other === key || pairs.isSource(pair) || !isFlowing(pair.state)) continue;
      // Its image is about to be another one, even if the copy's first session has not come yet.
      if (!isCopying(pair.state) && (kind === 'async' || pair.definition.kind === 'sync')) continue;
      const name = pairName(pair.definition.source, pair.definition.destination);
      throw refuse(
        'other-copier',
        `${config.system} is being written by pair ${name} (${pair.state}).`,
        `Split ${name} first; resync it afterwards.`,
      );
    }
  }

  /**
   * Source: copying begins, by an instruction given under `generation`. Everything up to the number given last is covered by
   * bits; what comes after flows.
   */
  beginAtSource(
    key: string,
    pair: PairRecord,
    to: 'initial-copying' | 'duplex-pending',
    reason: string,
    generation: number,
  ): void {
    const { core } = this;
    const base = core.lastNumber;
    if (core.mutant('resync-all-tracks')) core.pairs.bitmap(key).setAll();
    core.pairs.notePeer(key, base, base);
    // Below the base nothing is told apart any more: what hosts wait for must not count as answered because of it (rule 3).
    const heldAbove = pair.aloneRecorded ? null : this.events.heldAbove();
    core.pairs.changeState(pair, to, reason, {
      formationBase: base,
      formedUnder: generation,
      heldAbove,
      bitsAreOwn: false,
    });
    core.retention.forget(pair.definition.destination);
    this.ends.at(key).source.open();
  }

  /** Source: the destination holds everything up to `number`, so nothing is copied; what comes after flows. */
  beginEqual(key: string, pair: PairRecord, number: number, durable: number, generation: number): void {
    const { pairs } = this.core;
    pairs.notePeer(key, number, Math.min(durable, number));
    pairs.changeState(pair, 'duplex', 'known equal', { formedUnder: generation, bitsAreOwn: true });
    // What the other end lacks is sent in a set, so it is in the bits; until they are narrowed, all tracks are.
    const lacking = sendsSnapshots(pair) ? this.core.tracksAfter(number) : null;
    if (lacking) pairs.bitmap(key).narrowTo(lacking);
    else if (!sendsSnapshots(pair)) pairs.bitmap(key).clear();
    // From here on the pair itself keeps for it what it lacks.
    this.core.retention.forget(pair.definition.destination);
    this.ends.at(key).source.open();
    if (pair.definition.kind === 'sync') this.events.syncJoined(key, pair);
  }

  /**
   * Destination: a session of a copy is opened. The old image is kept until the new one is whole, and this end's history
   * becomes the source's. A further session of the same copy goes on where the last one ended.
   */
  beginAtDestination(key: string, pair: PairRecord, params: PairParams<'pair.open'>): void {
    const { core } = this;
    const { formation, lineage } = params;
    if (!formation || pair.formationBase === formation.base) return;
    const { record } = core;
    // Nothing is to be copied, so the image is the source's already.
    const isSame = formation.tracks === 0 && record.imageConsistent && !pair.leavesOwn;
    const isMarked = !core.mutant('inconsistent-not-marked');
    if (!isSame && isMarked) {
      if (record.imageConsistent) core.openGold();
      record.imageConsistent = false;
    }
    if (core.mutant('gold-dropped-early')) core.dropGold();
    record.mixed = false;
    pair.bitsAreOwn = false;
    pair.formationBase = formation.base;
    // What was kept for the source, or to find out what differs from it, is in the bits of the copy.
    core.retention.forget(pair.definition.source);
    core.adoptHistory(lineage, formation.base);
    core.pairs.notePeer(key, formation.base, formation.base);
    this.events.imageChanged();
  }

  /** Destination: the copy's end is reached and durable. What it lost before counts no more: all of it is new. */
  whole(key: string, number: number): void {
    const { core } = this;
    const pair = core.pairs.get(key);
    if (!pair || !isCopying(pair.state)) return;
    const { record } = core;
    const leftTracks = core.own.of(key)?.count ?? 0;
    record.mixed = leftTracks > 0;
    record.imageConsistent = leftTracks === 0 || core.mutant('mixed-image-served');
    record.evidenceLost = false;
    record.doubt = false;
    record.awaits = [];
    // First, so that a kill in between leaves no pair in duplex whose bits say that everything differs.
    core.pairs.bitmap(key).clear();
    core.pairs.changeState(pair, 'duplex', 'copied', { formationBase: null, aloneSeen: false });
    // What was left makes this an image the group never had: the last one it had is kept until this one is accepted.
    if (leftTracks === 0) core.dropGold();
    else
      core.observer.event('own-updates-left', `${leftTracks} tracks are left as this system wrote them`, {
        leftTracks,
      });
    const { destination } = this.ends.at(key);
    destination.copy = null;
    // Where the line is lost, the source learns from the exchange at the next contact.
    destination.tell({ type: 'whole', number });
    this.events.imageChanged();
  }

  /** Source: the destination's image is whole, and it says so. */
  equal(key: string): void {
    const { pairs } = this.core;
    const pair = pairs.get(key);
    if (!pair || !pairs.isSource(pair) || !isCopying(pair.state)) return;
    pairs.changeState(pair, 'duplex', 'copied', {
      formationBase: null,
      aloneRecorded: false,
      heldAbove: null,
      bitsAreOwn: true,
    });
    this.ends.at(key).source.copied();
    if (pair.definition.kind === 'sync') this.events.syncJoined(key, pair);
  }

  /**
   * Returns this end to the image it had before the copy; the tracks put back are differences again. A crash in between
   * leaves an inconsistent image and its gold copy, and the instruction is given again. Throws `RefusedError`, `DiskError`.
   */
  rollBack(pair: PairRecord): void {
    const { core } = this;
    const { gold, record, volumes } = core;
    if (!gold) {
      if (record.imageConsistent && !core.pairs.isSource(pair)) return;
      throw refuse(
        'not-consistent',
        `${core.config.system} keeps no earlier image for this pair.`,
        'Copy to it from a system whose image is consistent.',
      );
    }
    const restored = gold.restore((volume, track) => {
      if (!core.mutant('rollback-unmarked'))
        core.mark(volume, track * volumes.trackBytes, volumes.trackLength(track), null);
    });
    if (!restored)
      throw refuse(
        'not-consistent',
        `The image kept at ${core.config.system} is damaged: ${gold.damaged}.`,
        'Copy to it from a system whose image is consistent.',
      );
    record.imageConsistent = true;
    record.mixed = false;
    record.doubt = false;
    record.awaits = [];
    for (const [, each] of core.pairs.all()) each.bitsAreOwn = false;
    pair.formationBase = null;
    core.adoptHistory(gold.base.lineage, gold.base.number);
    core.dropGold();
    core.observer.event('rolled-back', `image returned to update ${gold.base.number}`, { number: gold.base.number });
    this.events.imageChanged();
  }
}
