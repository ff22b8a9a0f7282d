/**
 * One life of a process on ports that end with it: once dead, every port throws without effect and nothing that was due
 * runs, as after SIGKILL. It dies at a chosen change of its disk or volume, before or after that change is done.
 */
import type { Disk, DiskFile, Ports } from '../../domain/ports.ts';
import type { LedgerVolume } from '../ledger/volume.ts';
import type { ManualClock } from './manual-clock.ts';
import type { MemoryDisk } from './memory-disk.ts';
import { keptLog, seededEntropy } from './small-ports.ts';

export class Life {
  alive = true;
  changes = 0;

  constructor(
    private readonly clock: ManualClock,
    private readonly disk: MemoryDisk,
    private readonly diesAt: { change: number; done: boolean } | null,
  ) {}

  ports(): Pick<Ports, 'clock' | 'disk' | 'entropy' | 'log'> {
    const { clock } = this;
    const log = keptLog();
    return {
      clock: {
        now: () => clock.now(),
        monotonic: () => clock.monotonic(),
        after: (delayMs, run) => {
          this.check();
          return clock.after(delayMs, () => this.alive && run());
        },
      },
      disk: this.mortalDisk(),
      entropy: seededEntropy(this.diesAt?.change ?? 0),
      log: {
        write: (level, message, facts) => {
          this.check();
          log.write(level, message, facts);
        },
      },
    };
  }

  /** The same volume, seen from this life: its answers do not reach a dead host. */
  volume(volume: LedgerVolume): LedgerVolume {
    return {
      sizeBytes: volume.sizeBytes,
      readOnly: volume.readOnly,
      onLost: null,
      read: (offsetBytes, lengthBytes) => this.unlessDead(volume.read(offsetBytes, lengthBytes)),
      write: (offsetBytes, bytes) => this.unlessDead(this.change(() => volume.write(offsetBytes, bytes))),
      close: () => volume.close(),
    };
  }

  private mortalDisk(): Disk {
    const { disk } = this;
    const mortalFile = (file: DiskFile): DiskFile => ({
      sizeBytes: file.sizeBytes,
      read: (position, into) => file.read(position, into),
      write: (position, bytes) => this.change(() => file.write(position, bytes)),
      sync: () => file.sync(),
      close: () => file.close(),
    });
    return {
      bootId: disk.bootId,
      exists: (name) => disk.exists(name),
      list: (folder) => disk.list(folder),
      open: (name, createBytes) => mortalFile(this.change(() => disk.open(name, createBytes))),
      readWhole: (name) => disk.readWhole(name),
      replace: (name, content) => this.change(() => disk.replace(name, content)),
      remove: (name) => this.change(() => disk.remove(name)),
    };
  }

  private change<T>(act: () => T): T {
    this.check();
    this.changes += 1;
    if (this.changes !== this.diesAt?.change) return act();
    if (this.diesAt.done) act();
    this.alive = false;
    throw new Error('killed');
  }

  private unlessDead<T>(answer: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      answer.then(
        (value) => this.alive && resolve(value),
        (error: unknown) => this.alive && reject(error instanceof Error ? error : new Error(String(error))),
      );
    });
  }

  private check(): void {
    if (!this.alive) throw new Error('killed');
  }
}
