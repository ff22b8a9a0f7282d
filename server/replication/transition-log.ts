/** Every change of pair state at this system, one JSON line each, for post-mortems and the `lawful transition` checker. */
import type { Disk, DiskFile } from '../domain/ports.ts';
import type { PairTransition } from './config.ts';

const MAX_BYTES = 1024 * 1024;
const FILE = 'transitions.log';
const OLDER = 'transitions.old.log';

export class TransitionLog {
  private file: DiskFile;
  private end: number;

  constructor(
    private readonly disk: Disk,
    private readonly system: string,
  ) {
    this.file = disk.open(FILE, 0);
    this.end = this.file.sizeBytes;
  }

  append(change: PairTransition): void {
    const line = Buffer.from(`${JSON.stringify({ system: this.system, ...change })}\n`);
    if (this.end + line.length > MAX_BYTES) this.rotate();
    this.file.write(this.end, line);
    this.end += line.length;
  }

  close(): void {
    this.file.close();
  }

  private rotate(): void {
    this.file.close();
    this.disk.replace(OLDER, this.disk.readWhole(FILE) ?? new Uint8Array(0));
    this.disk.remove(FILE);
    this.file = this.disk.open(FILE, 0);
    this.end = 0;
  }
}
