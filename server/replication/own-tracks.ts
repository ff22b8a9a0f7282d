/**
 * What a system that lost the host role had written and its destination never received (table 1 of 004), where a resync in
 * the other direction is to leave it as it is instead of overwriting it. The tracks are kept apart from the pair's
 * differences until the system takes host writes again: then every pair that leads on from it has to carry them (1b rule 22).
 */
import type { Disk } from '../domain/ports.ts';
import { DifferenceBitmap } from './difference-bitmap.ts';
import type { PairStore } from './pair-store.ts';
import type { PairRecord, SystemRecord } from './system-record.ts';

export interface OwnTracksOptions {
  disk: Disk;
  record: SystemRecord;
  pairs: PairStore;
  volumes: number;
  tracksPerVolume: number;
  save: () => void;
}

export class OwnTracks {
  private readonly bitmaps = new Map<string, DifferenceBitmap>();

  constructor(private readonly options: OwnTracksOptions) {
    for (const [key, pair] of options.pairs.all()) if (pair.leavesOwn) this.open(key, 'all');
  }

  /** Tracks left as they were, of all pairs. */
  get count(): number {
    return [...this.bitmaps.values()].reduce((sum, bitmap) => sum + bitmap.count, 0);
  }

  /** The first `most` of them, those of one pair after those of another. */
  first(most: number): { volume: number; track: number }[] {
    return [...this.bitmaps.values()].flatMap((bitmap) => bitmap.first(most)).slice(0, most);
  }

  /** Tracks of `key` that are left, or null where none were set apart. */
  of(key: string): DifferenceBitmap | null {
    return this.bitmaps.get(key) ?? null;
  }

  /**
   * Sets apart what this end has written as the source of `key`. False where its bits say more than that, so that leaving
   * them would leave old data: then all of them have to be copied. Repeating it is harmless. Throws `DiskError`.
   */
  leave(key: string, pair: PairRecord): boolean {
    const { pairs, record, save } = this.options;
    if (pair.leavesOwn) return true;
    if (!pair.bitsAreOwn || record.evidenceLost || record.doubt || !record.imageConsistent) return false;
    const bitmap = pairs.bitmap(key);
    const own = this.open(key, 'none');
    // Something may have been left of an earlier time.
    own.clear();
    own.union(bitmap.snapshot());
    pair.leavesOwn = true;
    pair.bitsAreOwn = false;
    save();
    // A kill before this leaves them in both: then they are copied, and nothing is lost that the other end has.
    bitmap.clear();
    return true;
  }

  /** The other end's content of a track has come: nothing of it is this end's own any more. */
  copied(key: string, volume: number, track: number): void {
    this.bitmaps.get(key)?.unmark(volume, track);
  }

  /** This system's image counts from now on: whoever follows it lacks these tracks. Persisted before `forget`. Throws `DiskError`. */
  joinDifferences(): void {
    for (const own of this.bitmaps.values()) {
      const tracks = own.snapshot();
      for (const [key] of this.options.pairs.all()) this.options.pairs.bitmap(key).union(tracks);
    }
  }

  /** After the record says that nothing is left apart. */
  forget(): void {
    for (const bitmap of this.bitmaps.values()) bitmap.drop();
    this.bitmaps.clear();
  }

  /** After a loss of power nobody knows which tracks were set apart. */
  lost(): void {
    for (const bitmap of this.bitmaps.values()) bitmap.setAll();
  }

  async sync(): Promise<void> {
    for (const bitmap of [...this.bitmaps.values()]) await bitmap.sync();
  }

  close(): void {
    for (const bitmap of this.bitmaps.values()) bitmap.close();
  }

  private open(key: string, whenLost: 'all' | 'none'): DifferenceBitmap {
    const { disk, volumes, tracksPerVolume } = this.options;
    const known = this.bitmaps.get(key);
    if (known) return known;
    const bitmap = new DifferenceBitmap(disk, `own-${key}`, volumes, tracksPerVolume, whenLost);
    this.bitmaps.set(key, bitmap);
    return bitmap;
  }
}
