/** Two drivers (1b rule 8): the newest token is on record, and whoever was replaced is refused. */
import { compareTokens, type DriverToken } from '../domain/generation.ts';
import { refuse } from '../domain/refusal.ts';
import type { StorageCore } from './core.ts';

export class Drivers {
  constructor(private readonly core: StorageCore) {}

  /** Persists `token` if it is the newest, and refuses one that is older than any seen. Throws `RefusedError`, `DiskError`. */
  admit(token: DriverToken): void {
    const { record, config } = this.core;
    const known = record.token;
    const order = known ? compareTokens(token, known) : 1;
    if (known && order < 0 && !this.core.mutant('stale-instruction-accepted'))
      throw refuse(
        'stale-driver',
        `${config.system} has already heard driver ${known.claimEpoch} (run ${known.runId}, step ordinal ${known.step}); this instruction is of ${token.claimEpoch}, step ordinal ${token.step}.`,
        'Resume the run: it takes a new claim. A delayed instruction needs nothing.',
      );
    if (order === 0) return;
    record.token = token;
    this.core.save();
  }
}
