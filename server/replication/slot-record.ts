/**
 * A small record that is rewritten often and must survive a kill in the middle of a write: two slots in pages of their
 * own, each with sequence and checksum. The newer valid one counts (1b rule 10).
 */
import { crc32 } from 'node:zlib';
import type { Disk, DiskFile } from '../domain/ports.ts';
import { openSized } from './sized-file.ts';

const SLOT_BYTES = 4096;
/** Checksum, four bytes of nothing, sequence. */
const HEADER_BYTES = 16;
const SEQUENCE_AT = 8;

export class SlotRecord {
  private readonly file: DiskFile;
  private sequence = 0;
  private readonly buffer: Buffer;
  private current: readonly number[] | null;

  /** `fields` numbers (IEEE doubles, so exact up to 2^53) per record. */
  constructor(
    disk: Disk,
    name: string,
    private readonly fields: number,
  ) {
    this.file = openSized(disk, name, 2 * SLOT_BYTES);
    this.buffer = Buffer.alloc(HEADER_BYTES + fields * 8);
    const slots = [this.readSlot(0), this.readSlot(1)].filter((slot) => slot !== null);
    slots.sort((a, b) => b.sequence - a.sequence);
    this.sequence = slots[0]?.sequence ?? 0;
    this.current = slots[0]?.values ?? null;
  }

  /** The newest valid values, or null where none was ever written (or both slots are damaged). */
  get values(): readonly number[] | null {
    return this.current;
  }

  /** Survives the death of the process once it returns. */
  write(values: readonly number[]): void {
    this.sequence += 1;
    this.buffer.writeDoubleLE(this.sequence, SEQUENCE_AT);
    for (let i = 0; i < this.fields; i += 1) this.buffer.writeDoubleLE(values[i] ?? 0, HEADER_BYTES + i * 8);
    this.buffer.writeUInt32LE(crc32(this.buffer.subarray(4)), 0);
    this.file.write((this.sequence % 2) * SLOT_BYTES, Buffer.from(this.buffer));
    this.current = [...values];
  }

  sync(): Promise<void> {
    return this.file.sync();
  }

  close(): void {
    this.file.close();
  }

  private readSlot(slot: number): { sequence: number; values: number[] } | null {
    const bytes = Buffer.alloc(HEADER_BYTES + this.fields * 8);
    this.file.read(slot * SLOT_BYTES, bytes);
    const sequence = bytes.readDoubleLE(SEQUENCE_AT);
    if (sequence === 0 || bytes.readUInt32LE(0) !== crc32(bytes.subarray(4))) return null;
    const values: number[] = [];
    for (let i = 0; i < this.fields; i += 1) values.push(bytes.readDoubleLE(HEADER_BYTES + i * 8));
    return { sequence, values };
  }
}
