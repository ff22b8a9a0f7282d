/**
 * A difference volume (003 §[0163]–[0166]): holds one set of tracks as they stood at one update number. At the source it keeps
 * what a host write is about to overwrite, at the destination what has come of the set. Every track has a checksum.
 */
import { crc32 } from 'node:zlib';
import type { Lineage } from '../domain/generation.ts';
import type { Disk, DiskFile } from '../domain/ports.ts';

const RECORD_HEADER_BYTES = 16;
const RECORD_MAGIC = 0x53_42_44_31;
/** Index of the record that describes the set: no track has it. */
const HEAD_INDEX = 0xff_ff_ff_ff;

/** One frozen set of tracks of all volumes of a group. */
export interface SetHead {
  /** Told apart by it, and by its number, are sets that come twice. */
  id: number;
  /** Update number at which all its tracks were frozen. */
  number: number;
  /** History up to that number. */
  lineage: Lineage;
  tracks: number;
  /** Wall clock of the source when it was frozen, ms. */
  at: number;
}

export class DifferenceVolume<H extends SetHead = SetHead> {
  private endBytes = 0;
  /** By index of the track over all volumes, in the order in which they came. */
  private readonly positions = new Map<number, number>();

  private constructor(
    private readonly disk: Disk,
    readonly name: string,
    private readonly file: DiskFile,
    private readonly trackBytes: number,
    /** Tracks that it has room for. */
    private readonly limitTracks: number,
    readonly head: H,
  ) {}

  /** Begins one for `head`; what was there is dropped. Survives a kill once it returns, but not a loss of power. Throws `DiskError`. */
  static create<H extends SetHead>(
    disk: Disk,
    name: string,
    trackBytes: number,
    limitTracks: number,
    head: H,
  ): DifferenceVolume<H> {
    disk.remove(name);
    const volume = new DifferenceVolume(disk, name, disk.open(name, 0), trackBytes, limitTracks, head);
    volume.append(HEAD_INDEX, Buffer.from(JSON.stringify(head)));
    return volume;
  }

  /** What the disk has of one, or null where its head cannot be read. A torn record at its end is cut off. Throws `DiskError`. */
  static recover<H extends SetHead>(
    disk: Disk,
    name: string,
    trackBytes: number,
    limitTracks: number,
  ): DifferenceVolume<H> | null {
    if (!disk.exists(name)) return null;
    const file = disk.open(name, 0);
    const first = readRecord(file, 0);
    if (first?.index !== HEAD_INDEX) {
      file.close();
      disk.remove(name);
      return null;
    }
    // Written by `create` above and proven whole by its checksum.
    const head = JSON.parse(first.data.toString()) as H;
    const volume = new DifferenceVolume(disk, name, file, trackBytes, limitTracks, head);
    volume.scan(RECORD_HEADER_BYTES + first.data.length);
    return volume;
  }

  /** Tracks held. */
  get count(): number {
    return this.positions.size;
  }

  get usedBytes(): number {
    return this.endBytes;
  }

  has(index: number): boolean {
    return this.positions.has(index);
  }

  indexes(): Iterable<number> {
    return this.positions.keys();
  }

  /** Keeps a track unless it is kept already. False where there is no room for it. On disk when it returns. Throws `DiskError`. */
  save(index: number, data: Uint8Array): boolean {
    if (this.positions.has(index)) return true;
    if (this.positions.size >= this.limitTracks) return false;
    this.positions.set(index, this.append(index, data));
    return true;
  }

  /** The track as it is kept; null where it is not, or its checksum is wrong. Throws `DiskError`. */
  read(index: number): Uint8Array | null {
    const position = this.positions.get(index);
    const record = position === undefined ? null : readRecord(this.file, position);
    return record?.index === index && record.data.length <= this.trackBytes ? record.data : null;
  }

  sync(): Promise<void> {
    return this.file.sync();
  }

  drop(): void {
    this.file.close();
    this.disk.remove(this.name);
  }

  close(): void {
    this.file.close();
  }

  private append(index: number, data: Uint8Array): number {
    const position = this.endBytes;
    const record = Buffer.alloc(RECORD_HEADER_BYTES + data.length);
    record.writeUInt32LE(RECORD_MAGIC, 0);
    record.writeUInt32LE(index, 8);
    record.writeUInt32LE(data.length, 12);
    record.set(data, RECORD_HEADER_BYTES);
    record.writeUInt32LE(crc32(record.subarray(8)), 4);
    this.file.write(position, record);
    this.endBytes += record.length;
    return position;
  }

  private scan(from: number): void {
    this.endBytes = from;
    for (let record = readRecord(this.file, from); record; record = readRecord(this.file, this.endBytes)) {
      this.positions.set(record.index, this.endBytes);
      this.endBytes += RECORD_HEADER_BYTES + record.data.length;
    }
  }
}

/** The record at `position`, or null where none can be read. */
function readRecord(file: DiskFile, position: number): { index: number; data: Buffer } | null {
  if (position + RECORD_HEADER_BYTES > file.sizeBytes) return null;
  const header = Buffer.alloc(RECORD_HEADER_BYTES);
  file.read(position, header);
  const bytes = header.readUInt32LE(12);
  if (header.readUInt32LE(0) !== RECORD_MAGIC) return null;
  if (position + RECORD_HEADER_BYTES + bytes > file.sizeBytes) return null;
  const data = Buffer.alloc(bytes);
  file.read(position + RECORD_HEADER_BYTES, data);
  return header.readUInt32LE(4) === crc32(data, crc32(header.subarray(8)))
    ? { index: header.readUInt32LE(8), data }
    : null;
}
