/** The data volumes of one consistency group at one storage system. */
import type { Clock, Disk, DiskFile } from '../domain/ports.ts';
import type { Entry } from './entry.ts';
import { openSized } from './sized-file.ts';

export class Volumes {
  private readonly files: DiskFile[] = [];
  private readonly zeroes: Uint8Array;
  private readonly changed = new Set<number>();
  /** Told of every range before it changes, whatever changes it. */
  beforeChange: ((volume: number, offsetBytes: number, lengthBytes: number) => void) | null = null;
  /** Monotonic instant of the last read, write or sync that succeeded. */
  lastIoAtMs: number;

  constructor(
    disk: Disk,
    private readonly clock: Clock,
    readonly count: number,
    readonly volumeBytes: number,
    readonly trackBytes: number,
  ) {
    for (let volume = 0; volume < count; volume += 1) this.files.push(openSized(disk, `volume-${volume}`, volumeBytes));
    this.zeroes = new Uint8Array(Math.min(1024 * 1024, volumeBytes));
    this.lastIoAtMs = clock.monotonic();
  }

  get tracksPerVolume(): number {
    return Math.ceil(this.volumeBytes / this.trackBytes);
  }

  /** Why the range cannot be accessed, or null. */
  outOfRange(volume: number, offsetBytes: number, lengthBytes: number): string | null {
    if (!Number.isInteger(volume) || volume < 0 || volume >= this.count) return `there is no volume ${volume}`;
    if (!Number.isSafeInteger(offsetBytes) || offsetBytes < 0 || lengthBytes < 0)
      return 'the range is not one of bytes';
    return offsetBytes + lengthBytes > this.volumeBytes
      ? `the range ends at ${offsetBytes + lengthBytes}, the volume at ${this.volumeBytes}`
      : null;
  }

  /** Throws `DiskError`. */
  read(volume: number, offsetBytes: number, into: Uint8Array): void {
    this.file(volume).read(offsetBytes, into);
    this.lastIoAtMs = this.clock.monotonic();
  }

  /** Carries out `entry`; `void` changes nothing. Throws `DiskError`. */
  apply(entry: Entry): void {
    if (entry.kind === 'write') this.write(entry.volume, entry.offsetBytes, entry.data);
    else if (entry.kind === 'zeroes') this.zero(entry.volume, entry.offsetBytes, entry.lengthBytes);
  }

  write(volume: number, offsetBytes: number, data: Uint8Array): void {
    this.beforeChange?.(volume, offsetBytes, data.length);
    this.changed.add(volume);
    this.file(volume).write(offsetBytes, data);
    this.lastIoAtMs = this.clock.monotonic();
  }

  /** Are these the bytes that stand there? If so they are made durable with the next sync, as if they had been written now. */
  holds(volume: number, offsetBytes: number, data: Uint8Array): boolean {
    const present = new Uint8Array(data.length);
    this.read(volume, offsetBytes, present);
    if (Buffer.compare(present, data) !== 0) return false;
    this.changed.add(volume);
    return true;
  }

  private zero(volume: number, offsetBytes: number, lengthBytes: number): void {
    for (let done = 0; done < lengthBytes; done += this.zeroes.length) {
      this.write(volume, offsetBytes + done, this.zeroes.subarray(0, Math.min(this.zeroes.length, lengthBytes - done)));
    }
  }

  /** Bytes of the last track may be fewer. */
  trackLength(track: number): number {
    return Math.min(this.trackBytes, this.volumeBytes - track * this.trackBytes);
  }

  readTrack(volume: number, track: number): Uint8Array {
    const bytes = new Uint8Array(this.trackLength(track));
    this.read(volume, track * this.trackBytes, bytes);
    return bytes;
  }

  /** Makes every change that was made before the call durable. */
  async sync(): Promise<void> {
    const volumes = [...this.changed];
    if (volumes.length === 0) return;
    this.changed.clear();
    try {
      for (const volume of volumes) await this.file(volume).sync();
    } catch (error) {
      for (const volume of volumes) this.changed.add(volume);
      throw error;
    }
    this.lastIoAtMs = this.clock.monotonic();
  }

  get dirty(): boolean {
    return this.changed.size > 0;
  }

  close(): void {
    for (const file of this.files) file.close();
  }

  private file(volume: number): DiskFile {
    const file = this.files[volume];
    if (!file) throw new RangeError(`volume ${volume} of ${this.count}`);
    return file;
  }
}
