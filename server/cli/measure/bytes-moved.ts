/** What every pair of a group has moved, told apart by phase. Counters live in the processes of the sources and only grow. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '../client.ts';

/** Longer than a status takes to come from a storage process. */
const SETTLE_MS = 1_200;

export class BytesMoved {
  private readonly last = new Map<string, number>();

  constructor(
    private readonly client: Client,
    private readonly group: string,
  ) {}

  /** Bytes by pair since the last call. Waits until nothing moves any more. */
  async since(): Promise<Record<string, number>> {
    let now = await this.counters();
    for (;;) {
      await pause(SETTLE_MS);
      const next = await this.counters();
      const isQuiet = [...next].every(([pair, bytes]) => now.get(pair) === bytes) && next.size === now.size;
      now = next;
      if (isQuiet) break;
    }
    const moved: Record<string, number> = {};
    for (const [pair, bytes] of now) {
      const more = bytes - (this.last.get(pair) ?? 0);
      if (more > 0) moved[pair] = more;
      this.last.set(pair, bytes);
    }
    return moved;
  }

  private async counters(): Promise<Map<string, number>> {
    const { pairs } = await this.client.groups.status.query({ group: this.group });
    return new Map(pairs.flatMap(({ name, movedBytes }) => (movedBytes === null ? [] : [[name, movedBytes]])));
  }
}
