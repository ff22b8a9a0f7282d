/**
 * A file that tracks are appended to, each under its index over all volumes and with a checksum: what gold copies and difference
 * volumes keep. A kill can tear the last record only; it is not read, and the next one takes its place.
 */
import { crc32 } from 'node:zlib';
import type { DiskFile } from '../domain/ports.ts';

const HEADER_BYTES = 16;

export interface TrackLogRecord {
  index: number;
  data: Buffer;
}

export class TrackLog {
  /** Where the next record goes. */
  endBytes = 0;
  /** By index, where its record begins, in the order in which they came. */
  readonly positions = new Map<number, number>();

  constructor(
    private readonly file: DiskFile,
    /** First word of each record: which kind of file it is. */
    private readonly magic: number,
    /** A record that says it is longer is none. */
    private readonly maxDataBytes: number,
  ) {}

  /** Finds the records from `position` on. Throws `DiskError`. */
  scan(position: number): void {
    this.endBytes = position;
    for (let record = this.at(position); record; record = this.at(this.endBytes)) {
      this.positions.set(record.index, this.endBytes);
      this.endBytes += HEADER_BYTES + record.data.length;
    }
  }

  /** On disk when it returns. Throws `DiskError`. */
  append(index: number, data: Uint8Array): void {
    const record = Buffer.alloc(HEADER_BYTES + data.length);
    record.writeUInt32LE(this.magic, 0);
    record.writeUInt32LE(index, 8);
    record.writeUInt32LE(data.length, 12);
    record.set(data, HEADER_BYTES);
    record.writeUInt32LE(crc32(record.subarray(8)), 4);
    this.file.write(this.endBytes, record);
    this.positions.set(index, this.endBytes);
    this.endBytes += record.length;
  }

  /** The record at `position`, or null where none can be read. Throws `DiskError`. */
  at(position: number): TrackLogRecord | null {
    if (position + HEADER_BYTES > this.file.sizeBytes) return null;
    const header = Buffer.alloc(HEADER_BYTES);
    this.file.read(position, header);
    const bytes = header.readUInt32LE(12);
    if (header.readUInt32LE(0) !== this.magic || bytes > this.maxDataBytes) return null;
    if (position + HEADER_BYTES + bytes > this.file.sizeBytes) return null;
    const data = Buffer.alloc(bytes);
    this.file.read(position + HEADER_BYTES, data);
    if (header.readUInt32LE(4) !== crc32(data, crc32(header.subarray(8)))) return null;
    return { index: header.readUInt32LE(8), data };
  }

  /** Bytes behind the last record that can be read. */
  get restBytes(): number {
    return this.file.sizeBytes - this.endBytes;
  }

  /** Bytes a record of so much data takes. */
  static bytesOf(dataBytes: number): number {
    return HEADER_BYTES + dataBytes;
  }
}
