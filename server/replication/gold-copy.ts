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

  /** Puts every kept track back, telling `changed` of each before. May be repeated after a crash. Throws `DiskError`. */
  restore(changed: (volume: number, track: number) => void): void {
    for (const [index, position] of this.saved) {
      const volume = Math.floor(index / this.volumes.tracksPerVolume);
      const track = index % this.volumes.tracksPerVolume;
      const data = Buffer.alloc(this.volumes.trackLength(track));
      this.file.read(position + RECORD_HEADER_BYTES, data);
      changed(volume, track);
      this.volumes.write(volume, track * this.volumes.trackBytes, data);
    }
  }

  sync(): Promise<void> {
    return this.file.sync();
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
    const header = Buffer.alloc(RECORD_HEADER_BYTES);
    while (this.endBytes + RECORD_HEADER_BYTES <= this.file.sizeBytes) {
      this.file.read(this.endBytes, header);
      const bytes = header.readUInt32LE(12);
      if (header.readUInt32LE(0) !== RECORD_MAGIC || this.endBytes + RECORD_HEADER_BYTES + bytes > this.file.sizeBytes)
        return;
      const record = Buffer.alloc(RECORD_HEADER_BYTES + bytes);
      this.file.read(this.endBytes, record);
      if (record.readUInt32LE(4) !== crc32(record.subarray(8))) return;
      this.saved.set(record.readUInt32LE(8), this.endBytes);
      this.endBytes += record.length;
    }
  }
}
