/** What a host knows of its own storage system: testimony it asked for, never a judgement of its own (1b rule 6). */
import type { SystemName } from '../domain/names.ts';
import type { Clock } from '../domain/ports.ts';
import { refuse } from '../domain/refusal.ts';
import type { Caller } from './connections.ts';
import { parseTestimony, type StorageTestimony } from './messages.ts';

export class StorageWatch {
  /** Last testimony; null before the first. */
  testimony: StorageTestimony | null = null;
  /** Did it answer when it was asked last? */
  answers = false;
  private askedAtMs = 0;

  constructor(
    private readonly clock: Clock,
    private readonly system: SystemName,
    private readonly storage: () => Caller | null,
    /** How long it may take to answer, ms. */
    private readonly timeoutMs: number,
  ) {}

  /** Asks now. Rejects with `unreachable` or `timeout`; then `answers` is false. */
  async ask(): Promise<StorageTestimony> {
    const askedAtMs = this.clock.monotonic();
    try {
      const storage = this.storage();
      if (!storage)
        throw refuse(
          'unreachable',
          `Storage system ${this.system} does not answer its host.`,
          'Restart it, or wait until it has started.',
        );
      const testimony = parseTestimony(
        await storage.call('storage', { target: this.system, instruction: { verb: 'query' } }, this.timeoutMs),
      );
      if (this.testimony === null || askedAtMs >= this.askedAtMs) {
        this.testimony = testimony;
        this.askedAtMs = askedAtMs;
        this.answers = true;
      }
      return testimony;
    } catch (error) {
      if (askedAtMs >= this.askedAtMs) this.answers = false;
      throw error;
    }
  }

  /** Age of its last successful disk access, now and at most: it grows while the storage system is silent. */
  lastIoAgeMs(): number {
    const sinceMs = this.clock.monotonic() - this.askedAtMs;
    return this.testimony === null ? sinceMs : this.testimony.lastIoAgeMs + sinceMs;
  }
}
