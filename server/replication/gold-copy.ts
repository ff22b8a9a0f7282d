/**
 * Gold copy: while a formation copy overwrites a consistent image, the old content of each track is appended here before
 * its first overwrite, so that the image can be had back until the copy has ended (spec: gold copy; 1b rule 16).
 */
import type { Lineage } from '../domain/generation.ts';
import type { Disk, DiskFile } from '../domain/ports.ts';
import { TrackLog } from './track-log.ts';
import type { Volumes } from './volumes.ts';

const RECORD_MAGIC = 0x53_42_47_31;

export interface GoldBase {
  /** Update number and history the kept image stands at. */
  number: number;
  lineage: Lineage;
}

export class GoldCopy {
  private readonly file: DiskFile;
  private readonly log: TrackLog;
  /** Why it is no way back any more, or null. */
  damaged: string | null = null;

  private constructor(
    private readonly disk: Disk,
    private readonly name: string,
    private readonly volumes: Volumes,
    readonly base: GoldBase,
  ) {
    this.file = disk.open(`${name}.log`, 0);
    this.log = new TrackLog(this.file, RECORD_MAGIC, volumes.trackBytes);
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
    return this.log.endBytes;
  }

  get tracks(): number {
    return this.log.positions.size;
  }

  /** Keeps the track's present content unless it is kept already. On disk when it returns. Throws `DiskError`. */
  save(volume: number, track: number): void {
    const index = volume * this.volumes.tracksPerVolume + track;
    if (!this.log.positions.has(index)) this.log.append(index, this.volumes.readTrack(volume, track));
  }

  /**
   * Puts every kept track back, telling `changed` of each before. May be repeated after a crash. False, and nothing is
   * changed, where a kept track fails its checksum: see `damaged`. Throws `DiskError`.
   */
  restore(changed: (volume: number, track: number) => void): boolean {
    for (const position of this.log.positions.values()) {
      if (this.log.at(position)) continue;
      this.damaged = `the track kept at byte ${position} fails its checksum`;
    }
    if (this.damaged !== null) return false;
    for (const position of this.log.positions.values()) {
      const record = this.log.at(position);
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
    this.log.scan(0);
    // A kill can tear the last record only, and then its track was not overwritten yet.
    if (this.log.restBytes > TrackLog.bytesOf(this.volumes.trackBytes))
      this.damaged = `the record at byte ${this.log.endBytes} fails its checksum`;
  }
}
