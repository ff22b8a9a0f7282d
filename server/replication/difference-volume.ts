/**
 * A difference volume (003 §[0163]–[0166]): holds one set of tracks as they stood at one update number. At the source it keeps
 * what a host write is about to overwrite, at the destination what has come of the set. Every track has a checksum.
 */
import type { Lineage } from '../domain/generation.ts';
import type { Disk, DiskFile } from '../domain/ports.ts';
import { TrackLog } from './track-log.ts';

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
  private constructor(
    private readonly disk: Disk,
    readonly name: string,
    private readonly file: DiskFile,
    private readonly log: TrackLog,
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
    const file = disk.open(name, 0);
    const log = logIn(file);
    log.append(HEAD_INDEX, Buffer.from(JSON.stringify(head)));
    log.positions.delete(HEAD_INDEX);
    return new DifferenceVolume(disk, name, file, log, trackBytes, limitTracks, head);
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
    const log = logIn(file);
    const first = log.at(0);
    if (first?.index !== HEAD_INDEX) {
      file.close();
      disk.remove(name);
      return null;
    }
    // Written by `create` above and proven whole by its checksum.
    const head = JSON.parse(first.data.toString()) as H;
    log.scan(TrackLog.bytesOf(first.data.length));
    return new DifferenceVolume(disk, name, file, log, trackBytes, limitTracks, head);
  }

  /** Tracks held. */
  get count(): number {
    return this.log.positions.size;
  }

  has(index: number): boolean {
    return this.log.positions.has(index);
  }

  indexes(): Iterable<number> {
    return this.log.positions.keys();
  }

  /** Keeps a track unless it is kept already. False where there is no room for it. On disk when it returns. Throws `DiskError`. */
  save(index: number, data: Uint8Array): boolean {
    if (this.log.positions.has(index)) return true;
    if (this.log.positions.size >= this.limitTracks) return false;
    this.log.append(index, data);
    return true;
  }

  /** The track as it is kept; null where it is not, or its checksum is wrong. Throws `DiskError`. */
  read(index: number): Uint8Array | null {
    const position = this.log.positions.get(index);
    const record = position === undefined ? null : this.log.at(position);
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
}

/** The record of the head may be longer than a track. */
function logIn(file: DiskFile): TrackLog {
  return new TrackLog(file, RECORD_MAGIC, Number.POSITIVE_INFINITY);
}
