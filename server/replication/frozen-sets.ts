/**
 * Source end of a pair that sends difference snapshots (003 §[0164], [0165]; 1b rule 21): the sets frozen and not confirmed yet,
 * oldest first. The pair's bitmap has a bit for every track the destination may lack, those of the sets among them, until
 * the destination has confirmed; so a set that is lost costs bytes and never an update.
 */
import type { Lineage } from '../domain/generation.ts';
import type { Disk } from '../domain/ports.ts';
import type { DifferenceBitmap } from './difference-bitmap.ts';
import { DifferenceVolume, type SetHead } from './difference-volume.ts';
import { hasTrack, indexesOf, joinTracks, noTracks, putTrack } from './track-bits.ts';
import type { Volumes } from './volumes.ts';

interface FrozenHead extends SetHead {
  /** Which tracks, a bit each, base64. */
  bits: string;
  /** Wall clock of the first change in it, ms; null where it is not known. */
  changedAt: number | null;
}

/** One on its way, and the last one of a drain. */
const MAX_SETS = 2;

export class FrozenSet {
  private readonly bits: Uint8Array;

  constructor(readonly kept: DifferenceVolume<FrozenHead>) {
    this.bits = new Uint8Array(Buffer.from(kept.head.bits, 'base64'));
  }

  get head(): SetHead {
    return this.kept.head;
  }

  get changedAt(): number | null {
    return this.kept.head.changedAt;
  }

  has(index: number): boolean {
    return hasTrack(this.bits, index);
  }

  /** Its tracks in ascending order. */
  indexes(): number[] {
    return indexesOf(this.bits);
  }

  get tracks(): Uint8Array {
    return this.bits;
  }
}

export interface FrozenSetsOptions {
  disk: Disk;
  /** Key of the pair. */
  key: string;
  volumes: Volumes;
  /** Tracks that the difference volume has room for. */
  limitTracks: number;
  bitmap: () => DifferenceBitmap;
  now: () => number;
  /** Writes overwrite what is frozen (a seeded defect). */
  careless: boolean;
}

export class FrozenSets {
  private sets: FrozenSet[] = [];
  /** Tracks changed since the newest set was frozen; counts only while there is one. */
  private fresh: Uint8Array;
  private made = 0;
  /** Wall clock of the first change that no set holds yet, ms; null where there is none, or it is not known. */
  changedAt: number | null = null;

  /** Finds the sets that a kill has left. Throws `DiskError`. */
  constructor(private readonly options: FrozenSetsOptions) {
    const { disk, volumes, limitTracks } = options;
    this.fresh = noTracks(this.options.volumes);
    for (let slot = 0; slot < MAX_SETS; slot += 1) {
      const kept = DifferenceVolume.recover<FrozenHead>(disk, this.file(slot), volumes.trackBytes, limitTracks);
      if (kept) this.sets.push(new FrozenSet(kept));
    }
    this.sets.sort((a, b) => a.head.id - b.head.id);
    if (this.sets.length > 0) this.fresh = this.changedSince();
  }

  get oldest(): FrozenSet | null {
    return this.sets[0] ?? null;
  }

  get newest(): FrozenSet | null {
    return this.sets.at(-1) ?? null;
  }

  /** A bit of the pair was set. */
  marked(index: number): void {
    this.changedAt ??= this.options.now();
    if (this.sets.length > 0) putTrack(this.fresh, index, true);
  }

  /** A track is about to be overwritten: what the sets have of it is copied first. False where there is no room for that. Throws `DiskError`. */
  protect(index: number): boolean {
    if (this.options.careless) return true;
    const due = this.sets.filter((set) => set.has(index) && !set.kept.has(index));
    if (due.length === 0) return true;
    const data = this.trackAt(index);
    return due.every((set) => set.kept.save(index, data));
  }

  /**
   * Freezes all that changed since the newest set, or since the destination's number, as it stands at `number`. `session`
   * keeps the ids of different lives of this system apart. Throws `DiskError`.
   */
  freeze(number: number, lineage: Lineage, session: number): FrozenSet {
    const { disk, volumes, limitTracks } = this.options;
    if (this.sets.length >= MAX_SETS) this.meltNewest();
    const bits = this.sets.length === 0 ? this.options.bitmap().snapshot() : this.fresh;
    this.made += 1;
    const head: FrozenHead = {
      id: Math.max(session * 1_000_000 + this.made, (this.newest?.head.id ?? 0) + 1),
      number,
      lineage: lineage.filter(({ first }) => first <= number),
      tracks: indexesOf(bits).length,
      at: this.options.now(),
      bits: Buffer.from(bits).toString('base64'),
      changedAt: this.changedAt,
    };
    const kept = DifferenceVolume.create(disk, this.file(this.freeSlot()), volumes.trackBytes, limitTracks, head);
    const set = new FrozenSet(kept);
    this.sets.push(set);
    this.fresh = noTracks(this.options.volumes);
    this.changedAt = null;
    return set;
  }

  /** A track of `set` as it stood when that was frozen; null where its copy is damaged. Throws `DiskError`. */
  content(set: FrozenSet, index: number): Uint8Array | null {
    return set.kept.has(index) ? set.kept.read(index) : this.trackAt(index);
  }

  /** The destination holds everything up to `number` durably: what it has of the sets differs no more. Throws `DiskError`. */
  confirmed(number: number): void {
    const bitmap = this.options.bitmap();
    for (let set = this.sets[0]; set && set.head.number <= number; set = this.sets[0]) {
      this.sets.shift();
      for (const index of set.indexes()) {
        const isDue = hasTrack(this.fresh, index) || this.sets.some((other) => other.has(index));
        if (!isDue) bitmap.unmark(this.volumeOf(index), this.trackOf(index));
      }
      set.kept.drop();
    }
  }

  /** The sets are given up; their tracks stay in the pair's bitmap. Throws `DiskError`. */
  drop(): void {
    for (const { kept } of this.sets.splice(0)) kept.drop();
    this.fresh = noTracks(this.options.volumes);
  }

  close(): void {
    for (const { kept } of this.sets) kept.close();
  }

  volumeOf(index: number): number {
    return Math.floor(index / this.options.volumes.tracksPerVolume);
  }

  trackOf(index: number): number {
    return index % this.options.volumes.tracksPerVolume;
  }

  private trackAt(index: number): Uint8Array {
    return this.options.volumes.readTrack(this.volumeOf(index), this.trackOf(index));
  }

  /** Of two sets only the older one is on its way: the newer one's tracks have changed again, as far as the next one cares. */
  private meltNewest(): void {
    const newest = this.sets.pop();
    if (!newest) return;
    joinTracks(this.fresh, newest.tracks);
    this.changedAt = newest.changedAt ?? this.changedAt;
    newest.kept.drop();
  }

  /** After a kill: what is copied into a set has been overwritten since; what no set holds has changed since as well. */
  private changedSince(): Uint8Array {
    const changed = this.options.bitmap().snapshot();
    for (const set of this.sets) for (const index of set.indexes()) putTrack(changed, index, false);
    for (const { kept } of this.sets) for (const index of kept.indexes()) putTrack(changed, index, true);
    return changed;
  }

  private freeSlot(): number {
    const used = new Set(this.sets.map(({ kept }) => kept.name));
    return used.has(this.file(0)) ? 1 : 0;
  }

  private file(slot: number): string {
    return `set-${this.options.key}-${slot}`;
  }
}
