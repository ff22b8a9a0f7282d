/**
 * What every part of a storage system works on: volumes, journal, bitmaps, records on disk; and the few changes of them
 * whose order keeps them true (1b rules 10–13, 17).
 */
import type { LineageEntry } from '../domain/generation.ts';
import { pairKey, pairName } from '../domain/names.ts';
import { isLawful, isSuspended, type PairState } from '../domain/pair-states.ts';
import type { Ports, Timer } from '../domain/ports.ts';
import type { PairDefinition } from '../domain/storage-controller.ts';
import type { StorageConfig, StorageObserver } from './config.ts';
import { DifferenceBitmap } from './difference-bitmap.ts';
import { type Entry, eachTrack } from './entry.ts';
import { GoldCopy } from './gold-copy.ts';
import { Journal, JournalFullError } from './journal.ts';
import { SlotRecord } from './slot-record.ts';
import { freshRecord, type PairRecord, type SystemRecord, SystemRecordStore } from './system-record.ts';
import { TransitionLog } from './transition-log.ts';
import { Volumes } from './volumes.ts';

/** Fields of the system's watermarks. */
const ANSWERED = 0;
const CHECKPOINT = 1;
const REACHED = 2;
/** Without input or output for so long, a disk is tried before its age is told, ms. */
const PROBE_AFTER_MS = 500;

export class StorageCore {
  readonly volumes: Volumes;
  readonly journal: Journal;
  readonly bitmaps = new Map<string, DifferenceBitmap>();
  /** Last consistent image, while a formation copy overwrites it. */
  gold: GoldCopy | null;
  readonly record: SystemRecord;
  readonly firstStart: boolean;
  /** By pair key, at the source end: what the destination has accepted and made durable. Lower bounds after a restart. */
  readonly peerMarks = new Map<string, SlotRecord>();
  /** Set while the disk does not take writes; shown, and host writes are refused. */
  diskFault: string | null = null;
  private readonly store: SystemRecordStore;
  private readonly marks: SlotRecord;
  private readonly transitions: TransitionLog;
  private checkpointTimer: Timer | null = null;
  private checkpointing: Promise<void> | null = null;
  private stopped = false;
  /** Called after each checkpoint: journal room may be free again. */
  onCheckpoint: (() => void) | null = null;

  constructor(
    readonly ports: Ports,
    readonly config: StorageConfig,
    readonly observer: StorageObserver,
  ) {
    const { disk, clock } = ports;
    const { definition, arrangement, system } = config;
    this.store = new SystemRecordStore(disk, freshRecord(disk.bootId, arrangement.normal.holder, system));
    this.record = this.store.record;
    this.firstStart = !this.store.existed;
    this.volumes = new Volumes(disk, clock, definition.volumeCount, definition.volumeBytes, definition.trackBytes);
    this.journal = new Journal(disk, definition.journalBytes, config.journalSegments);
    this.marks = new SlotRecord(disk, 'watermarks', 3);
    this.transitions = new TransitionLog(disk, config.system);
    this.gold = GoldCopy.recover(disk, 'gold', this.volumes);
    for (const key of Object.keys(this.record.pairs)) this.openPair(key, 'all');
    if (this.firstStart) this.save();
  }

  get lastNumber(): number {
    return this.journal.lastNumber;
  }

  /** Highest number ever answered to a source; on disk before the answer leaves (rule 5). */
  get answeredNumber(): number {
    return this.marks.values?.[ANSWERED] ?? 0;
  }

  get checkpointNumber(): number {
    return Math.min(this.marks.values?.[CHECKPOINT] ?? 0, this.lastNumber);
  }

  /** This journal once reached so far: less after a restart means that updates were lost. */
  get reachedFloor(): number {
    return this.marks.values?.[REACHED] ?? 0;
  }

  noteAnswered(number: number): void {
    if (number > this.answeredNumber) this.writeMarks(number, this.marks.values?.[CHECKPOINT] ?? 0, this.reachedFloor);
  }

  /** After the history was replaced (formation copy, rollback): earlier answers were given in another one. */
  restartMarks(number: number): void {
    this.writeMarks(number, number, Math.min(this.reachedFloor, number));
  }

  /** Writes the watermarks once more where the disk was idle, so that an idle system is told from one whose disk is dead (rule 6). */
  probe(): void {
    const { clock } = this.ports;
    if (clock.monotonic() - this.volumes.lastIoAtMs < PROBE_AFTER_MS) return;
    try {
      this.writeMarks(this.answeredNumber, this.marks.values?.[CHECKPOINT] ?? 0, this.reachedFloor);
      this.volumes.lastIoAtMs = clock.monotonic();
    } catch {
      // The age that goes on growing is what tells it.
    }
  }

  save(): void {
    this.store.save();
  }

  mutant(name: string): boolean {
    return this.config.mutants.has(name);
  }

  pair(key: string): PairRecord | null {
    return this.record.pairs[key] ?? null;
  }

  pairs(): [string, PairRecord][] {
    return Object.entries(this.record.pairs);
  }

  isSource(pair: PairRecord): boolean {
    return pair.definition.source === this.config.system;
  }

  peerOf(definition: PairDefinition): string {
    return definition.source === this.config.system ? definition.destination : definition.source;
  }

  bitmap(key: string): DifferenceBitmap {
    const bitmap = this.bitmaps.get(key);
    if (!bitmap) throw new Error(`no difference bitmap for ${key}`);
    return bitmap;
  }

  /** Adds a pair in `simplex`; its bitmap is all bits unless the contents are known equal. */
  addPair(definition: PairDefinition, epoch: number, knownEqual: boolean): PairRecord {
    const key = pairKey(definition.source, definition.destination);
    this.openPair(key, knownEqual ? 'none' : 'all');
    const pair: PairRecord = {
      definition,
      state: 'simplex',
      version: 1,
      changedAt: this.ports.clock.now(),
      reason: 'defined',
      session: 0,
      epoch,
      agreedNumber: 0,
      aloneRecorded: false,
      aloneSeen: false,
      drainTarget: null,
      formationBase: null,
    };
    this.record.pairs[key] = pair;
    delete this.record.tombstones[key];
    this.save();
    this.tellTransition(pair, 'absent', 'simplex');
    return pair;
  }

  removePair(key: string, epoch: number): void {
    const pair = this.pair(key);
    if (!pair) return;
    delete this.record.pairs[key];
    this.record.tombstones[key] = epoch;
    this.save();
    this.bitmaps.get(key)?.drop();
    this.bitmaps.delete(key);
    this.peerMarks.get(key)?.close();
    this.peerMarks.delete(key);
    this.ports.disk.remove(`marks-${key}`);
    pair.version += 1;
    this.tellTransition(pair, pair.state, 'absent');
  }

  /** The only way a pair changes state. `also` is persisted in the same step. */
  changeState(pair: PairRecord, to: PairState, reason: string, also: Partial<PairRecord> = {}): void {
    const from = pair.state;
    if (!isLawful(pair.definition.kind, from, to))
      throw new Error(
        `${pairName(pair.definition.source, pair.definition.destination)}: no row leads from ${from} to ${to}`,
      );
    Object.assign(pair, also);
    pair.state = to;
    pair.reason = reason;
    pair.version += 1;
    pair.changedAt = this.ports.clock.now();
    this.save();
    if (from !== to) this.tellTransition(pair, from, to);
  }

  /**
   * Sets the bits of a change in every pair that keeps a difference now, whatever the change came from (rule 12). A pair
   * whose stream carries the change (`origin`, or any that flows from here) has it in the journal instead.
   */
  mark(volume: number, offsetBytes: number, lengthBytes: number, origin: string | null): void {
    for (const [key, pair] of this.pairs()) {
      if (!this.keepsDifference(key, pair, origin)) continue;
      if (this.mutant('forget-bit') && (this.lastNumber + 1) % 4 === 0) continue;
      const bitmap = this.bitmap(key);
      eachTrack(offsetBytes, lengthBytes, this.volumes.trackBytes, (track) => bitmap.mark(volume, track));
    }
  }

  private keepsDifference(key: string, pair: PairRecord, origin: string | null): boolean {
    if (isSuspended(pair.state) || pair.state === 'simplex') return true;
    if (this.isSource(pair)) return pair.state === 'suspending';
    return origin !== key;
  }

  /**
   * Bit → journal → data (rule 10). Throws `JournalFullError` before anything but bits was changed, `DiskError` after the
   * number was made void.
   */
  take(entry: Entry, origin: string | null): void {
    this.mark(entry.volume, entry.offsetBytes, entry.lengthBytes, origin);
    this.append(entry);
    this.protect(entry);
    try {
      this.volumes.apply(entry);
    } catch (error) {
      this.journal.voidEntry(entry.number);
      throw error;
    }
    this.touch();
  }

  /** Gold before the first overwrite by anyone (rule 16). */
  protect(entry: Entry): void {
    const { gold } = this;
    if (gold === null || entry.kind === 'void' || this.mutant('gold-misses-overwrites')) return;
    eachTrack(entry.offsetBytes, entry.lengthBytes, this.volumes.trackBytes, (track) => gold.save(entry.volume, track));
  }

  private append(entry: Entry): void {
    if (!this.journal.fits(entry.data.length)) this.trim();
    if (!this.journal.fits(entry.data.length)) throw new JournalFullError(this.journal.sizeBytes);
    this.journal.append(entry);
  }

  /** Frees entries that are durable here and at every destination the journal still feeds (rule 17). */
  trim(): void {
    let limit = this.checkpointNumber;
    for (const [key, pair] of this.pairs()) {
      if (!this.isSource(pair) || isSuspended(pair.state) || pair.state === 'simplex') continue;
      const [accepted = 0, durable = 0] = this.peerMarks.get(key)?.values ?? [];
      limit = Math.min(limit, this.mutant('trim-on-applied') ? accepted : durable);
    }
    if (this.mutant('trim-early')) limit = this.checkpointNumber;
    this.journal.trim(limit);
  }

  /** Something was written: it is made durable within the checkpoint interval. */
  touch(): void {
    this.observer.changed();
    if (this.checkpointTimer !== null || this.stopped) return;
    this.checkpointTimer = this.ports.clock.after(this.config.timing.checkpointMs, () => {
      this.checkpointTimer = null;
      this.checkpoint().catch((error: unknown) => this.diskFailed(error));
    });
  }

  /** Makes everything stored before the call durable, here. Rejects with `DiskError`. */
  async checkpoint(): Promise<void> {
    while (this.checkpointing) await this.checkpointing;
    const run = this.makeDurable();
    this.checkpointing = run.finally(() => {
      this.checkpointing = null;
    });
    // The caller hears of a failure through `run`; whoever only waits for its end need not.
    this.checkpointing.catch(() => undefined);
    await run;
  }

  private async makeDurable(): Promise<void> {
    const target = this.lastNumber;
    await this.journal.sync();
    await this.volumes.sync();
    for (const bitmap of [...this.bitmaps.values()]) await bitmap.sync();
    if (this.stopped) return;
    const checkpoint = Math.min(target, this.lastNumber);
    const given = Math.max(this.reachedFloor, checkpoint);
    if (checkpoint !== this.marks.values?.[CHECKPOINT]) this.writeMarks(this.answeredNumber, checkpoint, given);
    this.diskFault = null;
    this.trim();
    this.onCheckpoint?.();
  }

  diskFailed(error: unknown): void {
    const text = error instanceof Error ? error.message : String(error);
    if (this.diskFault === null) this.observer.event('disk-fault', text, {});
    this.diskFault = text;
    this.touch();
  }

  /** What the destination has told: lower bounds that survive a restart. */
  notePeer(key: string, accepted: number, durable: number): void {
    const marks = this.peerMarks.get(key);
    const [knownAccepted = 0, knownDurable = 0] = marks?.values ?? [];
    if (marks && (accepted !== knownAccepted || durable !== knownDurable)) marks.write([accepted, durable]);
  }

  peerAccepted(key: string): number {
    return this.peerMarks.get(key)?.values?.[0] ?? 0;
  }

  /** Entries after `agreed` may be missing at the other end: their tracks go into the bits (rule 12). */
  entriesToBits(key: string, agreed: number): void {
    const bitmap = this.bitmap(key);
    bitmap.joinPlanes();
    if (agreed < this.journal.trimmedTo) return bitmap.setAll();
    for (let number = agreed + 1; number <= this.lastNumber; number += 1) {
      const entry = this.journal.read(number);
      if (!entry) return bitmap.setAll();
      eachTrack(entry.offsetBytes, entry.lengthBytes, this.volumes.trackBytes, (track) =>
        bitmap.mark(entry.volume, track),
      );
    }
  }

  /** This image takes over another history: the journal goes on behind `number` of `lineage`. Repeated after a crash. */
  adoptHistory(lineage: readonly LineageEntry[], number: number): void {
    this.record.lineage = [...lineage];
    this.record.resetPending = number;
    this.save();
    this.finishReset();
  }

  finishReset(): void {
    const { resetPending } = this.record;
    if (resetPending === null) return;
    this.journal.reset(resetPending);
    this.restartMarks(resetPending);
    this.record.resetPending = null;
    this.save();
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

  stop(): void {
    this.stopped = true;
    this.checkpointTimer?.cancel();
    this.volumes.close();
    this.journal.close();
    this.marks.close();
    this.transitions.close();
    for (const part of [...this.bitmaps.values(), ...this.peerMarks.values()]) part.close();
    this.gold?.close();
  }

  private openPair(key: string, whenLost: 'all' | 'none'): void {
    const { disk } = this.ports;
    this.bitmaps.set(
      key,
      new DifferenceBitmap(disk, `bitmap-${key}`, this.volumes.count, this.volumes.tracksPerVolume, whenLost),
    );
    this.peerMarks.set(key, new SlotRecord(disk, `marks-${key}`, 2));
  }

  private writeMarks(answered: number, checkpoint: number, completed: number): void {
    this.marks.write([answered, checkpoint, completed]);
  }

  private tellTransition(pair: PairRecord, from: PairState | 'absent', to: PairState | 'absent'): void {
    const change = {
      pair: pairName(pair.definition.source, pair.definition.destination),
      from,
      to,
      reason: pair.reason,
      at: pair.changedAt,
      version: pair.version,
    };
    this.transitions.append(change);
    this.observer.transition(change);
  }
}
