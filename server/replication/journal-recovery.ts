/** What a journal finds on its disk when it is opened: the segments that belong together, and where they end. */
import { crc32 } from 'node:zlib';
import type { DiskFile } from '../domain/ports.ts';
import { type DecodedEntry, decodeEntry, ENTRY_HEADER_BYTES, entryDataBytes } from './entry.ts';

export const SEGMENT_HEADER_BYTES = 64;
const WINDOW_BYTES = 4 * 1024 * 1024;
const SEGMENT_MAGIC = 0x53_42_53_31;

/** One stretch of entries in one file. */
export interface Segment {
  slot: number;
  /** Given once, rising: it salts the entries, so that what an earlier life left in the file is never taken for one. */
  life: number;
  first: number;
  /** Position of each entry; one more for the end. */
  positions: number[];
}

export interface SegmentHeader {
  life: number;
  /** Life of the segment it follows; 0 where it follows none, for the journal was emptied. */
  previousLife: number;
  /** Which of the histories that this image has had its numbers belong to. */
  history: number;
  first: number;
}

export interface JournalRecovery {
  /** Number of the first entry that begins and cannot be read, or null. At the very end it is a torn tail: it was cut. */
  cutNumber: number | null;
  /** Number of an entry lost from the middle: everything up to it is gone with it. Null where none is. */
  lostThrough: number | null;
}

export interface FoundJournal {
  /** Oldest first; contiguous in numbers. */
  segments: Segment[];
  /** What lies behind the last entry must never be read: appending goes on in a new segment. */
  sealed: boolean;
  /** Life each slot had, 0 where none can be told. */
  lives: number[];
  nextLife: number;
  recovery: JournalRecovery;
}

export function encodeSegmentHeader({ life, previousLife, first, history }: SegmentHeader): Buffer {
  const header = Buffer.alloc(SEGMENT_HEADER_BYTES);
  header.writeUInt32LE(SEGMENT_MAGIC, 0);
  header.writeUInt32LE(life, 8);
  header.writeUInt32LE(previousLife === 0 ? 1 : 0, 12);
  header.writeDoubleLE(first, 16);
  header.writeUInt32LE(previousLife, 24);
  header.writeUInt32LE(history, 28);
  header.writeUInt32LE(crc32(header.subarray(8)), 4);
  return header;
}

/**
 * Reads what `files` hold of `history`. Where entries are missing in the middle, what comes after them is kept, for there it
 * is that the history goes on. But after a loss of power what is missing above `durableThrough` is a lost tail, and what
 * comes before is kept. `durableThrough` is null where no power was lost.
 * Throws `DiskError`.
 */
export function findJournal(
  files: readonly DiskFile[],
  segmentBytes: number,
  history: number,
  durableThrough: number | null,
): FoundJournal {
  const headers = files.map((file) => readHeader(file));
  const lives = headers.map((header) => (header === null || header === 'damaged' ? 0 : header.life));
  // A header that cannot be read may have had any of the next lives: none of them is given again.
  const skipped = headers.includes('damaged') ? files.length : 0;
  const found: FoundJournal = {
    segments: [],
    sealed: false,
    lives,
    nextLife: Math.max(0, ...lives) + skipped + 1,
    recovery: { cutNumber: null, lostThrough: null },
  };
  const chain = chainOf(headers, history);
  for (const [index, link] of chain.entries()) {
    const next = chain[index + 1];
    const file = files[link.slot];
    if (!file) throw new Error(`no file for slot ${link.slot}`);
    const before = next?.first ?? Number.POSITIVE_INFINITY;
    const { segment, cutNumber } = scanSegment(new SegmentWindow(file, segmentBytes), link, before);
    found.segments.push(segment);
    if (cutNumber === null) continue;
    found.recovery.cutNumber = cutNumber;
    found.sealed = next === undefined || (durableThrough !== null && cutNumber > durableThrough);
    if (found.sealed) break;
    // Nothing up to the next segment can be handed on in order any more.
    found.recovery.lostThrough = (next?.first ?? 1) - 1;
    found.segments = [];
  }
  dropBeyondHole(found, durableThrough);
  return found;
}

/** After a loss of power a segment may have vanished whole: what begins beyond the hole is no part of the history known. */
function dropBeyondHole(found: FoundJournal, durableThrough: number | null): void {
  const first = found.segments[0]?.first;
  if (durableThrough === null || first === undefined || first <= durableThrough + 1) return;
  found.recovery.cutNumber = durableThrough + 1;
  found.recovery.lostThrough = null;
  found.segments = [];
}

interface ChainLink extends SegmentHeader {
  slot: number;
}

/** The newest segment and those it follows, oldest first. Whatever else is on the disk is left over from before. */
function chainOf(headers: readonly (SegmentHeader | 'damaged' | null)[], history: number): ChainLink[] {
  const byLife = new Map<number, ChainLink>();
  for (const [slot, header] of headers.entries())
    if (header !== null && header !== 'damaged' && header.history === history)
      byLife.set(header.life, { ...header, slot });
  const chain: ChainLink[] = [];
  let link = byLife.get(Math.max(0, ...byLife.keys()));
  while (link) {
    chain.unshift(link);
    const before = byLife.get(link.previousLife);
    link = before && before.first <= link.first ? before : undefined;
  }
  return chain;
}

/** Entries of a segment one after the other, through a window: a segment may be larger than memory. */
class SegmentWindow {
  private bytes = Buffer.alloc(0);
  private begin = 0;

  constructor(
    private readonly file: DiskFile,
    private readonly segmentBytes: number,
  ) {}

  /** Entry at `position`; its data is valid until the next call. Throws `DiskError`. */
  decodeAt(position: number, life: number): DecodedEntry {
    const decoded = decodeEntry(this.bytes, position - this.begin, life);
    const isShort = !decoded.ok && decoded.reason !== 'damaged' && this.begin + this.bytes.length < this.segmentBytes;
    if (!isShort) return decoded;
    this.move(position, WINDOW_BYTES);
    // Said before its checksum is known; nonsense finds its limit at the segment's end.
    const neededBytes = ENTRY_HEADER_BYTES + entryDataBytes(this.bytes);
    if (neededBytes > this.bytes.length && position + neededBytes <= this.segmentBytes)
      this.move(position, neededBytes);
    return decodeEntry(this.bytes, 0, life);
  }

  private move(position: number, bytes: number): void {
    this.begin = position;
    this.bytes = Buffer.alloc(Math.min(bytes, this.segmentBytes - position));
    this.file.read(position, this.bytes);
  }
}

/** Entries up to `before`. `cutNumber`: the first that cannot be read, where one begins or one is due. */
function scanSegment(
  window: SegmentWindow,
  { slot, life, first }: ChainLink,
  before: number,
): { segment: Segment; cutNumber: number | null } {
  const segment: Segment = { slot, life, first, positions: [SEGMENT_HEADER_BYTES] };
  let position = SEGMENT_HEADER_BYTES;
  for (let number = first; number < before; number += 1) {
    const decoded = window.decodeAt(position, life);
    if (!decoded.ok || decoded.entry.number !== number) {
      const isEnd = before === Number.POSITIVE_INFINITY && (decoded.ok || decoded.reason === 'none');
      return { segment, cutNumber: isEnd ? null : number };
    }
    position += decoded.bytes;
    segment.positions.push(position);
  }
  return { segment, cutNumber: null };
}

function readHeader(file: DiskFile): SegmentHeader | 'damaged' | null {
  const header = Buffer.alloc(SEGMENT_HEADER_BYTES);
  file.read(0, header);
  if (header.every((byte) => byte === 0)) return null;
  if (header.readUInt32LE(0) !== SEGMENT_MAGIC || header.readUInt32LE(4) !== crc32(header.subarray(8)))
    return 'damaged';
  return {
    life: header.readUInt32LE(8),
    first: header.readDoubleLE(16),
    previousLife: header.readUInt32LE(24),
    history: header.readUInt32LE(28),
  };
}
