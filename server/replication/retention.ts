/**
 * What the destinations of one source keep in their journals for each other (1b rules 17, 20). Once the source is lost, those
 * that pulled from it resume from the synchronous one by update number; where they are ahead of it, what they have more tells
 * which tracks to copy back. How far each has come is told on the frames of the pairs.
 */
import type { SystemName } from '../domain/names.ts';
import type { Disk } from '../domain/ports.ts';
import { SlotRecord } from './slot-record.ts';
import type { SystemRecord } from './system-record.ts';

export interface Kept {
  consumer: SystemName;
  /** Everything above this number is kept. */
  number: number;
}

export class Retention {
  private readonly marks = new Map<SystemName, SlotRecord>();

  constructor(
    private readonly disk: Disk,
    private readonly record: SystemRecord,
    private readonly save: () => void,
  ) {
    for (const consumer of record.keepsFor ?? []) this.open(consumer);
  }

  /** The source says how far `consumer` has come; -1 where it feeds it no more. Throws `DiskError`. */
  note(consumer: SystemName, number: number): void {
    if (number < 0) return this.forget(consumer);
    const known = this.marks.get(consumer);
    // On the platter it may lag behind: then more is kept than has to be.
    if (known && known.values?.[0] !== number) known.write([number]);
    if (known) return;
    this.open(consumer).write([number]);
    this.record.keepsFor = [...this.marks.keys()];
    this.save();
  }

  /** Nothing is kept for it any more: this system feeds it itself, or nobody does. Throws `DiskError`. */
  forget(consumer: SystemName): void {
    const known = this.marks.get(consumer);
    if (!known) return;
    this.marks.delete(consumer);
    this.record.keepsFor = [...this.marks.keys()];
    this.save();
    known.close();
    this.disk.remove(fileOf(consumer));
  }

  all(): Kept[] {
    return [...this.marks].map(([consumer, mark]) => ({ consumer, number: mark.values?.[0] ?? 0 }));
  }

  close(): void {
    for (const mark of this.marks.values()) mark.close();
  }

  private open(consumer: SystemName): SlotRecord {
    const mark = new SlotRecord(this.disk, fileOf(consumer), 1);
    this.marks.set(consumer, mark);
    return mark;
  }
}

const fileOf = (consumer: SystemName) => `kept-${consumer}`;
