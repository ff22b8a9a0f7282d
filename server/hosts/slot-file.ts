/**
 * A few numbers, rewritten often. Two slots, each with a counter and a checksum, are written in turn, so that a write torn
 * by SIGKILL leaves the one before it readable (1b rule 10). A write survives the death of the process when it returns.
 */
import { crc32 } from 'node:zlib';
import type { Disk, DiskFile } from '../domain/ports.ts';

const MAGIC = 0x53574e54;
/** A slot has a page of its own: a torn write stops at page boundaries. */
const SLOT_BYTES = 4096;
const COUNTER_AT = 8;
const FIELDS_AT = 16;

export class SlotFile {
  private readonly file: DiskFile;
  private readonly slot: Uint8Array;
  private counter = 0;
  private values: readonly number[] | null = null;

  /** Opens or creates it, for `fields` numbers (at most 500). Throws `DiskError`. */
  constructor(disk: Disk, name: string, fields: number) {
    this.slot = new Uint8Array(FIELDS_AT + fields * 8);
    this.file = disk.open(name, 2 * SLOT_BYTES);
    // A kill while the file was created may have left it short.
    const missingBytes = 2 * SLOT_BYTES - this.file.sizeBytes;
    if (missingBytes > 0) this.file.write(this.file.sizeBytes, new Uint8Array(missingBytes));
    for (const index of [0, 1]) this.recover(index);
  }

  /** The numbers written last, or null before the first write. */
  read(): readonly number[] | null {
    return this.values;
  }

  /** Throws `DiskError`; what was written before then still stands. */
  write(values: readonly number[]): void {
    const counter = this.counter + 1;
    const view = new DataView(this.slot.buffer);
    view.setUint32(0, MAGIC, true);
    view.setFloat64(COUNTER_AT, counter, true);
    for (const [index, value] of values.entries()) view.setFloat64(FIELDS_AT + index * 8, value, true);
    view.setUint32(4, crc32(this.slot.subarray(COUNTER_AT)), true);
    this.file.write((counter % 2) * SLOT_BYTES, this.slot.slice());
    this.counter = counter;
    this.values = [...values];
  }

  private recover(index: number): void {
    const slot = new Uint8Array(this.slot.length);
    this.file.read(index * SLOT_BYTES, slot);
    const view = new DataView(slot.buffer);
    if (view.getUint32(0, true) !== MAGIC || view.getUint32(4, true) !== crc32(slot.subarray(COUNTER_AT))) return;
    const counter = view.getFloat64(COUNTER_AT, true);
    if (counter <= this.counter) return;
    this.counter = counter;
    this.values = Array.from({ length: (slot.length - FIELDS_AT) / 8 }, (_, field) =>
      view.getFloat64(FIELDS_AT + field * 8, true),
    );
  }
}
