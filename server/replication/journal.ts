/**
 * The journal volume: a finite, preallocated ring of segments that holds updates in number order (003 §[0062], [0079]).
 * Numbers within it are contiguous. Every entry has a checksum; a torn tail is found and cut at recovery. A segment's life
 * number salts its entries, so that what an earlier life left behind is never taken for an entry.
 */
import { crc32 } from 'node:zlib';
import type { Disk, DiskFile } from '../domain/ports.ts';
import { decodeEntry, ENTRY_HEADER_BYTES, type Entry, encodeEntryHeader } from './entry.ts';

const SEGMENT_HEADER_BYTES = 64;
const SEGMENT_MAGIC = 0x53_42_53_31;

interface Segment {
  slot: number;
  life: number;
  first: number;
  /** Position of each entry; one more for the end. */
  positions: number[];
}

export class JournalFullError extends Error {
  constructor(sizeBytes: number) {
    super(`the journal of ${sizeBytes} bytes is full`);
    this.name = 'JournalFullError';
  }
}

export interface JournalRecovery {
  /** Number of the entry found damaged in the middle (not merely a torn tail), or null. */
  damagedNumber: number | null;
  cutBytes: number;
}

export class Journal {
  readonly recovery: JournalRecovery;
  private readonly files: DiskFile[] = [];
  private readonly segmentBytes: number;
  /** Oldest first; the last one is appended to. */
  private segments: Segment[] = [];
  private last: number;
  private trimmed: number;
  private nextLife = 1;
  /** After a cut, what lies behind it in the same life must never be read: appending goes on in a new segment. */
  private sealed = false;
  private readonly unsynced = new Set<number>();

  constructor(
    disk: Disk,
    readonly sizeBytes: number,
    segments: number,
  ) {
    this.segmentBytes = Math.floor(sizeBytes / segments);
    for (let slot = 0; slot < segments; slot += 1) this.files.push(disk.open(`journal/${slot}`, this.segmentBytes));
    this.recovery = this.recover();
    this.last = this.lastOf(this.segments.at(-1)) ?? 0;
    this.trimmed = (this.segments[0]?.first ?? 1) - 1;
  }

  /** Highest number held or once held; the next entry must follow it. */
  get lastNumber(): number {
    return this.last;
  }

  /** Numbers up to this one are no longer held. */
  get trimmedTo(): number {
    return this.trimmed;
  }

  /** Largest data one entry may carry. */
  get maxDataBytes(): number {
    return this.segmentBytes - SEGMENT_HEADER_BYTES - ENTRY_HEADER_BYTES;
  }

  get usedBytes(): number {
    return this.bytesAfter(this.trimmed);
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
   * Throws `JournalFullError`, `DiskError`.
   */
  append(entry: Entry): void {
    if (entry.number !== this.last + 1) throw new RangeError(`entry ${entry.number} after ${this.last}`);
    const needed = ENTRY_HEADER_BYTES + entry.data.length;
    const active = this.segments.at(-1);
    if (!active || this.sealed || (active.positions.at(-1) ?? 0) + needed > this.segmentBytes)
      this.begin(entry.number, false);
    const segment = this.segments.at(-1);
    if (!segment || SEGMENT_HEADER_BYTES + needed > this.segmentBytes) throw new JournalFullError(this.sizeBytes);
    const position = segment.positions.at(-1) ?? SEGMENT_HEADER_BYTES;
    this.writeAt(segment.slot, position, Buffer.concat([encodeEntryHeader(entry, segment.life), entry.data], needed));
    segment.positions.push(position + needed);
    this.last = entry.number;
  }

  /** Entry `number`, with data of its own; null where it is not held. */
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

  /** Its write failed: the number stays given, but means nothing from now on (1b rule 13). */
  voidEntry(number: number): void {
    const entry = this.read(number);
    const segment = this.segmentOf(number);
    if (!entry || !segment) return;
    const position = segment.positions[number - segment.first] ?? 0;
    this.writeAt(
      segment.slot,
      position,
      Buffer.concat([encodeEntryHeader({ ...entry, kind: 'void' }, segment.life), entry.data]),
    );
  }

  /** Forgets entries up to `number`; their room is used again segment by segment. */
  trim(number: number): void {
    this.trimmed = Math.max(this.trimmed, Math.min(number, this.last));
    while (this.segments.length > 1 && (this.lastOf(this.segments[0]) ?? 0) <= this.trimmed) this.segments.shift();
    const only = this.segments[0];
    if (
      this.segments.length === 1 &&
      only &&
      this.trimmed === this.last &&
      (only.positions.at(-1) ?? 0) > this.segmentBytes / 2
    ) {
      // Nothing is needed any more: begin a fresh segment rather than keep a full one.
      if (this.files.length > 1) {
        this.begin(this.last + 1, true);
      }
    }
  }

  /** Drops everything; the next entry is `base` + 1. Used where a formation copy gave this image another history. */
  reset(base: number): void {
    this.begin(base + 1, true);
    this.last = base;
    this.trimmed = base;
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

  private begin(first: number, fresh: boolean): void {
    const used = new Set(this.segments.map((segment) => segment.slot));
    let slot = this.files.findIndex((_, index) => !used.has(index));
    // A reset frees every slot but must not overwrite the newest before its successor is on disk.
    if (slot < 0 && fresh) slot = this.segments[0]?.slot ?? 0;
    if (slot < 0) throw new JournalFullError(this.sizeBytes);
    const life = this.nextLife++;
    const header = Buffer.alloc(SEGMENT_HEADER_BYTES);
    header.writeUInt32LE(SEGMENT_MAGIC, 0);
    header.writeUInt32LE(life, 8);
    header.writeUInt32LE(fresh ? 1 : 0, 12);
    header.writeDoubleLE(first, 16);
    header.writeUInt32LE(crc32(header.subarray(8)), 4);
    this.writeAt(slot, 0, header);
    if (fresh) this.segments = [];
    this.segments.push({ slot, life, first, positions: [SEGMENT_HEADER_BYTES] });
    this.sealed = false;
  }

  private recover(): JournalRecovery {
    const found: (Segment & { fresh: boolean })[] = [];
    for (let slot = 0; slot < this.files.length; slot += 1) {
      const header = Buffer.alloc(SEGMENT_HEADER_BYTES);
      this.file(slot).read(0, header);
      if (header.readUInt32LE(0) !== SEGMENT_MAGIC || header.readUInt32LE(4) !== crc32(header.subarray(8))) continue;
      const life = header.readUInt32LE(8);
      found.push({
        slot,
        life,
        first: header.readDoubleLE(16),
        positions: [SEGMENT_HEADER_BYTES],
        fresh: header.readUInt32LE(12) === 1,
      });
      this.nextLife = Math.max(this.nextLife, life + 1);
    }
    found.sort((a, b) => a.life - b.life);
    const start = found.findLastIndex((segment) => segment.fresh);
    return this.scan(start < 0 ? found : found.slice(start));
  }

  /** Keeps the longest contiguous run that ends with the newest segment. */
  private scan(found: Segment[]): JournalRecovery {
    const recovery: JournalRecovery = { damagedNumber: null, cutBytes: 0 };
    for (const [index, segment] of found.entries()) {
      const next = found[index + 1];
      const expected = this.lastOf(this.segments.at(-1));
      if (expected !== null && segment.first !== expected + 1) {
        if (segment.first > expected + 1) this.segments = [];
        else continue;
      }
      this.scanSegment(segment, next?.first ?? Number.POSITIVE_INFINITY, recovery);
      this.segments.push(segment);
      if (next && (this.lastOf(segment) ?? 0) + 1 < next.first)
        recovery.damagedNumber = (this.lastOf(segment) ?? 0) + 1;
    }
    return recovery;
  }

  private scanSegment(segment: Segment, before: number, recovery: JournalRecovery): void {
    const bytes = Buffer.alloc(this.segmentBytes);
    this.file(segment.slot).read(0, bytes);
    let position = SEGMENT_HEADER_BYTES;
    for (let number = segment.first; number < before; number += 1) {
      const decoded = decodeEntry(bytes, position, segment.life);
      if (!decoded.ok || decoded.entry.number !== number) {
        if (!decoded.ok && decoded.reason !== 'none') {
          this.sealed = true;
          recovery.cutBytes += ENTRY_HEADER_BYTES;
          recovery.damagedNumber = decoded.reason === 'damaged' ? number : recovery.damagedNumber;
        }
        return;
      }
      position += decoded.bytes;
      segment.positions.push(position);
    }
  }

  private lastOf(segment: Segment | undefined): number | null {
    return segment ? segment.first + segment.positions.length - 2 : null;
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
