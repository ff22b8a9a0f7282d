import type { Database } from './database.ts';

/**
 * The next epoch for a claim of a run or for an instruction given by hand. It only ever rises, over restarts too, so that
 * storage can tell an old driver from the present one (1b rule 8).
 */
export async function nextClaimEpoch(database: Database): Promise<number> {
  const { rows } = await database.pool.query<{ value: string }>(
    `UPDATE counters SET value = value + 1 WHERE name = 'claim-epoch' RETURNING value`,
  );
  const value = rows[0]?.value;
  if (value === undefined) throw new Error('the counter of claim epochs is missing from the database');
  return Number(value);
}
