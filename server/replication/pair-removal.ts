/**
 * Deleting a pair. A system that takes host writes may drop its guard only where the other end, or the register, knows that
 * it goes on alone: else the other end would still vouch for writes it never saw (1b rule 3).
 */
import type { DriverToken } from '../domain/generation.ts';
import { pairName } from '../domain/names.ts';
import { isFlowing } from '../domain/pair-states.ts';
import { refusalOf, refuse } from '../domain/refusal.ts';
import type { StorageCore } from './core.ts';
import type { PairEnds } from './pair-ends.ts';
import type { Suspension } from './suspension.ts';
import type { PairRecord } from './system-record.ts';

export class PairRemoval {
  constructor(
    private readonly core: StorageCore,
    private readonly ends: PairEnds,
    private readonly suspension: Suspension,
    /** The other end of `key` may not have heard, though the line is up. */
    private readonly untold: (key: string) => void,
  ) {}

  /**
   * Deletes pair `key` here and, where it can be reached, at the other end; otherwise a tombstone tells it at the next
   * contact. Repeating it is harmless. Throws `RefusedError`, `DiskError`.
   */
  async remove(key: string, token: DriverToken): Promise<void> {
    const { core } = this;
    const pair = core.pairs.get(key);
    if (!pair) return;
    if (isFlowing(pair.state)) this.suspension.suspend(key, 'instruction', 'to be deleted', null, true);
    const isTold = await this.tellPeer(key, token);
    core.life.mustLive();
    if (core.pairs.get(key) !== pair) return;
    if (!isTold && !(await this.mayGoUntold(key, pair))) {
      const { source, destination, fence } = pair.definition;
      throw refuse(
        'not-confirmed',
        `${pairName(source, destination)} guards the writes of ${core.config.system} (fence level ${fence}), and ${core.pairs.peerOf(pair.definition)} cannot be told that they go on without it.`,
        'Restore the line or the other system, then delete the pair.',
      );
    }
    core.pairs.remove(key, token.claimEpoch);
  }

  private async tellPeer(key: string, token: DriverToken): Promise<boolean> {
    try {
      await this.ends.at(key).link.call('pair.delete', { key, token }, this.core.config.timing.callMs);
      return true;
    } catch (error) {
      const { code } = refusalOf(error);
      if (code !== 'unreachable' && code !== 'timeout' && code !== 'disk-fault') throw error;
      if (code === 'timeout') this.untold(key);
      return false;
    }
  }

  /** Under `status` it is enough that `alone` is on record; that takes a moment, so it is waited for within bounds. */
  private async mayGoUntold(key: string, pair: PairRecord): Promise<boolean> {
    const { core } = this;
    const { kind, fence } = pair.definition;
    const isGuard = kind === 'sync' && core.pairs.isSource(pair) && core.record.holdsHostRole;
    if (!isGuard || fence === 'never') return true;
    if (fence === 'data') return false;
    for (let tries = 0; tries < 10 && !pair.aloneRecorded; tries += 1) {
      await new Promise<void>((resolve) => core.ports.clock.after(core.config.timing.holdWritesMs / 10, resolve));
      core.life.mustLive();
      if (core.pairs.get(key) !== pair) return false;
    }
    return pair.aloneRecorded;
  }
}
