/**
 * A clone: all volumes as they stood at one update number, made in an instant (issue 4; ADR 0012). From then on the old content
 * of a track is kept before anything overwrites it; what a test writes goes to tracks of the clone's own. Reading takes its own
 * tracks, then the kept ones, then the live volume. Where it has no room left, or its disk refuses, it is the clone that
 * breaks: what changes the live volumes is never refused.
 */
import { crc32 } from 'node:zlib';
import type { Lineage } from '../domain/generation.ts';
import { type Disk, DiskError, type DiskFile } from '../domain/ports.ts';
import type { CloneFacts } from '../domain/storage-controller.ts';
import { eachTrack } from './entry.ts';
import { TrackLog } from './track-log.ts';
import type { Volumes } from './volumes.ts';

const RECORD_MAGIC = 0x53_42_43_31;
const KEPT_FILE = 'clone-kept';
const WRITTEN_FILE = 'clone-written';

export interface CloneHead {
  name: string;
  run: string;
  /** Update number of the image, and its history. */
  number: number;
  lineage: Lineage;
  /** Wall clock, ms. */
  at: number;
  roomTracks: number;
}

/** Where a track that the test has written stands, and what it must add up to. */
interface Written {
  slot: number;
  crc: number;
}

/** What a kill has left is of no use to anybody. Throws `DiskError`. */
export function removeClone(disk: Disk): void {
  for (const name of [KEPT_FILE, WRITTEN_FILE]) if (disk.exists(name)) disk.remove(name);
}

export class Clone {
  private readonly keptFile: DiskFile;
  private readonly kept: TrackLog;
  private readonly writtenFile: DiskFile;
  private readonly written = new Map<number, Written>();
  /** Kept, or written. */
  private tracks = 0;
  /** Why it is of no use any more, or null. */
  damaged: string | null = null;

  /** Makes one, empty. Throws `DiskError`. */
  constructor(
    private readonly disk: Disk,
    private readonly volumes: Volumes,
    readonly head: CloneHead,
  ) {
    removeClone(disk);
    this.keptFile = disk.open(KEPT_FILE, 0);
    this.kept = new TrackLog(this.keptFile, RECORD_MAGIC, volumes.trackBytes);
    this.writtenFile = disk.open(WRITTEN_FILE, 0);
  }

  facts(): CloneFacts {
    return {
      ...this.head,
      lineage: [...this.head.lineage],
      keptTracks: this.kept.positions.size,
      writtenTracks: this.written.size,
      damaged: this.damaged,
    };
  }

  /** A range of a live volume is about to change: what the clone would read there is kept. Breaks the clone where it cannot be. */
  keep(volume: number, offsetBytes: number, lengthBytes: number): void {
    if (this.damaged !== null) return;
    this.guarded(() =>
      eachTrack(offsetBytes, lengthBytes, this.volumes.trackBytes, (track) => {
        const index = this.indexOf(volume, track);
        if (this.kept.positions.has(index) || this.written.has(index)) return;
        this.needRoom();
        this.kept.append(index, this.volumes.readTrack(volume, track));
        this.tracks += 1;
      }),
    );
  }

  /** Fills `into`. False where the clone is broken, or breaks now. Throws `DiskError` where the live volume cannot be read. */
  read(volume: number, offsetBytes: number, into: Uint8Array): boolean {
    let isRead = true;
    this.eachPart(offsetBytes, into.length, (track, from, to, at) => {
      const data = isRead ? this.trackAt(volume, track) : null;
      if (data) into.set(data.subarray(from, to), at);
      else isRead = false;
    });
    return isRead;
  }

  /** Writes to the clone alone. False where it is broken, or breaks now. Throws `DiskError` where the live volume cannot be read. */
  write(volume: number, offsetBytes: number, data: Uint8Array): boolean {
    let isWritten = this.damaged === null;
    this.eachPart(offsetBytes, data.length, (track, from, to, at) => {
      const whole = isWritten ? this.trackAt(volume, track) : null;
      whole?.set(data.subarray(at, at + to - from), from);
      isWritten = whole !== null && this.guarded(() => this.put(this.indexOf(volume, track), whole));
    });
    return isWritten;
  }

  /** What was written survives the machine as far as the clone does. Rejects with `DiskError`. */
  sync(): Promise<void> {
    return this.writtenFile.sync();
  }

  /** Gives its room back. */
  drop(): void {
    this.close();
    removeClone(this.disk);
  }

  close(): void {
    this.keptFile.close();
    this.writtenFile.close();
  }

  /** A copy of the track as the clone has it; null where it is broken. */
  private trackAt(volume: number, track: number): Uint8Array | null {
    const index = this.indexOf(volume, track);
    const own = this.written.get(index);
    const position = this.kept.positions.get(index);
    if (this.damaged === null && !own && position === undefined) return this.volumes.readTrack(volume, track);
    let found: Uint8Array | null = null;
    this.guarded(() => {
      found = own ? this.readOwn(own, this.volumes.trackLength(track)) : this.readKept(index, position ?? 0);
      if (found === null) this.break(`track ${track} of volume ${volume} fails its checksum`);
    });
    return found;
  }

  private readOwn({ slot, crc }: Written, lengthBytes: number): Uint8Array | null {
    const data = new Uint8Array(lengthBytes);
    this.writtenFile.read(slot * this.volumes.trackBytes, data);
    return crc32(data) === crc ? data : null;
  }

  private readKept(index: number, position: number): Uint8Array | null {
    const record = this.kept.at(position);
    return record?.index === index ? record.data : null;
  }

  private put(index: number, data: Uint8Array): void {
    const known = this.written.get(index);
    // A track that was kept before has its room already: what was kept of it is read no more.
    if (!known && !this.kept.positions.has(index)) this.needRoom();
    const slot = known?.slot ?? this.written.size;
    const { trackBytes } = this.volumes;
    const padded = data.length === trackBytes ? data : Buffer.concat([data], trackBytes);
    this.writtenFile.write(slot * trackBytes, padded);
    if (!known && !this.kept.positions.has(index)) this.tracks += 1;
    this.written.set(index, { slot, crc: crc32(data) });
  }

  private needRoom(): void {
    const { roomTracks } = this.head;
    if (this.tracks >= roomTracks)
      throw new DiskError('ENOSPC', KEPT_FILE, `the ${roomTracks} tracks it has room for are used up`);
  }

  /** Runs `change`; the clone breaks where its disk refuses. True where it is whole afterwards. */
  private guarded(change: () => void): boolean {
    if (this.damaged !== null) return false;
    try {
      change();
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      this.break(error.message);
    }
    return this.damaged === null;
  }

  private break(reason: string): void {
    this.damaged = reason;
  }

  private eachPart(
    offsetBytes: number,
    lengthBytes: number,
    visit: (track: number, from: number, to: number, at: number) => void,
  ): void {
    const { trackBytes } = this.volumes;
    for (let at = 0; at < lengthBytes; ) {
      const track = Math.floor((offsetBytes + at) / trackBytes);
      const from = (offsetBytes + at) % trackBytes;
      const to = Math.min(trackBytes, from + lengthBytes - at);
      visit(track, from, to, at);
      at += to - from;
    }
  }

  private indexOf(volume: number, track: number): number {
    return volume * this.volumes.tracksPerVolume + track;
  }
}
