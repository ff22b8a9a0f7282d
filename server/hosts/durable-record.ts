/**
 * One small record in a file of its own, replaced as a whole and synced before anything is answered from it. A checksum
 * tells a damaged record from an absent one: an absent record is a first start, a damaged one must never be taken for it.
 */
import { crc32 } from 'node:zlib';
import type { z } from 'zod';
import { type Disk, DiskError } from '../domain/ports.ts';
import { type RefusedError, refuse } from '../domain/refusal.ts';

export class DurableRecord<T> {
  private content: T | null = null;
  /** Why the record cannot be read, or null. */
  private damage: string | null = null;
  /** A replacement failed: the file may hold the old or the new content, synced or not. */
  private uncertain = false;

  constructor(
    private readonly disk: Disk,
    private readonly name: string,
    private readonly schema: z.ZodType<T>,
  ) {
    this.load();
  }

  /** Why the record cannot be read, in words, or null. */
  get damaged(): string | null {
    return this.damage;
  }

  /**
   * What is on disk, or null before the first `write`. Refuses with `disk-fault` where the record is damaged, or where
   * the disk does not tell what it holds after a failed replacement.
   */
  read(): T | null {
    if (this.uncertain) this.settle();
    if (this.damage !== null) throw damagedRecord(this.name, this.damage);
    return this.content;
  }

  /** Replaces the record. Returns once it is durable; refuses with `disk-full` or `disk-fault`. */
  write(value: T): void {
    const bytes = encode(value);
    try {
      this.disk.replace(this.name, bytes);
    } catch (error) {
      // Old or new, and not known to be synced: the next reader has to find out and make it durable first.
      this.uncertain = true;
      throw refusalOfDisk(error, this.name);
    }
    this.content = value;
    this.damage = null;
    this.uncertain = false;
  }

  /** After a failed replacement: takes what the file holds and makes exactly that durable. */
  private settle(): void {
    this.load();
    if (this.damage !== null || this.content === null) {
      this.uncertain = this.damage !== null;
      return;
    }
    this.write(this.content);
  }

  private load(): void {
    this.content = null;
    this.damage = null;
    try {
      const bytes = this.disk.readWhole(this.name);
      if (bytes !== null) this.content = decode(bytes, this.schema);
    } catch (error) {
      if (!(error instanceof DiskError) && !(error instanceof BadRecord)) throw error;
      this.damage = error.message;
    }
  }
}

class BadRecord extends Error {}

function encode(value: unknown): Uint8Array {
  const body = Buffer.from(JSON.stringify(value));
  return Buffer.concat([Buffer.from(`${checksum(body)}\n`), body]);
}

function decode<T>(bytes: Uint8Array, schema: z.ZodType<T>): T {
  const text = Buffer.from(bytes);
  const lineEnd = text.indexOf(10);
  const body = text.subarray(lineEnd + 1);
  if (lineEnd < 0 || text.subarray(0, lineEnd).toString() !== checksum(body))
    throw new BadRecord('its checksum is wrong');
  let value: unknown;
  try {
    value = JSON.parse(body.toString());
  } catch {
    throw new BadRecord('it is not JSON');
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new BadRecord('its content is not of this version');
  return parsed.data;
}

function checksum(body: Uint8Array): string {
  return crc32(body).toString(16).padStart(8, '0');
}

function damagedRecord(name: string, damage: string): RefusedError {
  return refuse(
    'disk-fault',
    `The record ${name} cannot be read: ${damage}.`,
    'Restore the file from a copy, or give the process a new folder and form the group anew.',
  );
}

/** A disk's error as a refusal; anything else is passed through unchanged. */
export function refusalOfDisk(error: unknown, what: string): unknown {
  if (!(error instanceof DiskError)) return error;
  return error.code === 'ENOSPC'
    ? refuse(
        'disk-full',
        `${what} could not be written: ${error.message}.`,
        'Free space on the disk of this process, then try again.',
      )
    : refuse(
        'disk-fault',
        `${what} could not be written: ${error.message}.`,
        'Repair or replace the disk of this process, then try again.',
      );
}
