/**
 * Difference bitmap of one pair at one end: one bit per track of every volume, in two planes (1b rules 10–12). A set bit in
 * the `difference` plane says that source and destination may differ there; one in the `flight` plane that a copy of
 * the track is on its way. After a crash the planes are joined, so that no difference is forgotten between sending and answer.
 */
import type { Disk, DiskFile } from '../domain/ports.ts';
import { extend } from './sized-file.ts';
import { hasTrack, joinTracks, putTrack } from './track-bits.ts';

const WORD_BITS = 8;

export class DifferenceBitmap {
  private readonly file: DiskFile;
  private readonly difference: Uint8Array;
  private readonly flight: Uint8Array;
  private readonly planeBytes: number;
  private setCount = 0;
  private flightCount = 0;
  private cursor = 0;

  /**
   * Opens or creates `name`. A file that was not there is all bits where `whenLost` says so: a lost bitmap is all bits.
   */
  constructor(
    private readonly disk: Disk,
    private readonly name: string,
    volumes: number,
    readonly tracksPerVolume: number,
    whenLost: 'all' | 'none',
  ) {
    const tracks = volumes * tracksPerVolume;
    this.planeBytes = Math.ceil(tracks / WORD_BITS);
    this.tracks = tracks;
    const existed = disk.exists(name);
    this.file = disk.open(name, 2 * this.planeBytes);
    // One that is too short lost its power before it was whole on the platter.
    const isWhole = existed && this.file.sizeBytes >= 2 * this.planeBytes;
    extend(this.file, 2 * this.planeBytes);
    this.difference = new Uint8Array(this.planeBytes);
    this.flight = new Uint8Array(this.planeBytes);
    if (isWhole) {
      this.file.read(0, this.difference);
      this.file.read(this.planeBytes, this.flight);
      this.joinPlanes();
    } else if (whenLost === 'all') {
      this.setAll();
    }
  }

  readonly tracks: number;

  /** Tracks that may differ, those in flight among them. */
  get count(): number {
    return this.setCount + this.flightCount;
  }

  /** Tracks yet to be sent. */
  get waiting(): number {
    return this.setCount;
  }

  get inFlight(): number {
    return this.flightCount;
  }

  isSet(volume: number, track: number): boolean {
    const index = volume * this.tracksPerVolume + track;
    return hasTrack(this.difference, index) || hasTrack(this.flight, index);
  }

  /** On disk once it returns. Throws `DiskError`; then nothing was marked. */
  mark(volume: number, track: number): void {
    const index = volume * this.tracksPerVolume + track;
    if (hasTrack(this.difference, index)) return;
    const at = index >> 3;
    this.file.write(at, Uint8Array.of((this.difference[at] ?? 0) | (1 << (index & 7))));
    putTrack(this.difference, index, true);
    this.setCount += 1;
  }

  /** Takes the next waiting track into flight; null where none waits (a track in flight waits for its answer first). */
  take(): { volume: number; track: number } | null {
    if (this.setCount === 0) return null;
    const index = this.nextSet();
    if (index === null) return null;
    // The flight plane first: a kill between the two writes leaves the bit in both, never in neither.
    putTrack(this.flight, index, true);
    this.flightCount += 1;
    this.writeByte(this.planeBytes, this.flight, index);
    putTrack(this.difference, index, false);
    this.setCount -= 1;
    this.writeByte(0, this.difference, index);
    this.cursor = index + 1;
    return { volume: Math.floor(index / this.tracksPerVolume), track: index % this.tracksPerVolume };
  }

  /** The track differs no more. Throws `DiskError`. */
  unmark(volume: number, track: number): void {
    const index = volume * this.tracksPerVolume + track;
    if (!hasTrack(this.difference, index)) return;
    putTrack(this.difference, index, false);
    this.setCount -= 1;
    this.writeByte(0, this.difference, index);
  }

  /** The destination has answered the copy of this track. */
  landed(volume: number, track: number): void {
    const index = volume * this.tracksPerVolume + track;
    if (!hasTrack(this.flight, index)) return;
    putTrack(this.flight, index, false);
    this.flightCount -= 1;
    this.writeByte(this.planeBytes, this.flight, index);
  }

  /** What was in flight may not have arrived: joins it to the differences. */
  joinPlanes(): void {
    for (let i = 0; i < this.planeBytes; i += 1) this.difference[i] = (this.difference[i] ?? 0) | (this.flight[i] ?? 0);
    this.file.write(0, this.difference.slice());
    this.flight.fill(0);
    this.file.write(this.planeBytes, this.flight.slice());
    this.recount();
  }

  /** Joins the other end's bits (rule 12). */
  union(other: Uint8Array): void {
    if (other.length !== this.planeBytes) return this.setAll();
    joinTracks(this.difference, other);
    this.trimTail();
    this.file.write(0, this.difference.slice());
    this.recount();
  }

  /** Nothing but `tracks` may differ. Any part of it on disk is safe, for no bit of `tracks` is ever cleared. Throws `DiskError`. */
  narrowTo(tracks: Uint8Array): void {
    if (tracks.length !== this.planeBytes) return;
    for (let i = 0; i < this.planeBytes; i += 1) this.difference[i] = (this.difference[i] ?? 0) & (tracks[i] ?? 0);
    this.file.write(0, this.difference.slice());
    this.recount();
  }

  /** Both planes joined, as sent to the other end. */
  snapshot(): Uint8Array {
    const bytes = this.difference.slice();
    for (let i = 0; i < this.planeBytes; i += 1) bytes[i] = (bytes[i] ?? 0) | (this.flight[i] ?? 0);
    return bytes;
  }

  setAll(): void {
    this.difference.fill(0xff);
    this.trimTail();
    this.flight.fill(0);
    this.file.write(0, this.difference.slice());
    this.file.write(this.planeBytes, this.flight.slice());
    this.recount();
  }

  clear(): void {
    this.difference.fill(0);
    this.flight.fill(0);
    this.file.write(0, this.difference.slice());
    this.file.write(this.planeBytes, this.flight.slice());
    this.recount();
  }

  /** Set tracks per volume. */
  countOf(volume: number): number {
    return this.countWithin(volume, 0, this.tracksPerVolume);
  }

  /** Set tracks of a volume from track `from` up to, not including, `to`. */
  countWithin(volume: number, from: number, to: number): number {
    const end = volume * this.tracksPerVolume + Math.min(to, this.tracksPerVolume);
    let count = 0;
    for (let index = volume * this.tracksPerVolume + from; index < end; ) {
      const byte = (this.difference[index >> 3] ?? 0) | (this.flight[index >> 3] ?? 0);
      if (index % WORD_BITS === 0 && end - index >= WORD_BITS) {
        count += bitsOf(byte);
        index += WORD_BITS;
      } else {
        count += (byte >> (index & 7)) & 1;
        index += 1;
      }
    }
    return count;
  }

  /** The first `most` tracks that may differ, in order. */
  first(most: number): { volume: number; track: number }[] {
    const found: { volume: number; track: number }[] = [];
    for (let index = 0; index < this.tracks && found.length < most; index += 1) {
      if ((((this.difference[index >> 3] ?? 0) | (this.flight[index >> 3] ?? 0)) >> (index & 7)) & 1)
        found.push({ volume: Math.floor(index / this.tracksPerVolume), track: index % this.tracksPerVolume });
    }
    return found;
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

  private nextSet(): number | null {
    const from = this.cursor < this.tracks ? this.cursor : 0;
    return this.nextSetWithin(from, this.tracks) ?? this.nextSetWithin(0, from);
  }

  private nextSetWithin(from: number, to: number): number | null {
    for (let index = from; index < to; ) {
      if (index % WORD_BITS === 0 && this.difference[index >> 3] === 0) index += WORD_BITS;
      else if (hasTrack(this.difference, index) && !hasTrack(this.flight, index)) return index;
      else index += 1;
    }
    return null;
  }

  private trimTail(): void {
    const tail = this.tracks % WORD_BITS;
    if (tail > 0)
      this.difference[this.planeBytes - 1] = (this.difference[this.planeBytes - 1] ?? 0) & ((1 << tail) - 1);
  }

  private recount(): void {
    this.setCount = bits(this.difference);
    this.flightCount = bits(this.flight);
  }

  private writeByte(plane: number, bytes: Uint8Array, index: number): void {
    const at = index >> 3;
    this.file.write(plane + at, bytes.slice(at, at + 1));
  }
}

function bits(plane: Uint8Array): number {
  let count = 0;
  for (const byte of plane) count += bitsOf(byte);
  return count;
}

function bitsOf(byte: number): number {
  let count = 0;
  for (let rest = byte; rest > 0; rest &= rest - 1) count += 1;
  return count;
}
