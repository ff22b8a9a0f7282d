/**
 * The pairs of one system: definition and state of each on record, its difference bitmap, and how far the other end is
 * known to be. The only place where a pair changes state.
 */
import { pairKey, pairName } from '../domain/names.ts';
import { isLawful, type PairState } from '../domain/pair-states.ts';
import type { Disk } from '../domain/ports.ts';
import type { PairDefinition } from '../domain/storage-controller.ts';
import type { PairTransition } from './config.ts';
import { DifferenceBitmap } from './difference-bitmap.ts';
import { SlotRecord } from './slot-record.ts';
import type { PairRecord, SystemRecord } from './system-record.ts';

export interface PairStoreOptions {
  system: string;
  disk: Disk;
  record: SystemRecord;
  volumes: number;
  tracksPerVolume: number;
  now: () => number;
  save: () => void;
  /** Told after a change of state is durable. */
  changed: (change: PairTransition) => void;
  /** Told when a pair is deleted. */
  removed: (key: string) => void;
  /** Transitions the table does not have are carried out (a seeded defect). */
  lawless: boolean;
}

export class PairStore {
  private readonly bitmaps = new Map<string, DifferenceBitmap>();
  /** By pair key: what the other end has accepted and made durable, as far as it has told. */
  private readonly marks = new Map<string, SlotRecord>();

  constructor(private readonly options: PairStoreOptions) {
    for (const key of Object.keys(options.record.pairs)) this.open(key);
  }

  /** Null where there is none. */
  get(key: string): PairRecord | null {
    return this.options.record.pairs[key] ?? null;
  }

  all(): [string, PairRecord][] {
    return Object.entries(this.options.record.pairs);
  }

  isSource(pair: PairRecord): boolean {
    return pair.definition.source === this.options.system;
  }

  peerOf(definition: PairDefinition): string {
    return definition.source === this.options.system ? definition.destination : definition.source;
  }

  bitmap(key: string): DifferenceBitmap {
    const bitmap = this.bitmaps.get(key);
    if (!bitmap) throw new Error(`no difference bitmap for ${key}`);
    return bitmap;
  }

  /** Highest number the other end is known to hold, in its page cache at least. */
  peerAccepted(key: string): number {
    return this.marks.get(key)?.values?.[0] ?? 0;
  }

  /** Highest number the other end is known to have on its platter. */
  peerDurable(key: string): number {
    return this.marks.get(key)?.values?.[1] ?? 0;
  }

  /** What the other end has told of itself. Survives a kill. Throws `DiskError`. */
  notePeer(key: string, accepted: number, durable: number): void {
    if (accepted !== this.peerAccepted(key) || durable !== this.peerDurable(key))
      this.marks.get(key)?.write([accepted, durable]);
  }

  /** Adds a pair in `simplex`, all bits set: until it has left that state, nothing is known of the other end. Throws `DiskError`. */
  add(definition: PairDefinition, epoch: number): PairRecord {
    const { record, now, save } = this.options;
    const key = pairKey(definition.source, definition.destination);
    this.open(key);
    // Something may have been left of an older pair of that name.
    this.bitmap(key).setAll();
    this.notePeer(key, 0, 0);
    const pair: PairRecord = {
      definition,
      state: 'simplex',
      version: 1,
      changedAt: now(),
      reason: 'defined',
      session: 0,
      epoch,
      agreedNumber: 0,
      aloneRecorded: false,
      aloneSeen: true,
      drainTarget: null,
      heldAbove: null,
      formationBase: null,
    };
    record.pairs[key] = pair;
    delete record.tombstones[key];
    save();
    this.tell(pair, 'absent', 'simplex');
    return pair;
  }

  /** Drops the pair and leaves a tombstone of `epoch`, so that the other end hears of it. Throws `DiskError`. */
  remove(key: string, epoch: number): void {
    const { record, disk, save } = this.options;
    const pair = this.get(key);
    if (!pair) return;
    delete record.pairs[key];
    record.tombstones[key] = epoch;
    save();
    this.bitmaps.get(key)?.drop();
    this.bitmaps.delete(key);
    this.marks.get(key)?.close();
    this.marks.delete(key);
    disk.remove(`marks-${key}`);
    this.options.removed(key);
    pair.version += 1;
    this.tell(pair, pair.state, 'absent');
  }

  /**
   * The only way a pair changes state; `also` is persisted in the same step. Throws `DiskError`. Asking for a change that
   * is no row of the table is a defect of the caller.
   */
  changeState(pair: PairRecord, to: PairState, reason: string, also: Partial<PairRecord> = {}): void {
    const from = pair.state;
    const { kind, source, destination } = pair.definition;
    if (!isLawful(kind, from, to) && !this.options.lawless)
      throw new Error(`${pairName(source, destination)}: no row leads from ${from} to ${to}`);
    Object.assign(pair, also);
    pair.state = to;
    pair.reason = reason;
    pair.version += 1;
    pair.changedAt = this.options.now();
    this.options.save();
    if (from !== to) this.tell(pair, from, to);
  }

  async sync(): Promise<void> {
    for (const bitmap of [...this.bitmaps.values()]) await bitmap.sync();
  }

  close(): void {
    for (const part of [...this.bitmaps.values(), ...this.marks.values()]) part.close();
  }

  private open(key: string): void {
    const { disk, volumes, tracksPerVolume } = this.options;
    if (!this.bitmaps.has(key))
      this.bitmaps.set(key, new DifferenceBitmap(disk, `bitmap-${key}`, volumes, tracksPerVolume, 'all'));
    if (!this.marks.has(key)) this.marks.set(key, new SlotRecord(disk, `marks-${key}`, 2));
  }

  private tell(pair: PairRecord, from: PairState | 'absent', to: PairState | 'absent'): void {
    const { source, destination } = pair.definition;
    this.options.changed({
      pair: pairName(source, destination),
      from,
      to,
      reason: pair.reason,
      at: pair.changedAt,
      version: pair.version,
    });
  }
}
