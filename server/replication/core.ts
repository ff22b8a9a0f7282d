/**
 * What every part of a storage system works on: volumes, journal, bitmaps, records on disk; and the few changes of them
 * whose order keeps them true (1b rules 10–13, 17).
 */
import { fedBy } from '../domain/arrangement.ts';
import type { LineageEntry } from '../domain/generation.ts';
import { pairKey } from '../domain/names.ts';
import { isFlowing, isSuspended, type PairKind } from '../domain/pair-states.ts';
import { DiskError, type Ports } from '../domain/ports.ts';
import { Checkpoints } from './checkpoints.ts';
import { Clones } from './clones.ts';
import type { StorageConfig, StorageObserver } from './config.ts';
import { type Entry, eachTrack } from './entry.ts';
import { GoldCopy } from './gold-copy.ts';
import type { Incarnation } from './incarnation.ts';
import { Journal, JournalFullError } from './journal.ts';
import { OwnTracks } from './own-tracks.ts';
import { PairStore } from './pair-store.ts';
import { Retention } from './retention.ts';
import { type Reflecting, Snapshots } from './snapshots.ts';
import { freshRecord, type PairRecord, type SystemRecord, SystemRecordStore } from './system-record.ts';
import { noTracks, putTrack } from './track-bits.ts';
import { TransitionLog } from './transition-log.ts';
import { Volumes } from './volumes.ts';
import { Watermarks } from './watermarks.ts';

/** Without input or output for so long, a disk is tried before its age is told, ms. */
const PROBE_AFTER_MS = 500;
/** Share of the journal that may be kept for systems that pull from elsewhere: the rest is for the host's writes. */
const KEPT_SHARE = 0.75;

export class StorageCore {
  readonly volumes: Volumes;
  readonly journal: Journal;
  readonly pairs: PairStore;
  readonly own: OwnTracks;
  readonly marks: Watermarks;
  readonly checkpoints: Checkpoints;
  readonly retention: Retention;
  readonly snapshots: Snapshots;
  readonly clones: Clones;
  /** Last consistent image, while a formation copy overwrites it. */
  gold: GoldCopy | null;
  readonly record: SystemRecord;
  /** The machine was restarted since this system last ran: pages that were not synced may be gone. */
  readonly powerLost: boolean;
  /** Set while the disk does not take what is written; shown. */
  diskFault: string | null = null;
  private readonly store: SystemRecordStore;
  private readonly transitions: TransitionLog;
  /** Told after each checkpoint: journal room may be free again. */
  onCheckpoint: (() => void) | null = null;

  /** Opens everything on the disk. Throws `DiskError`. */
  constructor(
    readonly ports: Ports,
    readonly config: StorageConfig,
    readonly observer: StorageObserver,
    readonly life: Incarnation,
  ) {
    const { disk, clock } = ports;
    const { definition, arrangement, system, timing } = config;
    this.store = new SystemRecordStore(disk, freshRecord(disk.bootId, arrangement.normal.holder, system));
    this.record = this.store.record;
    this.powerLost = this.record.bootId !== disk.bootId;
    const { history, historyBase } = this.record;
    this.volumes = new Volumes(disk, clock, definition.volumeCount, definition.volumeBytes, definition.trackBytes);
    this.marks = new Watermarks(disk, history, historyBase);
    this.journal = this.openJournal();
    this.retention = new Retention(disk, this.record, () => this.save());
    this.transitions = new TransitionLog(disk, system);
    this.gold = GoldCopy.recover(disk, 'gold', this.volumes);
    this.checkpoints = new Checkpoints(life, timing.checkpointMs, () => this.makeDurable());
    this.pairs = new PairStore({
      system,
      disk,
      record: this.record,
      volumes: this.volumes.count,
      tracksPerVolume: this.volumes.tracksPerVolume,
      now: () => clock.now(),
      save: () => this.save(),
      changed: (change) => {
        this.transitions.append(change);
        this.observer.transition(change);
      },
      removed: (key) => this.snapshots.removed(key),
      lawless: this.mutant('suspending-skipped'),
    });
    this.snapshots = new Snapshots(this);
    this.snapshots.recover();
    this.own = new OwnTracks({
      disk,
      record: this.record,
      pairs: this.pairs,
      volumes: this.volumes.count,
      tracksPerVolume: this.volumes.tracksPerVolume,
      save: () => this.save(),
    });
    this.clones = new Clones(this);
    if (!this.store.existed) this.save();
  }

  private openJournal(): Journal {
    const { config, marks, ports, powerLost, record } = this;
    const { journalBytes } = config.definition;
    const durableThrough = powerLost ? marks.checkpoint : null;
    const { history, historyBase } = record;
    return new Journal(ports.disk, journalBytes, config.journalSegments, history, historyBase, durableThrough);
  }

  get lastNumber(): number {
    return this.journal.lastNumber;
  }

  /** Everything up to here is durable in journal and volumes. */
  get checkpointNumber(): number {
    const { reflecting } = this.record;
    // A set that is reflected counts once it is durable in the data volumes.
    const limit = reflecting?.applied ? reflecting.from : Number.POSITIVE_INFINITY;
    return Math.min(this.marks.checkpoint, this.lastNumber, limit);
  }

  /** Persists the record, durably. Throws `DiskError`. */
  save(): void {
    this.store.save();
  }

  mutant(name: string): boolean {
    return this.config.mutants.has(name);
  }

  /**
   * Sets the bits of a change in every pair that keeps a difference now, whatever the change came from (rule 12). A pair
   * whose stream carries the change (`origin`, or any that flows from here) has it in the journal instead.
   */
  mark(volume: number, offsetBytes: number, lengthBytes: number, origin: string | null): void {
    for (const [key, pair] of this.pairs.all()) {
      if (!this.keepsDifference(key, pair, origin)) continue;
      if (this.mutant('forget-bit') && (this.lastNumber + 1) % 4 === 0) continue;
      const bitmap = this.pairs.bitmap(key);
      eachTrack(offsetBytes, lengthBytes, this.volumes.trackBytes, (track) => {
        bitmap.mark(volume, track);
        this.snapshots.marked(key, volume, track);
      });
    }
  }

  private keepsDifference(key: string, pair: PairRecord, origin: string | null): boolean {
    if (isSuspended(pair.state) || pair.state === 'simplex') return true;
    if (this.pairs.isSource(pair)) return pair.state === 'suspending' || this.snapshots.feeds(pair);
    return origin !== key;
  }

  /**
   * Bit → gold → journal → data (rules 10, 16). Throws `JournalFullError` or `DiskError` where the update was not taken:
   * its number is still free. Once it is in the journal it is taken, and a failing disk halts this incarnation: the next
   * one carries it out.
   */
  take(entry: Entry, origin: string | null): void {
    if (!this.mutant('bits-after-data')) this.mark(entry.volume, entry.offsetBytes, entry.lengthBytes, origin);
    this.protect(entry);
    this.append(entry);
    try {
      this.volumes.apply(entry);
      if (this.mutant('bits-after-data'))
        this.life.after(1, () => this.mark(entry.volume, entry.offsetBytes, entry.lengthBytes, origin));
    } catch (error) {
      if (error instanceof DiskError) this.life.halt(error);
      throw error;
    }
    this.touch();
  }

  /** Gold before the first overwrite by anyone (rule 16). Throws `DiskError`. */
  protect(entry: Entry): void {
    const { gold } = this;
    if (entry.kind !== 'void') this.snapshots.protect(entry.volume, entry.offsetBytes, entry.lengthBytes, entry.number);
    if (gold === null || entry.kind === 'void' || this.mutant('gold-misses-overwrites')) return;
    eachTrack(entry.offsetBytes, entry.lengthBytes, this.volumes.trackBytes, (track) => gold.save(entry.volume, track));
  }

  private append(entry: Entry): void {
    if (!this.journal.fits(entry.data.length)) this.trim();
    if (!this.journal.fits(entry.data.length)) throw new JournalFullError(this.journal.sizeBytes, entry.data.length);
    this.journal.append(entry);
    // Half of what is not kept for others is full: what can be let go should be, before anybody has to wait.
    const { usedBytes, sizeBytes, freeShare } = this.journal;
    const keeps = this.retention.all().length > 0;
    const isFilled = keeps ? freeShare <= (1 - KEPT_SHARE) / 2 : usedBytes > sizeBytes / 2;
    if (isFilled && this.checkpointNumber < entry.number - 1) this.checkpoints.hurry();
  }

  /**
   * A copied track: it replaces whatever is there, under no number. One that is here already changes nothing, so that no other
   * pair has to copy it on. Throws `DiskError`.
   */
  overwriteTrack(volume: number, track: number, data: Uint8Array, origin: string): void {
    if (this.volumes.holds(volume, track * this.volumes.trackBytes, data)) return this.touch();
    this.mark(volume, track * this.volumes.trackBytes, data.length, origin);
    this.gold?.save(volume, track);
    this.snapshots.protect(volume, track * this.volumes.trackBytes, data.length, null);
    this.volumes.write(volume, track * this.volumes.trackBytes, data);
    this.own.copied(origin, volume, track);
    this.touch();
  }

  /**
   * Frees entries that are durable here and at every end the journal still feeds or may have to feed (rule 17).
   * `urgent`: room is needed more than the insurance for a source that loses its power, or for the destinations of one that did.
   */
  trim(urgent = false): void {
    let limit = this.checkpointNumber;
    const counted = this.mutant('trim-by-one-consumer') ? this.pairs.all().slice(0, 1) : this.pairs.all();
    for (const [key, pair] of counted) {
      const isSource = this.pairs.isSource(pair);
      if (!isFlowing(pair.state)) continue;
      // A source in doubt will have every track compared, so that its entries are needed by nobody in the end.
      if (urgent && (!isSource || this.record.doubt)) continue;
      // Its differences are in the bits.
      if (this.snapshots.feeds(pair)) continue;
      const trusted = isSource && this.mutant('trim-on-applied');
      limit = Math.min(limit, trusted ? this.pairs.peerAccepted(key) : this.pairs.peerDurable(key));
    }
    if (this.mutant('trim-early')) limit = this.checkpointNumber;
    this.trimKept(limit);
  }

  /**
   * Frees entries up to `limit`, save those that are kept for the other destinations of this one's source. They get a share of the
   * journal: beyond it the oldest are let go, so that an absent consumer never stalls host writes (rule 17). For one that lacks
   * more than is held here the rest stays nevertheless: it trails, and soon has come as far as that.
   */
  private trimKept(limit: number): void {
    const { journal } = this;
    const kept = this.retention.all();
    if (kept.length === 0 || this.mutant('forgets-consumers')) return journal.trim(limit);
    journal.trim(Math.min(limit, ...kept.map(({ number }) => number)));
    while (journal.freeShare < 1 - KEPT_SHARE) {
      const oldest = journal.oldestSegment;
      if (oldest === null || oldest.last > limit) return;
      const { first, last } = oldest;
      journal.trim(last);
      // Said once, when it is the next update they lack that goes.
      const lose = kept.filter(({ number }) => number >= first - 1 && number < last);
      if (lose.length === 0) continue;
      this.observer.event('kept-trimmed', `updates up to ${last} are no longer kept for ${names(lose)}`, { last });
    }
  }

  /**
   * How far those have come, durably, to which this system leads in pairs of `kind`; -1 for one that holds nothing yet, or is fed
   * no more. One that is copied to by difference is left out: what was told of it before the copy still stands.
   */
  progressOf(kind: PairKind): { system: string; number: number }[] {
    const { arrangement, system } = this.config;
    return fedBy(arrangement, system, kind).flatMap((destination) => {
      const key = pairKey(system, destination);
      const pair = this.pairs.get(key);
      if (pair?.state === 'duplex-pending') return [];
      // The copy's last set is on its way: it is from its number that the destination will go on.
      const last = pair && this.snapshots.feeds(pair) ? this.snapshots.of(key).oldest : null;
      if (pair?.state === 'initial-copying' && last) return [{ system: destination, number: last.head.number }];
      const isFed = pair && this.pairs.isSource(pair) && pair.state !== 'simplex' && pair.state !== 'initial-copying';
      return [{ system: destination, number: isFed ? this.pairs.peerDurable(key) : -1 }];
    });
  }

  /** Something was written: it is made durable within the checkpoint interval. */
  touch(): void {
    this.observer.changed();
    this.checkpoints.touch();
  }

  private async makeDurable(): Promise<void> {
    const target = this.lastNumber;
    const { history } = this.record;
    const reflected = this.record.reflecting?.applied ? this.record.reflecting : null;
    if (!this.journal.eraseRefused()) this.checkpoints.touch();
    await this.journal.sync();
    await this.volumes.sync();
    await this.pairs.sync();
    await this.own.sync();
    this.life.enter(() => {
      if (this.record.history === history) this.marks.noteCheckpoint(Math.min(target, this.lastNumber));
    });
    this.life.enter(() => this.settleReflected(reflected));
    // Only behind a mark that is durable itself may room be used again: recovery takes what lies before it for let go.
    if (this.life.alive) await this.marks.sync();
    this.life.enter(() => {
      this.diskFault = null;
      this.trim();
      this.onCheckpoint?.();
    });
  }

  /** A reflected set is durable in the data volumes now. */
  private settleReflected(reflected: Reflecting | null): void {
    if (reflected === null || this.record.reflecting !== reflected) return;
    this.record.reflecting = null;
    this.save();
  }

  /** The disk refused what could be refused in turn: whoever asked is told, nothing else has changed. */
  diskFailed(error: DiskError): void {
    if (this.diskFault === null) this.observer.event('disk-fault', error.message, { code: error.code });
    this.diskFault = error.message;
    this.touch();
  }

  /** Writes the watermarks once more where the disk was idle, so that an idle system is told from one whose disk is dead (rule 6). */
  probe(): void {
    const { clock } = this.ports;
    if (!this.life.alive || clock.monotonic() - this.volumes.lastIoAtMs < PROBE_AFTER_MS) return;
    try {
      this.marks.rewrite();
      this.volumes.lastIoAtMs = clock.monotonic();
    } catch (error) {
      // The age that goes on growing is what tells it.
      if (!(error instanceof DiskError)) throw error;
    }
  }

  /** Entries after `agreed` may be missing at the other end: their tracks go into the bits (rule 12). */
  entriesToBits(key: string, agreed: number): void {
    const bitmap = this.pairs.bitmap(key);
    bitmap.joinPlanes();
    if (!this.eachTrackAfter(agreed, (volume, track) => bitmap.mark(volume, track))) bitmap.setAll();
  }

  /** The tracks that updates after `number` changed, as a bitmap has them; null where the journal does not tell any more. */
  tracksAfter(number: number): Uint8Array | null {
    const { tracksPerVolume } = this.volumes;
    const tracks = noTracks(this.volumes);
    const isKnown = this.eachTrackAfter(number, (volume, track) =>
      putTrack(tracks, volume * tracksPerVolume + track, true),
    );
    return isKnown ? tracks : null;
  }

  /** False where an entry after `after` is not held, or cannot be read. */
  private eachTrackAfter(after: number, visit: (volume: number, track: number) => void): boolean {
    if (after < this.journal.trimmedTo) return false;
    for (let number = after + 1; number <= this.lastNumber; number += 1) {
      const entry = this.journal.read(number);
      if (!entry) return false;
      eachTrack(entry.offsetBytes, entry.lengthBytes, this.volumes.trackBytes, (track) => visit(entry.volume, track));
    }
    return true;
  }

  /**
   * This image takes over another history, whose journal begins behind `number`; what else was changed in the record is
   * persisted in the same step. Earlier answers were given in the old one.
   */
  adoptHistory(lineage: readonly LineageEntry[], number: number): void {
    const { record } = this;
    record.lineage = [...lineage];
    delete record.unansweredAbove;
    record.history += 1;
    record.historyBase = number;
    this.save();
    this.journal.reset(number, record.history);
    this.marks.begin(record.history, number);
  }

  /** Begins to keep the present image. One that is kept already stays: a retried copy protects the first (rule 16). */
  openGold(): void {
    this.gold ??= GoldCopy.open(this.ports.disk, 'gold', this.volumes, {
      number: this.lastNumber,
      lineage: this.record.lineage,
    });
  }

  dropGold(): void {
    this.gold?.drop();
    this.gold = null;
  }

  close(): void {
    this.volumes.close();
    this.journal.close();
    this.marks.close();
    this.transitions.close();
    this.pairs.close();
    this.retention.close();
    this.own.close();
    this.gold?.close();
    this.snapshots.close();
    this.clones.close();
  }
}

function names(kept: readonly { consumer: string }[]): string {
  return kept.map(({ consumer }) => consumer).join(' and ');
}
