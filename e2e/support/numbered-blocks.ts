/**
 * A host that writes numbered blocks in order, many at once, over and over the same places; and what it proves of an
 * image: that it is the state after some prefix of that order.
 */
import { expect } from '@playwright/test';
import type { NbdClient } from '../../server/nbd/client.ts';

export const BLOCK_BYTES = 4096;
const IN_FLIGHT = 32;

export class NumberedBlocks {
  /** Highest number handed to the volume, and highest below which all were answered. Numbers begin at 1. */
  sent = 0;
  readonly answered = new Set<number>();
  /** Set once a write failed: the volume is gone. */
  failure: Error | null = null;
  private outstanding = 0;
  private goOn = true;
  private stopped: (() => void) | null = null;

  constructor(
    private readonly client: NbdClient,
    /** Blocks of the volume that are written in turn. */
    readonly places: number,
  ) {}

  /** Keeps `IN_FLIGHT` writes under way until `stop` or the first failure. */
  start(): void {
    for (let i = 0; i < IN_FLIGHT; i += 1) this.writeNext();
  }

  /** Resolves when nothing is under way any more. */
  stop(): Promise<void> {
    this.goOn = false;
    return new Promise((resolve) => {
      if (this.outstanding === 0) resolve();
      else this.stopped = resolve;
    });
  }

  private writeNext(): void {
    if (!this.goOn) return;
    this.sent += 1;
    const number = this.sent;
    this.outstanding += 1;
    this.client.write(placeOf(number, this.places) * BLOCK_BYTES, blockOf(number), false, (error) => {
      this.outstanding -= 1;
      if (error) {
        this.failure ??= error;
        this.goOn = false;
      } else {
        this.answered.add(number);
      }
      this.writeNext();
      if (!this.goOn && this.outstanding === 0) this.stopped?.();
    });
  }
}

function placeOf(number: number, places: number): number {
  return (number - 1) % places;
}

/** The whole block depends on the number, so that a torn one is seen. */
function blockOf(number: number): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES, number % 251);
  block.writeDoubleLE(number, 0);
  block.writeDoubleLE(number, BLOCK_BYTES - 8);
  return block;
}

/** Asserts that `image` is the state after a prefix of the writes, and that every answered one is within it. */
export function expectPrefix(image: Buffer, writer: NumberedBlocks): void {
  const numbers = Array.from({ length: writer.places }, (_, place) => numberAt(image, place));
  const last = Math.max(...numbers);
  expect(last).toBeGreaterThanOrEqual(Math.max(...writer.answered));
  expect(last).toBeLessThanOrEqual(writer.sent);
  const wanted = numbers.map((_, place) => {
    const rounds = Math.floor((last - 1 - place) / writer.places);
    return rounds < 0 ? 0 : place + 1 + rounds * writer.places;
  });
  expect(numbers).toEqual(wanted);
  for (const [place, number] of numbers.entries()) {
    const found = image.subarray(place * BLOCK_BYTES, (place + 1) * BLOCK_BYTES);
    expect(found.equals(number === 0 ? Buffer.alloc(BLOCK_BYTES) : blockOf(number)), `block at ${place}`).toBe(true);
  }
}

function numberAt(image: Buffer, place: number): number {
  return image.readDoubleLE(place * BLOCK_BYTES);
}
