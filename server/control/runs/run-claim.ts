/** A worker's claim of a run, as the database has it (1b rule 8). */
import type { DriverClaim } from '../../routines/run-store.ts';
import { nextClaimEpoch } from '../counters.ts';
import type { Database } from '../database.ts';

export class RunClaim implements DriverClaim {
  /** Epochs asked for under this claim whose answer may have been lost. All of them are this driver's and nobody else's. */
  private readonly asked = new Set<number>();

  private constructor(
    private readonly database: Database,
    private readonly run: string,
    private current: number,
  ) {}

  /** Takes the run over: from now on instructions of earlier drivers are older than those of this one. */
  static async take(database: Database, run: string, executor: string): Promise<RunClaim> {
    // One statement: claims stand in the order of their epochs, so that the newest always replaces the one before.
    const { rows } = await database.pool.query<{ claim_epoch: string }>(
      `WITH next AS (UPDATE counters SET value = value + 1 WHERE name = 'claim-epoch' RETURNING value)
       UPDATE runs SET executor = $2, claim_epoch = next.value FROM next WHERE id = $1 RETURNING claim_epoch`,
      [run, executor],
    );
    if (!rows[0]) throw new Error(`run ${run} cannot be claimed: it, or the counter of claims, is not in the database`);
    return new RunClaim(database, run, Number(rows[0].claim_epoch));
  }

  get epoch(): number {
    return this.current;
  }

  async renew(): Promise<void> {
    const wanted = await nextClaimEpoch(this.database);
    this.asked.add(wanted);
    await this.database.pool.query(
      'UPDATE runs SET claim_epoch = $2 WHERE id = $1 AND claim_epoch < $2 AND claim_epoch = ANY ($3::bigint[])',
      [this.run, wanted, [this.current, ...this.asked]],
    );
    if (!(await this.holds()) || this.current !== wanted)
      throw new Error(`the claim of run ${this.run} was not renewed`);
  }

  /** Does this claim still stand, or has another driver taken the run? */
  async holds(): Promise<boolean> {
    const { rows } = await this.database.pool.query<{ claim_epoch: string }>(
      'SELECT claim_epoch FROM runs WHERE id = $1',
      [this.run],
    );
    const stands = Number(rows[0]?.claim_epoch);
    if (this.asked.has(stands)) this.current = stands;
    return stands === this.current;
  }
}
