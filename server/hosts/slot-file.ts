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
    const content = new Uint8Array(2 * SLOT_BYTES);
    this.file.read(0, content);
    const newest = newestSlot(content, fields);
    if (!newest) return;
    this.counter = newest.counter;
    this.values = newest.values;
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
}

/** The numbers written last into the file called `name`, without opening it for change; null where there are none. */
export function peekSlots(disk: Disk, name: string, fields: number): readonly number[] | null {
  const content = disk.readWhole(name);
  return content && (newestSlot(content, fields)?.values ?? null);
}

function newestSlot(content: Uint8Array, fields: number): { counter: number; values: readonly number[] } | null {
  let newest: { counter: number; values: readonly number[] } | null = null;
  for (const at of [0, SLOT_BYTES]) {
    const slot = content.slice(at, at + FIELDS_AT + fields * 8);
    if (slot.length < FIELDS_AT + fields * 8) continue;
    const view = new DataView(slot.buffer);
    if (view.getUint32(0, true) !== MAGIC || view.getUint32(4, true) !== crc32(slot.subarray(COUNTER_AT))) continue;
    const counter = view.getFloat64(COUNTER_AT, true);
    if (newest && counter <= newest.counter) continue;
    newest = {
      counter,
      values: Array.from({ length: fields }, (_, field) => view.getFloat64(FIELDS_AT + field * 8, true)),
    };
  }
  return newest;
}
