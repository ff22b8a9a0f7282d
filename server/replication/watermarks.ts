/** How far this system has come, rewritten often: answered to its source, durable, completed to its hosts (1b rules 5, 6, 10). */
import type { Disk } from '../domain/ports.ts';
import { SlotRecord } from './slot-record.ts';

export class Watermarks {
  private readonly slots: SlotRecord;
  private values: { answered: number; checkpoint: number; completed: number };

  /** Marks of an older history than `history` count for nothing: this one began behind `base`. Throws `DiskError`. */
  constructor(
    disk: Disk,
    private history: number,
    base: number,
  ) {
    this.slots = new SlotRecord(disk, 'watermarks', 4);
    const [answered = 0, checkpoint = 0, completed = 0, of = 0] = this.slots.values ?? [];
    this.values =
      of === history
        ? { answered, checkpoint, completed }
        : { answered: base, checkpoint: base, completed: Math.min(completed, base) };
  }

  /** Highest number ever answered to a source; on disk before the answer leaves (rule 5). */
  get answered(): number {
    return this.values.answered;
  }

  /** Everything up to here was synced. */
  get checkpoint(): number {
    return this.values.checkpoint;
  }

  /** Highest number completed to a host; on disk before the host is answered (rule 6). */
  get completed(): number {
    return this.values.completed;
  }

  noteAnswered(number: number): void {
    if (number > this.answered) this.write({ ...this.values, answered: number });
  }

  noteCheckpoint(number: number): void {
    if (number !== this.checkpoint) this.write({ ...this.values, checkpoint: number });
  }

  noteCompleted(number: number): void {
    if (number > this.completed) this.write({ ...this.values, completed: number });
  }

  /** The image has another history from now on: earlier answers were given in the one before. */
  begin(history: number, base: number): void {
    this.history = history;
    this.write({ answered: base, checkpoint: base, completed: Math.min(this.completed, base) });
  }

  /** Tries the disk. */
  rewrite(): void {
    this.write(this.values);
  }

  sync(): Promise<void> {
    return this.slots.sync();
  }

  close(): void {
    this.slots.close();
  }

  private write(values: { answered: number; checkpoint: number; completed: number }): void {
    this.slots.write([values.answered, values.checkpoint, values.completed, this.history]);
    this.values = values;
  }
}
