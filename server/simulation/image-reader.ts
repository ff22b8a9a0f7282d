/**
 * Reads what a storage system's folder holds, as a post-mortem would: from the bytes of its files alone, changing
 * nothing, whether the process lives or not. `FolderView` is a simulated disk or a real folder.
 */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { decodeEntry } from '../replication/entry.ts';
import type { PairRecord, SystemRecord } from '../replication/system-record.ts';
import { type CellImage, decodeCells } from './cells.ts';
import type { JournalImage, PairImage, SystemImage } from './history.ts';

/** Content of a file, or null. The reader never writes into it. */
export type FolderView = (name: string) => Uint8Array | null;

export interface ImageShape {
  volumeCount: number;
  volumeBytes: number;
  trackBytes: number;
  journalSegments: number;
}

const SLOT_BYTES = 4096;
/** Checksum and sequence come before the fields. */
const SLOT_HEADER_BYTES = 16;

/** The whole image, or null where the folder holds no storage system yet. `up`: its process has recovered and serves. */
export function readSystemImage(
  system: string,
  up: boolean,
  folder: FolderView,
  shape: ImageShape,
): SystemImage | null {
  const volumes = readVolumes(folder, shape);
  const record = readRecord(folder);
  if (!record) return null;
  return readImageAround(record, system, up, folder, shape, cellsOf(volumes), hashOf(volumes));
}

export function readVolumes(folder: FolderView, shape: ImageShape): Uint8Array[] {
  return Array.from(
    { length: shape.volumeCount },
    (_, volume) => folder(`volume-${volume}`) ?? new Uint8Array(shape.volumeBytes),
  );
}

/** As `readSystemImage`, where the caller knows the record and the data volumes already. `contentHash` null, and the journal left out, where nobody needs them. */
export function readImageAround(
  record: SystemRecord,
  system: string,
  up: boolean,
  folder: FolderView,
  shape: ImageShape,
  cells: CellImage,
  contentHash: string | null,
  withJournal = true,
): SystemImage {
  const pairs = Object.entries(record.pairs);
  const image: SystemImage = {
    system,
    up,
    generation: record.generation.number,
    consistent: up && record.imageConsistent,
    cells,
    contentHash,
    gold: null,
    ...(record.mixed ? { mixed: readOwnTracks(record, folder, shape) } : {}),
    pairs: pairs.map(([key, pair]) => readPair(system, key, pair, folder, shape)),
    journal: withJournal ? readJournal(folder, shape) : { firstNumber: 0, lastNumber: 0, entries: [] },
    durableNumber: readSlots(folder('watermarks'), 3)?.[1] ?? 0,
  };
  if (!up || folder('gold.base') === null) return image;
  return { ...image, gold: readGold(readVolumes(folder, shape), folder('gold.log'), shape) };
}

function cellsOf(volumes: readonly Uint8Array[]): CellImage {
  return volumes.map((content, volume) => decodeCells(content, volume));
}

/** Of all volumes together. */
export function hashOf(volumes: readonly Uint8Array[]): string {
  const hash = createHash('sha1');
  for (const content of volumes) hash.update(content);
  return hash.digest('hex');
}

/** What a system keeps of itself, or null before its first start. */
export function readRecord(folder: FolderView): SystemRecord | null {
  const bytes = folder('system.json');
  if (!bytes) return null;
  const whole: unknown = JSON.parse(Buffer.from(bytes).toString());
  if (typeof whole !== 'object' || whole === null || !('record' in whole) || typeof whole.record !== 'string')
    return null;
  // Written whole by the system itself; its recovery checks the checksum, a post-mortem takes what is there.
  return JSON.parse(whole.record) as SystemRecord;
}

function readPair(system: string, key: string, pair: PairRecord, folder: FolderView, shape: ImageShape): PairImage {
  const { source, destination, kind, transport } = pair.definition;
  const isSource = source === system;
  return {
    name: `${source}-${destination}`,
    kind,
    transport,
    state: pair.state,
    end: isSource ? 'source' : 'destination',
    peer: isSource ? destination : source,
    setTracks: joined(
      readBitmap(folder(`bitmap-${key}`), shape),
      pair.leavesOwn ? readBitmap(folder(`own-${key}`), shape) : new Set(),
    ),
  };
}

function joined(a: PairImage['setTracks'], b: PairImage['setTracks']): PairImage['setTracks'] {
  return a === 'all' || b === 'all' ? 'all' : new Set([...a, ...b]);
}

/** Tracks that were set apart as the system's own, of all pairs. */
export function readOwnTracks(record: SystemRecord, folder: FolderView, shape: ImageShape): ReadonlySet<number> {
  const tracks = new Set<number>();
  const allTracks = shape.volumeCount * Math.ceil(shape.volumeBytes / shape.trackBytes);
  for (const [key, pair] of Object.entries(record.pairs)) {
    const own = pair.leavesOwn ? readBitmap(folder(`own-${key}`), shape) : new Set<number>();
    for (const track of own === 'all' ? Array.from({ length: allTracks }, (_, each) => each) : own) tracks.add(track);
  }
  return tracks;
}

/** Set tracks, both planes joined. */
export function readBitmap(bytes: Uint8Array | null, shape: ImageShape): PairImage['setTracks'] {
  const tracks = shape.volumeCount * Math.ceil(shape.volumeBytes / shape.trackBytes);
  const planeBytes = Math.ceil(tracks / 8);
  if (!bytes || bytes.length < 2 * planeBytes) return 'all';
  const set = new Set<number>();
  for (let track = 0; track < tracks; track += 1) {
    const joined = (bytes[track >> 3] ?? 0) | (bytes[planeBytes + (track >> 3)] ?? 0);
    if (joined & (1 << (track & 7))) set.add(track);
  }
  return set;
}

/** The newer valid slot of a two-slot record. */
function readSlots(bytes: Uint8Array | null, fields: number): number[] | null {
  if (!bytes) return null;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let newest = 0;
  let values: number[] | null = null;
  for (const start of [0, SLOT_BYTES]) {
    // A file that lost its power before it was ever synced may be short.
    if (buffer.length < start + SLOT_HEADER_BYTES + fields * 8) continue;
    const sequence = buffer.readDoubleLE(start + 8);
    if (sequence <= newest) continue;
    newest = sequence;
    values = Array.from({ length: fields }, (_, field) => buffer.readDoubleLE(start + SLOT_HEADER_BYTES + field * 8));
  }
  return values;
}

/** The volumes as they would be after a rollback: first content kept of each track put back. */
function readGold(volumes: readonly Uint8Array[], log: Uint8Array | null, shape: ImageShape): CellImage {
  const restored = volumes.map((content) => content.slice());
  if (log) {
    const buffer = Buffer.from(log.buffer, log.byteOffset, log.byteLength);
    const tracksPerVolume = Math.ceil(shape.volumeBytes / shape.trackBytes);
    for (let at = 0; at + 16 <= buffer.length; ) {
      const index = buffer.readUInt32LE(at + 8);
      const bytes = buffer.readUInt32LE(at + 12);
      if (at + 16 + bytes > buffer.length) break;
      const volume = restored[Math.floor(index / tracksPerVolume)];
      volume?.set(buffer.subarray(at + 16, at + 16 + bytes), (index % tracksPerVolume) * shape.trackBytes);
      at += 16 + bytes;
    }
  }
  return cellsOf(restored);
}

interface SegmentImage {
  life: number;
  first: number;
  fresh: boolean;
  bytes: Buffer;
}

/** Entries that can still be had: the contiguous run that ends with the newest segment. */
function readJournal(folder: FolderView, shape: ImageShape): JournalImage {
  const segments: SegmentImage[] = [];
  for (let slot = 0; slot < shape.journalSegments; slot += 1) {
    const content = folder(`journal/${slot}`);
    if (!content || content.length < 64) continue;
    const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
    const life = bytes.readUInt32LE(8);
    if (life > 0) segments.push({ life, first: bytes.readDoubleLE(16), fresh: bytes.readUInt32LE(12) === 1, bytes });
  }
  segments.sort((a, b) => a.life - b.life);
  const start = Math.max(
    0,
    segments.findLastIndex((segment) => segment.fresh),
  );
  let firstNumber = 0;
  let lastNumber = 0;
  const entries: JournalImage['entries'][number][] = [];
  for (const segment of segments.slice(start)) {
    if (firstNumber === 0 || segment.first > lastNumber + 1) {
      firstNumber = segment.first;
      entries.length = 0;
    }
    lastNumber = segment.first - 1;
    let at = 64;
    for (;;) {
      const decoded = decodeEntry(segment.bytes, at, segment.life);
      if (!decoded.ok || decoded.entry.number !== lastNumber + 1) break;
      lastNumber += 1;
      at += decoded.bytes;
      const { number, generation, kind, volume, offsetBytes, lengthBytes, data } = decoded.entry;
      const content = kind === 'void' ? kind : `${kind} ${volume} ${offsetBytes} ${lengthBytes} ${crc32(data)}`;
      entries.push({ number, generation, content });
    }
  }
  return { firstNumber, lastNumber, entries };
}
