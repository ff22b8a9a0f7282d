/** How old the newest write is that a system holds: a host stamps one block with its clock, another reads it there. */
import { setTimeout as pause } from 'node:timers/promises';
import type { NbdClient } from '../../nbd/client.ts';

const BLOCK_BYTES = 4096;
const STAMP_EVERY_MS = 20;
const READ_EVERY_MS = 10;

export class Beacon {
  readonly agesMs: number[] = [];
  private goOn = true;
  private readonly work: Promise<unknown>;

  /** Stamps byte `offset` of `written`, and reads it from `read`, until `stop`. */
  constructor(
    private readonly written: NbdClient,
    private readonly read: NbdClient,
    private readonly offset: number,
  ) {
    this.work = Promise.all([this.stamp(), this.look()]);
  }

  /** Rejects where a write or a read has failed. */
  async stop(): Promise<void> {
    this.goOn = false;
    await this.work;
  }

  private async stamp(): Promise<void> {
    while (this.goOn) {
      const block = Buffer.alloc(BLOCK_BYTES);
      block.writeDoubleLE(performance.now(), 0);
      await new Promise<void>((resolve, reject) =>
        this.written.write(this.offset, block, false, (error) => (error ? reject(error) : resolve())),
      );
      await pause(STAMP_EVERY_MS);
    }
  }

  private async look(): Promise<void> {
    const block = Buffer.alloc(BLOCK_BYTES);
    while (this.goOn) {
      await new Promise<void>((resolve, reject) =>
        this.read.read(this.offset, block, (error) => (error ? reject(error) : resolve())),
      );
      const stamped = block.readDoubleLE(0);
      if (stamped > 0) this.agesMs.push(performance.now() - stamped);
      await pause(READ_EVERY_MS);
    }
  }
}

/** The value below which a share of `values` lies; NaN of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
