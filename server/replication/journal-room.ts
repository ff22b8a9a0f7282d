/**
 * Inflow control (spec: Replication; 1b rules 17, 19): the journal is finite. Whoever finds no room waits a little while
 * everything is made durable here and at the ends that lag; then the one furthest behind is let go, and bits take over.
 */
import { isFlowing } from '../domain/pair-states.ts';
import type { Timer } from '../domain/ports.ts';
import type { StorageCore } from './core.ts';

export interface JournalRoomEvents {
  /** Asks the other end of `key` to become durable and to say so. */
  askDurable(key: string): void;
  /** The other end of `key` lags too far: the pair is to keep bits instead of entries. */
  letGo(key: string): void;
  /** Whoever waits may try again. */
  room(): void;
}

export class JournalRoom {
  private neededBytes = 0;
  private sinceMs = 0;
  private timer: Timer | null = null;
  private waiting = false;

  constructor(
    private readonly core: StorageCore,
    private readonly events: JournalRoomEvents,
  ) {}

  /** Somebody waits with an entry of so many data bytes; `room` is called when it fits. */
  want(neededBytes: number): void {
    if (!this.waiting) {
      this.waiting = true;
      this.neededBytes = 0;
      this.sinceMs = this.core.ports.clock.monotonic();
    }
    this.neededBytes = Math.max(this.neededBytes, neededBytes);
    this.timer ??= this.core.life.after(0, () => this.seek());
  }

  /** Something became durable, here or elsewhere. */
  look(): void {
    if (!this.waiting) return;
    if (!this.core.journal.fits(this.neededBytes)) this.core.trim(true);
    if (!this.core.journal.fits(this.neededBytes)) return;
    this.waiting = false;
    this.timer?.cancel();
    this.timer = null;
    this.events.room();
  }

  private seek(): void {
    this.timer = null;
    this.look();
    if (!this.waiting) return;
    const { core } = this;
    if (core.checkpointNumber < core.lastNumber) core.checkpoints.hurry();
    else this.pressLaggard();
    if (this.waiting) this.timer ??= core.life.after(this.patienceMs / 8, () => this.seek());
  }

  /** Here all is durable, so it is another end that holds the journal. */
  private pressLaggard(): void {
    const { core } = this;
    const laggard = this.laggard();
    if (laggard === null) return;
    const waitedMs = core.ports.clock.monotonic() - this.sinceMs;
    if (waitedMs < this.patienceMs) return this.events.askDurable(laggard);
    core.observer.event('journal-overflow', `the journal is full; ${laggard} is suspended and keeps bits instead`, {
      key: laggard,
    });
    this.events.letGo(laggard);
    this.look();
  }

  /** So long a host or a source is held back: well before the source takes this end for dead. */
  private get patienceMs(): number {
    return this.core.config.timing.syncTimeoutMs / 2;
  }

  private laggard(): string | null {
    const { pairs } = this.core;
    let found: { key: string; durable: number } | null = null;
    for (const [key, pair] of pairs.all()) {
      if (!pairs.isSource(pair) || !isFlowing(pair.state) || this.core.snapshots.feeds(pair)) continue;
      const durable = pairs.peerDurable(key);
      if (found === null || durable < found.durable) found = { key, durable };
    }
    return found && found.durable < this.core.checkpointNumber ? found.key : null;
  }
}
