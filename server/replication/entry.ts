/**
 * One update: what the journal keeps and what a pair stream carries (003 §[0062]). The same 56-byte header serves both,
 * so that an entry read from the journal goes onto the line as it is.
 */
import { crc32 } from 'node:zlib';

export const ENTRY_HEADER_BYTES = 56;

/** `void`: the number was given but the write failed; it changes nothing. */
export type EntryKind = 'write' | 'zeroes' | 'void';
const KINDS: readonly EntryKind[] = ['write', 'zeroes', 'void'];

export interface Entry {
  number: number;
  generation: number;
  kind: EntryKind;
  volume: number;
  offsetBytes: number;
  lengthBytes: number;
  /** Wall clock of the system that gave the number, ms. */
  at: number;
  /** Empty for `zeroes` and `void`. */
  data: Uint8Array;
}

const MAGIC = 0x53_42_45_31;

/** Header of `entry`. `salt` binds it to its place (journal segment life), so that a stale copy is told apart. */
export function encodeEntryHeader(entry: Entry, salt: number): Buffer {
  const header = Buffer.allocUnsafe(ENTRY_HEADER_BYTES);
  header.writeUInt32LE(MAGIC, 0);
  header.writeUInt32LE(salt >>> 0, 8);
  header.writeUInt8(KINDS.indexOf(entry.kind), 12);
  header.writeUInt8(0, 13);
  header.writeUInt16LE(entry.volume, 14);
  header.writeUInt32LE(entry.lengthBytes, 16);
  header.writeUInt32LE(entry.data.length, 20);
  header.writeUInt32LE(entry.generation, 24);
  header.writeUInt32LE(0, 28);
  header.writeDoubleLE(entry.number, 32);
  header.writeDoubleLE(entry.offsetBytes, 40);
  header.writeDoubleLE(entry.at, 48);
  header.writeUInt32LE(crc32(entry.data, crc32(header.subarray(8))), 4);
  return header;
}

export type DecodedEntry =
  | { ok: true; entry: Entry; bytes: number }
  | { ok: false; reason: 'none' | 'torn' | 'damaged' };

/**
 * Entry at `offset` of `bytes`. `none`: no entry begins here, or there is no room for one. `torn`: it begins but does not end. `damaged`: its checksum is
 * wrong. The entry's data is a view of `bytes`.
 */
export function decodeEntry(bytes: Buffer, offset: number, salt: number): DecodedEntry {
  if (offset < 0 || bytes.length - offset < ENTRY_HEADER_BYTES) return { ok: false, reason: 'none' };
  if (bytes.readUInt32LE(offset) !== MAGIC || bytes.readUInt32LE(offset + 8) !== salt >>> 0)
    return { ok: false, reason: 'none' };
  const dataBytes = bytes.readUInt32LE(offset + 20);
  const end = offset + ENTRY_HEADER_BYTES + dataBytes;
  if (end > bytes.length) return { ok: false, reason: 'torn' };
  const data = bytes.subarray(offset + ENTRY_HEADER_BYTES, end);
  const sum = crc32(data, crc32(bytes.subarray(offset + 8, offset + ENTRY_HEADER_BYTES)));
  const kind = KINDS[bytes.readUInt8(offset + 12)];
  if (sum !== bytes.readUInt32LE(offset + 4) || kind === undefined) return { ok: false, reason: 'damaged' };
  const entry: Entry = {
    number: bytes.readDoubleLE(offset + 32),
    generation: bytes.readUInt32LE(offset + 24),
    kind,
    volume: bytes.readUInt16LE(offset + 14),
    offsetBytes: bytes.readDoubleLE(offset + 40),
    lengthBytes: bytes.readUInt32LE(offset + 16),
    at: bytes.readDoubleLE(offset + 48),
    data,
  };
  return { ok: true, entry, bytes: ENTRY_HEADER_BYTES + dataBytes };
}

/** Bytes of data that the header at the beginning of `bytes` announces; 0 where there is no room for one. */
export function entryDataBytes(bytes: Buffer): number {
  return bytes.length < ENTRY_HEADER_BYTES ? 0 : bytes.readUInt32LE(20);
}

/** Calls `visit` for each track that the range touches. */
export function eachTrack(
  offsetBytes: number,
  lengthBytes: number,
  trackBytes: number,
  visit: (track: number) => void,
): void {
  if (lengthBytes <= 0) return;
  const last = Math.floor((offsetBytes + lengthBytes - 1) / trackBytes);
  for (let track = Math.floor(offsetBytes / trackBytes); track <= last; track += 1) visit(track);
}
