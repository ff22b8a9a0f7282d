/**
 * Gold copy: while a formation copy overwrites a consistent image, the old content of each track is appended here before
 * its first overwrite, so that the image can be had back until the copy has ended (spec: gold copy; 1b rule 16).
 */
import { crc32 } from 'node:zlib';
import type { Lineage } from '../domain/generation.ts';
import type { Disk, DiskFile } from '../domain/ports.ts';
import type { Volumes } from './volumes.ts';

const RECORD_HEADER_BYTES = 16;
const RECORD_MAGIC = 0x53_42_47_31;

export interface GoldBase {
  /** Update number and history the kept image stands at. */
  number: number;
  lineage: Lineage;
}

export class GoldCopy {
  private file: DiskFile;
  private endBytes = 0;
  private readonly saved = new Map<number, number>();
  /** Why it is no way back any more, or null. */
  damaged: string | null = null;

  private constructor(
    private readonly disk: Disk,
    private readonly name: string,
    private readonly volumes: Volumes,
    readonly base: GoldBase,
  ) {
    this.file = disk.open(`${name}.log`, 0);
    this.scan();
  }

  /** Begins one; `base` is durable before the first track may be overwritten. */
  static open(disk: Disk, name: string, volumes: Volumes, base: GoldBase): GoldCopy {
    disk.remove(`${name}.log`);
    disk.replace(`${name}.base`, Buffer.from(JSON.stringify(base)));
    return new GoldCopy(disk, name, volumes, base);
  }

  /** The one kept on disk, or null. */
  static recover(disk: Disk, name: string, volumes: Volumes): GoldCopy | null {
    const base = disk.readWhole(`${name}.base`);
    // Written by `open` above and replaced atomically, so it is whole.
    return base ? new GoldCopy(disk, name, volumes, JSON.parse(Buffer.from(base).toString()) as GoldBase) : null;
  }

  get usedBytes(): number {
    return this.endBytes;
  }

  get tracks(): number {
    return this.saved.size;
  }

  /** Keeps the track's present content unless it is kept already. On disk when it returns. Throws `DiskError`. */
  save(volume: number, track: number): void {
    const index = volume * this.volumes.tracksPerVolume + track;
    if (this.saved.has(index)) return;
    const data = this.volumes.readTrack(volume, track);
    const record = Buffer.alloc(RECORD_HEADER_BYTES + data.length);
    record.writeUInt32LE(RECORD_MAGIC, 0);
    record.writeUInt32LE(index, 8);
    record.writeUInt32LE(data.length, 12);
    record.set(data, RECORD_HEADER_BYTES);
    record.writeUInt32LE(crc32(record.subarray(8)), 4);
    this.file.write(this.endBytes, record);
    this.saved.set(index, this.endBytes);
    this.endBytes += record.length;
  }

  /**
   * Puts every kept track back, telling `changed` of each before. May be repeated after a crash. False, and nothing is
   * changed, where a kept track fails its checksum: see `damaged`. Throws `DiskError`.
   */
  restore(changed: (volume: number, track: number) => void): boolean {
    for (const position of this.saved.values()) {
      if (this.recordAt(position)) continue;
      this.damaged = `the track kept at byte ${position} fails its checksum`;
    }
    if (this.damaged !== null) return false;
    for (const position of this.saved.values()) {
      const record = this.recordAt(position);
      if (!record) continue;
      const volume = Math.floor(record.index / this.volumes.tracksPerVolume);
      const track = record.index % this.volumes.tracksPerVolume;
      changed(volume, track);
      this.volumes.write(volume, track * this.volumes.trackBytes, record.data);
    }
    return true;
  }

  /** The image it protects is no longer needed. */
  drop(): void {
    this.file.close();
    this.disk.remove(`${this.name}.base`);
    this.disk.remove(`${this.name}.log`);
  }

  close(): void {
    this.file.close();
  }

  private scan(): void {
    for (let record = this.recordAt(0); record; record = this.recordAt(this.endBytes)) {
      this.saved.set(record.index, this.endBytes);
      this.endBytes += RECORD_HEADER_BYTES + record.data.length;
    }
    // A kill can tear the last record only, and then its track was not overwritten yet.
    const restBytes = this.file.sizeBytes - this.endBytes;
    if (restBytes > RECORD_HEADER_BYTES + this.volumes.trackBytes)
      this.damaged = `the record at byte ${this.endBytes} fails its checksum`;
  }

  /** The record at `position`, or null where none can be read. */
  private recordAt(position: number): { index: number; data: Uint8Array } | null {
    if (position + RECORD_HEADER_BYTES > this.file.sizeBytes) return null;
    const header = Buffer.alloc(RECORD_HEADER_BYTES);
    this.file.read(position, header);
    const bytes = header.readUInt32LE(12);
    if (header.readUInt32LE(0) !== RECORD_MAGIC || bytes > this.volumes.trackBytes) return null;
    if (position + RECORD_HEADER_BYTES + bytes > this.file.sizeBytes) return null;
    const record = Buffer.alloc(RECORD_HEADER_BYTES + bytes);
    this.file.read(position, record);
    if (record.readUInt32LE(4) !== crc32(record.subarray(8))) return null;
    return { index: record.readUInt32LE(8), data: record.subarray(RECORD_HEADER_BYTES) };
  }
}
