/** What the other end of a pair may ask of this one, and how the ends agree again after they lost touch. */

import type { z } from 'zod';
import { commonNumber, type Generation } from '../domain/generation.ts';
import { pairKey, pairName } from '../domain/names.ts';
import { isCopying, isFlowing, isSuspended } from '../domain/pair-states.ts';
import { refuse } from '../domain/refusal.ts';
import type { StorageCore } from './core.ts';
import type { HostWrites } from './host-writes.ts';
import type { PairEnds } from './pair-ends.ts';
import {
  type EndView,
  type OpenReply,
  type PairMethod,
  type PairParams,
  pairMethods,
  resyncReply,
} from './pair-messages.ts';
import type { PairRecord } from './system-record.ts';

export class PairPeer {
  constructor(
    private readonly core: StorageCore,
    private readonly ends: PairEnds,
    private readonly writes: HostWrites,
    private readonly learn: (generation: Generation) => void,
    private readonly admit: (token: z.infer<(typeof pairMethods)['pair.create']>['token']) => void,
  ) {}

  /** Serves `method` of the system `from`. Throws `RefusedError`. */
  async serve(method: PairMethod, params: unknown, from: string): Promise<unknown> {
    const parsed = pairMethods[method].safeParse(params);
    if (!parsed.success)
      throw refuse(
        'bad-request',
        `${method} of ${from} is malformed: ${parsed.error.issues[0]?.path.join('.') ?? ''}.`,
        'Run the same version on both ends.',
      );
    const key = 'key' in parsed.data ? parsed.data.key : null;
    if (key !== null && key !== pairKey(from, this.core.config.system))
      throw refuse('unknown-pair', `${from} is no end of ${key}.`, 'Ask for a pair of your own.');
    // The schema belongs to the method, so the shapes agree; TypeScript cannot follow that through the table.
    const data = parsed.data as never;
    switch (method) {
      case 'pair.exchange':
        return this.exchange(data);
      case 'pair.create':
        return this.create(data, from);
      case 'pair.delete':
        return this.delete(data);
      case 'pair.reverse':
        return this.reverse(data);
      case 'pair.split':
        return this.split(data);
      case 'pair.drain':
        return this.drain(data);
      case 'pair.drained':
        return this.drained(data);
      case 'pair.resync':
        return this.resync(data);
      case 'pair.open':
        return this.open(data);
      case 'pair.consistent':
        return this.consistent(data);
      case 'pair.alone':
        return this.alone(data);
      case 'pair.flush':
        return this.core.checkpoint().then(() => ({ ok: true }));
      default:
        throw refuse(
          'bad-request',
          `A storage system knows no method ${String(method)}.`,
          'Run the same version on both ends.',
        );
    }
  }

  /** What this end tells of itself. */
  view(key: string): EndView {
    const { record } = this.core;
    const pair = this.core.pair(key);
    return {
      generation: record.generation,
      lineage: record.lineage,
      lastNumber: this.core.lastNumber,
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

  private exchange({ key, end }: PairParams<'pair.exchange'>): EndView {
    const mine = this.view(key);
    this.reconcile(key, end);
    return mine;
  }

  /** Brings this end into line with what the other one says of itself. Each end does so by itself, by the same rules. */
  reconcile(key: string, theirs: EndView): void {
    this.learn(theirs.generation);
    const pair = this.core.pair(key);
    if (!pair) return;
    if (!theirs.definition) return this.otherLacksIt(key, pair, theirs);
    if (theirs.definition.source !== pair.definition.source) return this.directionsDiffer(key, pair, theirs);
    const common = commonNumber(this.core.record.lineage, this.core.lastNumber, theirs.lineage, theirs.lastNumber);
    if (this.core.isSource(pair)) this.reconcileSource(key, pair, theirs, common);
    else this.reconcileDestination(key, pair, theirs, common);
  }

  private otherLacksIt(key: string, pair: PairRecord, theirs: EndView): void {
    if (theirs.tombstone !== null && theirs.tombstone >= pair.epoch) {
      if (isFlowing(pair.state)) this.ends.suspend(key, 'fault', 'the other end deleted the pair', null, false);
      this.core.removePair(key, theirs.tombstone);
    } else if (isFlowing(pair.state)) {
      this.ends.suspend(key, 'fault', 'the other end does not know this pair', 0, false);
    }
  }

  /** The end that was reversed last is right; the other follows, and marks what it has more. */
  private directionsDiffer(key: string, pair: PairRecord, theirs: EndView): void {
    const newer = theirs.epoch > pair.epoch || (theirs.epoch === pair.epoch && theirs.version > pair.version);
    const common = commonNumber(this.core.record.lineage, this.core.lastNumber, theirs.lineage, theirs.lastNumber);
    const agreed = Math.min(theirs.agreedNumber, common);
    if (isFlowing(pair.state)) this.ends.suspend(key, 'fault', 'the other end was reversed', agreed, false);
    if (newer && theirs.definition && isSuspended(pair.state))
      this.flip(key, pair, theirs.definition.source, theirs.epoch);
  }

  private reconcileSource(key: string, pair: PairRecord, theirs: EndView, common: number): void {
    const { state } = theirs;
    if (!isFlowing(pair.state) || state === null) return;
    if (
      pair.state === 'suspending' &&
      isSuspended(state) &&
      theirs.agreedNumber >= (pair.drainTarget ?? 0) &&
      common >= (pair.drainTarget ?? 0)
    ) {
      return this.ends.sourceDrained(key, theirs.agreedNumber);
    }
    if (isSuspended(state)) {
      const by = state === 'suspend' && pair.definition.kind === 'sync' ? 'instruction' : 'fault';
      return this.ends.suspend(key, by, `the other end is in ${state}`, Math.min(theirs.agreedNumber, common), false);
    }
    // The copy's end was confirmed there, but the word of it was lost.
    if (state === 'duplex' && isCopying(pair.state) && this.core.bitmap(key).count === 0) this.ends.sourceEqual(key);
    if (isCopying(state) && pair.state === 'duplex')
      return this.ends.suspend(key, 'fault', 'the other end is still copying', null, true);
    this.ends.at(key).source.open();
  }

  private reconcileDestination(key: string, pair: PairRecord, theirs: EndView, common: number): void {
    const { state } = theirs;
    if (state === null) return;
    if (isFlowing(pair.state) && isSuspended(state)) {
      const by = state === 'suspend' && pair.definition.kind === 'sync' ? 'instruction' : 'fault';
      this.ends.suspend(key, by, `the other end is in ${state}`, null, false);
      this.markExcess(key, common);
    } else if (isFlowing(pair.state) && pair.state !== 'suspending' && state === 'simplex') {
      this.ends.suspend(key, 'fault', 'the other end has not begun to copy', null, false);
    } else if (pair.state === 'duplex' && state === 'suspending' && theirs.drainTarget !== null) {
      this.ends.expectDrain(
        key,
        theirs.drainTarget,
        this.core.config.timing.copyTimeoutMs,
        'the other end is draining',
      );
    }
  }

  /** Updates this end has and the source has not (it lost them, or they are of another history) become differences. */
  private markExcess(key: string, common: number): void {
    if (common < this.core.lastNumber) this.core.entriesToBits(key, common);
  }

  /** Turns the pair round. Bits stay; what was sent in the old direction says nothing of the new one. */
  flip(key: string, pair: PairRecord, source: string, epoch: number): void {
    const { definition } = pair;
    if (definition.source === source) {
      if (epoch > pair.epoch) {
        pair.epoch = epoch;
        this.core.save();
      }
      return;
    }
    const turned = { ...definition, source, destination: definition.source };
    this.core.notePeer(key, this.core.lastNumber, this.core.lastNumber);
    this.core.changeState(pair, pair.state, `reversed to ${pairName(turned.source, turned.destination)}`, {
      definition: turned,
      epoch,
      aloneRecorded: false,
      aloneSeen: false,
      formationBase: null,
    });
  }

  private create({ definition, token, knownEqual }: PairParams<'pair.create'>, from: string): { ok: true } {
    if (definition.source !== from || definition.destination !== this.core.config.system)
      throw refuse(
        'bad-request',
        `${from} cannot create ${pairName(definition.source, definition.destination)} here.`,
        'Create it at its source.',
      );
    this.admit(token);
    const key = pairKey(definition.source, definition.destination);
    const known = this.core.pair(key);
    if (known && known.definition.source === definition.source && known.definition.kind === definition.kind) {
      if (known.state !== 'simplex') this.core.removePair(key, token.claimEpoch);
      else return { ok: true };
    } else if (known) {
      throw refuse(
        'already-exists',
        `${this.core.config.system} holds the pair as ${pairName(known.definition.source, known.definition.destination)} (${known.state}).`,
        'Reverse and resync it, or delete it first.',
      );
    }
    this.mayBeginAsDestination(key);
    this.core.addPair(definition, token.claimEpoch, knownEqual);
    return { ok: true };
  }

  private delete({ key, token }: PairParams<'pair.delete'>): { ok: true } {
    this.admit(token);
    const pair = this.core.pair(key);
    if (pair && isFlowing(pair.state)) this.ends.suspend(key, 'instruction', 'deleted at the other end', null, false);
    this.core.removePair(key, token.claimEpoch);
    return { ok: true };
  }

  private reverse({ key, source, token }: PairParams<'pair.reverse'>): { ok: true } {
    this.admit(token);
    const pair = this.mustFind(key);
    if (isFlowing(pair.state) || pair.state === 'simplex') {
      throw refuse(
        'wrong-state',
        `At ${this.core.config.system} the pair is in ${pair.state}.`,
        'Split the pair first (pair split).',
      );
    }
    this.flip(key, pair, source, token.claimEpoch);
    return { ok: true };
  }

  private split({ key, by, agreed, reason, token }: PairParams<'pair.split'>): { ok: true } {
    if (token) this.admit(token);
    const pair = this.core.pair(key);
    if (!pair) return { ok: true };
    const wasFlowing = isFlowing(pair.state);
    // A source that is told to split by its destination tells it in turn, once it has stopped.
    this.ends.suspend(key, by, reason, agreed, this.core.isSource(pair) && token !== null);
    if (wasFlowing && !this.core.isSource(pair)) this.markExcess(key, Math.min(agreed, this.core.lastNumber));
    return { ok: true };
  }

  private drain({ key, target, deadlineMs, token }: PairParams<'pair.drain'>): { target: number } {
    this.admit(token);
    const pair = this.mustFind(key);
    if (this.core.isSource(pair)) {
      if (pair.state !== 'duplex' && pair.state !== 'suspending')
        throw refuse(
          'wrong-state',
          `At ${this.core.config.system} the pair is in ${pair.state}.`,
          'Resync the pair to duplex first.',
        );
      return { target: this.ends.beginDrain(key, deadlineMs, 'drain') };
    }
    if (target !== null) this.ends.expectDrain(key, target, deadlineMs, 'drain');
    return { target: target ?? 0 };
  }

  private drained({ key, number }: PairParams<'pair.drained'>): { ok: true } {
    this.ends.sourceDrained(key, number);
    return { ok: true };
  }

  private resync({ key, source, token }: PairParams<'pair.resync'>): z.infer<typeof resyncReply> {
    this.admit(token);
    const pair = this.mustFind(key);
    if (pair.definition.source !== source) {
      if (token.claimEpoch <= pair.epoch || isFlowing(pair.state))
        throw refuse(
          'wrong-state',
          `${this.core.config.system} holds the pair as ${pairName(pair.definition.source, pair.definition.destination)}.`,
          'Reverse it first.',
        );
      this.flip(key, pair, source, token.claimEpoch);
    }
    this.mayBeginAsDestination(key);
    if (isFlowing(pair.state)) this.ends.suspend(key, 'fault', 'the source resyncs', null, false);
    if (pair.state === 'simplex')
      throw refuse('wrong-state', 'The pair is in simplex here.', 'Start the initial copy (pair create).');
    this.core.changeState(pair, 'duplex-pending', 'resync', { formationBase: null });
    return {
      bits: Buffer.from(this.core.bitmap(key).snapshot()).toString('base64'),
      lastNumber: this.core.lastNumber,
      lineage: this.core.record.lineage,
    };
  }

  parseResync(value: unknown): z.infer<typeof resyncReply> {
    return resyncReply.parse(value);
  }

  /** Nothing but this copy may change the image while it is rebuilt, and no copy may lead on from it (rules 8, 15). */
  private mayBeginAsDestination(key: string): void {
    const { record, config } = this.core;
    if (record.holdsHostRole)
      throw refuse(
        'wrong-role',
        `${config.system} takes host writes; nothing may be copied onto it.`,
        'Fail over or switch over first.',
      );
    if (this.core.mutant('both-copiers')) return;
    for (const [other, pair] of this.core.pairs()) {
      if (other === key || !isFlowing(pair.state)) continue;
      const name = pairName(pair.definition.source, pair.definition.destination);
      throw refuse(
        'other-copier',
        `${config.system} cannot be rebuilt while pair ${name} is in ${pair.state}.`,
        `Split ${name} first; resync it afterwards.`,
      );
    }
  }

  /** A source must be whole, and must not itself be fed asynchronously meanwhile (rule 8). */
  mayBeginAsSource(key: string): void {
    const { config } = this.core;
    if (!this.core.record.imageConsistent)
      throw refuse(
        'not-consistent',
        `${config.system}'s image is part old, part new; it cannot be copied from.`,
        'Finish the copy to it, or roll it back to its last consistent image.',
      );
    if (this.core.mutant('both-copiers')) return;
    for (const [other, pair] of this.core.pairs()) {
      if (other === key || this.core.isSource(pair) || !isFlowing(pair.state) || pair.definition.kind !== 'async')
        continue;
      const name = pairName(pair.definition.source, pair.definition.destination);
      throw refuse(
        'other-copier',
        `${config.system} is being written by pair ${name} (${pair.state}).`,
        `Split ${name} first; resync it afterwards.`,
      );
    }
  }

  private open(params: PairParams<'pair.open'>): OpenReply {
    const { key, session, formation } = params;
    const { record } = this.core;
    this.learn(params.generation);
    const pair = this.core.pair(key);
    const refusal = this.whyNotOpen(pair, params);
    if (refusal || !pair)
      return {
        opened: false,
        why: refusal?.why ?? 'state',
        generation: record.generation,
        end: this.view(key),
        text: refusal?.text ?? 'there is no such pair',
      };
    pair.session = Math.max(pair.session, session);
    if (pair.state === 'simplex' && formation) this.core.changeState(pair, 'initial-copying', 'initial copy');
    else this.core.save();
    if (formation) this.beginFormation(pair, params, formation.base, formation.tracks);
    this.ends.at(key).destination.begin(session, formation?.tracks ?? 0);
    return { opened: true, accepted: this.core.lastNumber, lineage: record.lineage };
  }

  private whyNotOpen(
    pair: PairRecord | null,
    params: PairParams<'pair.open'>,
  ): { why: 'stale-generation' | 'state' | 'busy'; text: string } | null {
    const { generation } = this.core.record;
    if (params.generation.number < generation.number)
      return { why: 'stale-generation', text: `generation ${generation.number} is the newest` };
    if (!pair || this.core.isSource(pair)) return { why: 'state', text: 'this is not the destination of that pair' };
    const formationStates = isCopying(pair.state) || pair.state === 'simplex';
    if (params.formation ? !formationStates : pair.state !== 'duplex' && pair.state !== 'suspending')
      return { why: 'state', text: `the pair is in ${pair.state} here` };
    if (params.session <= pair.session && params.session !== 0)
      return { why: 'busy', text: `session ${pair.session} is newer` };
    return null;
  }

  /** The old image is kept until the new one is whole; this end's history becomes the source's (rules 13, 16). */
  private beginFormation(pair: PairRecord, params: PairParams<'pair.open'>, base: number, tracks: number): void {
    if (pair.formationBase === base) return;
    const { record } = this.core;
    const same = tracks === 0 && record.imageConsistent;
    if (!same && record.imageConsistent && !this.core.mutant('inconsistent-not-marked')) this.core.openGold();
    pair.formationBase = base;
    if (!same && !this.core.mutant('inconsistent-not-marked')) record.imageConsistent = false;
    if (this.core.mutant('gold-dropped-early')) this.core.dropGold();
    this.core.adoptHistory(params.lineage, base);
  }

  private consistent({ key, session }: PairParams<'pair.consistent'>): { ok: true } {
    this.ends.confirmCopied(key, session);
    return { ok: true };
  }

  private alone({ key, generation }: PairParams<'pair.alone'>): { ok: true } {
    const { record, config } = this.core;
    if (generation < record.generation.number)
      throw refuse(
        'stale-generation',
        `${config.system} is at generation ${record.generation.number}.`,
        'The sender has been replaced; it must not complete writes.',
      );
    const pair = this.mustFind(key);
    if (isFlowing(pair.state)) this.ends.suspend(key, 'fault', 'the source goes on alone', null, false);
    pair.aloneSeen = true;
    this.core.save();
    return { ok: true };
  }

  /** Returns this end to its gold copy. Persisted as begun, so that a crash repeats it (rule 16). */
  rollback(pair: PairRecord): void {
    const { gold, record } = this.core;
    if (!gold) {
      if (record.imageConsistent) return;
      throw refuse(
        'not-consistent',
        `${this.core.config.system} keeps no earlier image for this pair.`,
        'Copy to it from a system whose image is consistent.',
      );
    }
    gold.restore((volume, track) =>
      this.core.mark(volume, track * this.core.volumes.trackBytes, this.core.volumes.trackLength(track), null),
    );
    this.core.adoptHistory(gold.base.lineage, gold.base.number);
    record.imageConsistent = true;
    pair.formationBase = null;
    this.core.save();
    this.core.dropGold();
    this.core.observer.event('rolled-back', `image returned to update ${gold.base.number}`, {
      number: gold.base.number,
    });
    this.writes.release();
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
