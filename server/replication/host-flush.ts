/** FLUSH of hosts: coalesced, and forwarded to every synchronous destination in duplex (1b rule 18). */
import type { StorageCore } from './core.ts';
import { EIO } from './host-gate.ts';

export class HostFlush {
  private waiting: ((errno: number) => void)[] = [];
  private running: ((errno: number) => void)[] | null = null;

  constructor(
    private readonly core: StorageCore,
    /** Makes what was completed durable at the other end of `key`. */
    private readonly flushPeer: (key: string) => Promise<void>,
  ) {}

  /** `done` gets 0 once everything completed before the call survives the machine, at both ends of a sync pair in duplex. */
  flush(done: (errno: number) => void): void {
    this.waiting.push(done);
    this.next();
  }

  /** Nobody will answer any more. */
  abandon(errno: number): void {
    const all = [...(this.running ?? []), ...this.waiting];
    this.running = null;
    this.waiting = [];
    for (const done of all) done(errno);
  }

  private next(): void {
    if (this.running || this.waiting.length === 0) return;
    this.running = this.waiting;
    this.waiting = [];
    this.core.life.when(
      this.everywhere(),
      () => this.settle(0),
      () => this.settle(EIO),
    );
  }

  private settle(errno: number): void {
    const settled = this.running ?? [];
    this.running = null;
    for (const done of settled) done(errno);
    this.next();
  }

  private async everywhere(): Promise<void> {
    const { pairs } = this.core;
    const peers: Promise<void>[] = [];
    for (const [key, pair] of pairs.all()) {
      const isForwarded = pair.definition.kind === 'sync' && pairs.isSource(pair) && pair.state === 'duplex';
      if (!isForwarded || this.core.mutant('flush-local-only')) continue;
      // A peer that fails to answer leaves duplex by itself; then this end alone is what counts.
      peers.push(
        this.flushPeer(key).catch((error: unknown) => {
          if (pairs.get(key)?.state === 'duplex') throw error;
        }),
      );
    }
    await Promise.all([this.core.checkpoints.run(), ...peers]);
  }
}
