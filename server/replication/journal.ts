/**
 * The journal volume: a finite ring of segments of fixed size that holds updates in number order (003 §[0062], [0079]).
 * Numbers within it are contiguous. Every entry has a checksum; a torn tail is found and cut at recovery.
 */
import { type Disk, DiskError, type DiskFile } from '../domain/ports.ts';
import { decodeEntry, ENTRY_HEADER_BYTES, type Entry, encodeEntryHeader } from './entry.ts';
import {
  encodeSegmentHeader,
  findJournal,
  type JournalRecovery,
  SEGMENT_HEADER_BYTES,
  type Segment,
} from './journal-recovery.ts';
import { openSized } from './sized-file.ts';

export class JournalFullError extends Error {
  constructor(
    sizeBytes: number,
    /** Data bytes of the entry that found no room. */
    readonly neededBytes: number,
  ) {
    super(`the journal of ${sizeBytes} bytes is full`);
    this.name = 'JournalFullError';
  }
}

export class Journal {
  readonly recovery: JournalRecovery;
  private readonly files: DiskFile[] = [];
  private readonly segmentBytes: number;
  /** Oldest first; the last one is appended to. */
  private segments: Segment[];
  /** Life of each slot, used or left over. */
  private readonly lives: number[];
  private last: number;
  private trimmed: number;
  private nextLife: number;
  private sealed: boolean;
  private readonly unsynced = new Set<number>();
  /** Where an entry was refused of which the disk may have kept everything: it must not be found at a restart. */
  private refused: { slot: number; position: number } | null = null;

  /**
   * Opens the journal, or creates it with `segments` (at least 2) files. What it holds of another history than `history`
   * is left over and counts for nothing; `base` is the last number before this one. `durableThrough`: after a loss
   * of power, the number up to which all was synced; else null. Throws `DiskError`.
   */
  constructor(
    disk: Disk,
    readonly sizeBytes: number,
    segments: number,
    private history: number,
    base: number,
    durableThrough: number | null = null,
  ) {
    this.segmentBytes = Math.floor(sizeBytes / segments);
    for (let slot = 0; slot < segments; slot += 1)
      this.files.push(openSized(disk, `journal/${slot}`, this.segmentBytes));
    const found = findJournal(this.files, this.segmentBytes, history, durableThrough);
    this.segments = found.segments;
    this.lives = found.lives;
    this.nextLife = found.nextLife;
    this.sealed = found.sealed;
    this.recovery = found.recovery;
    // Where nothing can be read, what was synced was there once: no number up to it is given again.
    const floor = Math.max(base, durableThrough ?? 0);
    this.last = lastOf(this.segments.at(-1)) ?? floor;
    this.trimmed = (this.segments[0]?.first ?? floor + 1) - 1;
  }

  /** Highest number held or once held; the next entry must follow it. */
  get lastNumber(): number {
    return this.last;
  }

  /** Numbers up to this one are no longer held. */
  get trimmedTo(): number {
    return this.trimmed;
  }

  /** Numbers of the oldest segment; null where the only one is appended to. */
  get oldestSegment(): { first: number; last: number } | null {
    const [oldest] = this.segments;
    const last = lastOf(oldest);
    return oldest && last !== null && this.segments.length > 1 ? { first: oldest.first, last } : null;
  }

  /** Largest data one entry may carry. */
  get maxDataBytes(): number {
    return this.segmentBytes - SEGMENT_HEADER_BYTES - ENTRY_HEADER_BYTES;
  }

  get usedBytes(): number {
    return this.bytesAfter(this.trimmed);
  }

  /**
   * Share of the journal in which nothing stands, from 0 to 1. By whole segments: what is left over at the end of one is no room
   * for the next entry.
   */
  get freeShare(): number {
    return 1 - this.segments.length / this.files.length;
  }

  /** Bytes of entries with a number above `number`. */
  bytesAfter(number: number): number {
    let bytes = 0;
    for (const segment of this.segments) {
      const end = segment.positions.at(-1) ?? 0;
      const index = Math.min(Math.max(0, number + 1 - segment.first), segment.positions.length - 1);
      bytes += end - (segment.positions[index] ?? end);
    }
    return bytes;
  }

  /** Would an entry with so many data bytes fit now? */
  fits(dataBytes: number): boolean {
    const active = this.segments.at(-1);
    const needed = ENTRY_HEADER_BYTES + dataBytes;
    if (active && !this.sealed && (active.positions.at(-1) ?? 0) + needed <= this.segmentBytes) return true;
    return this.segments.length < this.files.length && SEGMENT_HEADER_BYTES + needed <= this.segmentBytes;
  }

  /**
   * Appends `entry`, whose number must be the last one plus one. On disk when it returns.
   * Throws `JournalFullError`, `DiskError`; then nothing was appended.
   */
  append(entry: Entry): void {
    if (entry.number !== this.last + 1) throw new RangeError(`entry ${entry.number} after ${this.last}`);
    const needed = ENTRY_HEADER_BYTES + entry.data.length;
    if (!this.fits(entry.data.length)) throw new JournalFullError(this.sizeBytes, entry.data.length);
    const active = this.segments.at(-1);
    const segment =
      active && !this.sealed && (active.positions.at(-1) ?? 0) + needed <= this.segmentBytes
        ? active
        : this.begin(entry.number, false);
    const position = segment.positions.at(-1) ?? SEGMENT_HEADER_BYTES;
    // Until it is known to be there, it counts as refused; another one at this place, or a segment behind it, replaces it.
    this.refused = { slot: segment.slot, position };
    this.writeAt(segment.slot, position, Buffer.concat([encodeEntryHeader(entry, segment.life), entry.data], needed));
    this.refused = null;
    segment.positions.push(position + needed);
    this.last = entry.number;
  }

  /** Entry `number`, with data of its own; null where it is not held or its checksum is wrong. Throws `DiskError`. */
  read(number: number): Entry | null {
    const segment = this.segmentOf(number);
    if (!segment) return null;
    const start = segment.positions[number - segment.first];
    const end = segment.positions[number - segment.first + 1];
    if (start === undefined || end === undefined) return null;
    const bytes = Buffer.allocUnsafe(end - start);
    this.file(segment.slot).read(start, bytes);
    const decoded = decodeEntry(bytes, 0, segment.life);
    return decoded.ok && decoded.entry.number === number ? decoded.entry : null;
  }

  /** Forgets entries up to `number`; their room is used again segment by segment. */
  trim(number: number): void {
    this.trimmed = Math.max(this.trimmed, Math.min(number, this.last));
    while (this.segments.length > 1 && (lastOf(this.segments[0]) ?? 0) <= this.trimmed) this.segments.shift();
    const [only] = this.segments;
    const isStale = this.segments.length === 1 && this.trimmed === this.last;
    // Nothing is needed any more: begin a fresh segment rather than keep a full one.
    if (isStale && (only?.positions.at(-1) ?? 0) > this.segmentBytes / 2) this.begin(this.last + 1, true);
  }

  /** Drops everything; the next entry is `base` + 1 of `history`. Used where a formation copy gave this image another one. */
  reset(base: number, history: number): void {
    this.history = history;
    this.begin(base + 1, true);
    this.last = base;
    this.trimmed = base;
  }

  /** Makes what an entry left that was refused unreadable. False where the disk refuses that too: it is to be tried again. */
  eraseRefused(): boolean {
    if (!this.refused) return true;
    try {
      this.writeAt(this.refused.slot, this.refused.position, Buffer.alloc(ENTRY_HEADER_BYTES));
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      return false;
    }
    this.refused = null;
    return true;
  }

  /** Makes every entry appended before the call durable. */
  async sync(): Promise<void> {
    const slots = [...this.unsynced];
    this.unsynced.clear();
    try {
      for (const slot of slots) await this.file(slot).sync();
    } catch (error) {
      for (const slot of slots) this.unsynced.add(slot);
      throw error;
    }
  }

  close(): void {
    for (const file of this.files) file.close();
  }

  /** Begins a segment in the slot that has rested longest. `fresh`: it follows none, all others are dropped. */
  private begin(first: number, fresh: boolean): Segment {
    const slot = this.slotForNext(fresh);
    const life = this.nextLife;
    const previousLife = fresh ? 0 : (this.segments.at(-1)?.life ?? 0);
    this.writeAt(slot, 0, encodeSegmentHeader({ life, previousLife, first, history: this.history }));
    this.nextLife = life + 1;
    this.lives[slot] = life;
    const segment: Segment = { slot, life, first, positions: [SEGMENT_HEADER_BYTES] };
    if (fresh) this.segments = [];
    this.segments.push(segment);
    this.sealed = false;
    // What a segment is followed by ends where that begins.
    this.refused = null;
    return segment;
  }

  private slotForNext(fresh: boolean): number {
    const used = new Set(this.segments.map((segment) => segment.slot));
    let oldest = -1;
    for (const [slot, life] of this.lives.entries()) {
      if (used.has(slot)) continue;
      if (oldest < 0 || life < (this.lives[oldest] ?? 0)) oldest = slot;
    }
    if (oldest >= 0) return oldest;
    if (!fresh) throw new JournalFullError(this.sizeBytes, 0);
    // A reset may use the oldest of all: the newest must stand until its successor is on disk.
    return this.segments[0]?.slot ?? 0;
  }

  private segmentOf(number: number): Segment | null {
    if (number <= this.trimmed || number > this.last) return null;
    for (let i = this.segments.length - 1; i >= 0; i -= 1) {
      const segment = this.segments[i];
      if (segment && segment.first <= number) return segment;
    }
    return null;
  }

  private writeAt(slot: number, position: number, bytes: Uint8Array): void {
    this.unsynced.add(slot);
    this.file(slot).write(position, bytes);
  }

  private file(slot: number): DiskFile {
    const file = this.files[slot];
    if (!file) throw new RangeError(`journal segment ${slot}`);
    return file;
  }
}

function lastOf(segment: Segment | undefined): number | null {
  return segment ? segment.first + segment.positions.length - 2 : null;
}
