/**
 * The way back from doubt: a system that lost its power (or whose journal is damaged) may lack updates that another end
 * holds. A destination is given them again by its source; a source fetches them from its destination before it gives
 * another number (1b rules 5, 13). Until then nothing is served and nothing is sent on.
 */
import { commonNumber } from '../domain/generation.ts';
import { isCopying, isFlowing } from '../domain/pair-states.ts';
import { refuse } from '../domain/refusal.ts';
import type { StorageCore } from './core.ts';
import { decodeEntry, type Entry, encodeEntryHeader } from './entry.ts';
import type { PairEnds } from './pair-ends.ts';
import { type EndView, fetchReply, type PairParams } from './pair-messages.ts';
import type { Suspension } from './suspension.ts';
import type { PairRecord } from './system-record.ts';

/** Data of one reply at most. */
const REPLY_BYTES = 2 * 1024 * 1024;

export interface CatchUpEvents {
  /** Sessions may be opened and hosts served. */
  settled(): void;
}

export class CatchUp {
  private fetching = false;
  /** What other ends have told and was not looked at yet, by pair. */
  private readonly told = new Map<string, EndView>();

  constructor(
    private readonly core: StorageCore,
    private readonly ends: PairEnds,
    private readonly suspension: Suspension,
    private readonly events: CatchUpEvents,
  ) {}

  /** Destination: everything its source had when the session began is here again. */
  caughtUp(key: string): void {
    const { record, pairs } = this.core;
    const pair = pairs.get(key);
    if (!record.doubt || !pair || pairs.isSource(pair) || isCopying(pair.state) || !isFlowing(pair.state)) return;
    record.evidenceLost = false;
    this.settle();
  }

  /**
   * Source that took host writes when the doubt began: the other end has told what it holds. Fetches what is missing here;
   * goes on once everybody who may hold any of it has told.
   */
  met(key: string, theirs: EndView): void {
    const pair = this.core.pairs.get(key);
    if (!this.awaits(key) || !pair || !this.core.pairs.isSource(pair)) return;
    this.told.set(key, theirs);
    this.next();
  }

  /** A pair is gone: nobody is left to tell over it. */
  look(): void {
    const { record, pairs } = this.core;
    const awaited = record.awaits ?? [];
    const left = awaited.filter((key) => pairs.get(key));
    if (left.length === awaited.length) return;
    record.awaits = left;
    if (record.doubt && left.length === 0) this.goOn();
    else this.core.save();
  }

  private awaits(key: string): boolean {
    const { doubt, awaits, holdsHostRole } = this.core.record;
    // A record of before this was kept knows holders in doubt only.
    return doubt && (awaits?.includes(key) ?? holdsHostRole);
  }

  private next(): void {
    const { record, lastNumber } = this.core;
    const [first] = this.told;
    if (this.fetching || !first) return;
    const [key, theirs] = first;
    this.told.delete(key);
    const pair = this.core.pairs.get(key);
    if (!pair || !this.awaits(key)) return this.next();
    // Whatever the destination holds of this history came from here, so all of it is ours.
    const through = commonNumber(record.lineage, Number.MAX_SAFE_INTEGER, theirs.lineage, theirs.lastNumber);
    if (through > lastNumber) this.fetch(key, through);
    else this.ended(key, pair);
    this.next();
  }

  private fetch(key: string, through: number): void {
    const { core } = this;
    this.fetching = true;
    const params = { key, after: core.lastNumber, through };
    core.life.when(
      this.ends.at(key).link.call('pair.fetch', params, core.config.timing.callMs),
      (value) => {
        this.fetching = false;
        this.store(key, through, Buffer.from(fetchReply.parse(value).entries, 'base64'));
        this.next();
      },
      (error) => {
        this.fetching = false;
        // It is tried again at the next contact; an answer that it cannot be had leaves the doubt to a formation copy.
        core.observer.event('catch-up-failed', error instanceof Error ? error.message : String(error), { key });
        this.next();
      },
    );
  }

  private store(key: string, through: number, bytes: Buffer): void {
    const { core } = this;
    const before = core.lastNumber;
    for (let at = 0; at < bytes.length; ) {
      const decoded = decodeEntry(bytes, at, 0);
      if (!decoded.ok || decoded.entry.number !== core.lastNumber + 1) break;
      at += decoded.bytes;
      if (!this.hasRoom(decoded.entry.data.length)) return this.goOnWithRoom(key, through);
      core.take({ ...decoded.entry, data: new Uint8Array(decoded.entry.data) }, key);
    }
    const pair = core.pairs.get(key);
    if (!pair) return;
    if (core.lastNumber >= through) this.ended(key, pair);
    else if (core.lastNumber > before) this.fetch(key, through);
    else this.cannotBeHad(key, pair, before + 1);
  }

  private hasRoom(dataBytes: number): boolean {
    const { journal } = this.core;
    if (!journal.fits(dataBytes)) this.core.trim(true);
    return journal.fits(dataBytes);
  }

  /** What was fetched so far is made durable first; then its room is free again. */
  private goOnWithRoom(key: string, through: number): void {
    this.fetching = true;
    this.core.life.when(this.core.checkpoints.run(), () => {
      this.fetching = false;
      this.fetch(key, through);
    });
  }

  /**
   * Out of duplex a holder completed writes alone, and goes on with what a disk keeps that loses its power. One that was demoted
   * meanwhile need not: a copy will make it whole, and what leads on from it must not wait.
   */
  private cannotBeHad(key: string, pair: PairRecord, number: number): void {
    const { core } = this;
    core.observer.event('catch-up-failed', `update ${number} is not held there any more`, { key });
    if (!core.record.holdsHostRole) {
      core.record.awaits = [];
      core.save();
      this.suspension.endDoubtfulSources();
    } else if (pair.state !== 'duplex') this.ended(key, pair);
  }

  /** Nothing that the other end of this pair holds is missing any more. */
  private ended(key: string, pair: PairRecord): void {
    const { record } = this.core;
    // Whoever completed writes alone may have lost some of those; that is for ever unknown here.
    if (pair.definition.kind === 'sync' && pair.state === 'duplex') record.evidenceLost = false;
    record.awaits = (record.awaits ?? []).filter((awaited) => awaited !== key);
    if (record.awaits.length === 0) this.goOn();
    else this.core.save();
  }

  /**
   * What was written here and never reached any other end is in no journal now, so every track is compared with all of them:
   * the bits were all set when the doubt began.
   */
  private goOn(): void {
    const { pairs, lastNumber } = this.core;
    for (const [key, pair] of pairs.all()) {
      if (!pairs.isSource(pair) || !isFlowing(pair.state)) continue;
      pairs.bitmap(key).setAll();
      pair.bitsAreOwn = false;
      this.suspension.suspend(key, 'fault', 'this end has recovered what it had lost', lastNumber, true);
    }
    this.settle();
  }

  private settle(): void {
    const { core } = this;
    core.record.doubt = false;
    core.record.imageConsistent = core.record.mixed !== true;
    core.save();
    // What differs in duplex is in the journal again.
    for (const [key, pair] of core.pairs.all()) {
      if (core.snapshots.feeds(pair)) core.snapshots.endDoubt(key);
      else if (pair.state === 'duplex') core.pairs.bitmap(key).clear();
    }
    core.observer.event('caught-up', `holds everything again up to update ${core.lastNumber}`, {
      number: core.lastNumber,
    });
    this.events.settled();
  }

  /** Serves `pair.fetch`: as many entries as go into one answer. */
  serve({ key, after, through }: PairParams<'pair.fetch'>): { entries: string } {
    const pair = this.ends.mustFind(key);
    const { journal } = this.core;
    if (this.core.pairs.isSource(pair))
      throw refuse('wrong-state', 'This is the source of that pair.', 'Ask the destination.');
    const parts: Uint8Array[] = [];
    let bytes = 0;
    for (let number = after + 1; number <= Math.min(through, journal.lastNumber) && bytes < REPLY_BYTES; number += 1) {
      const entry: Entry | null = journal.read(number);
      if (!entry) break;
      parts.push(encodeEntryHeader(entry, 0), entry.data);
      bytes += entry.data.length;
    }
    return { entries: Buffer.concat(parts).toString('base64') };
  }
}
