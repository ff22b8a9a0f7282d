/** One-second gauges of each group, kept for charts for a day. Written by the leading worker. */

import type { GroupStatus } from '../domain/group-status.ts';
import type { Database } from './database.ts';
import type { RollupPoint } from './views.ts';

const KEEP = '24 hours';

/** The gauges of a status, as of the second that begins at `at`. */
export function rollupOf(status: GroupStatus, at: number): RollupPoint {
  return {
    at,
    rpoMs: status.rpo.nowMs,
    systems: Object.fromEntries(
      status.systems.map((system) => [
        system.name,
        {
          writesPerSecond: system.writesPerSecond ?? 0,
          bytesPerSecond: system.bytesPerSecond ?? 0,
          journalUsedBytes: system.journal?.usedBytes ?? 0,
        },
      ]),
    ),
    pairs: Object.fromEntries(
      status.pairs.map((pair) => [
        pair.name,
        {
          state: pair.state,
          lagMs: pair.lag?.ms ?? null,
          lagBytes: pair.lag?.bytes ?? 0,
          bytesPerSecond: pair.rateBytesPerSecond ?? 0,
        },
      ]),
    ),
  };
}

/** A second written twice stays as it was first. */
export async function writeRollups(
  database: Database,
  points: readonly { group: string; point: RollupPoint }[],
): Promise<void> {
  if (points.length === 0) return;
  await database.pool.query(
    `INSERT INTO rollups ("group", at, point) SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::json[]) ON CONFLICT DO NOTHING`,
    [
      points.map(({ group }) => group),
      points.map(({ point }) => new Date(point.at)),
      points.map(({ point }) => JSON.stringify(point)),
    ],
  );
}

/** Oldest first; both bounds are ms and inclusive. */
export async function readRollups(database: Database, group: string, from: number, to: number): Promise<RollupPoint[]> {
  const { rows } = await database.pool.query<{ point: RollupPoint }>(
    'SELECT point FROM rollups WHERE "group" = $1 AND at BETWEEN $2 AND $3 ORDER BY at LIMIT 10000',
    [group, new Date(from), new Date(to)],
  );
  return rows.map(({ point }) => point);
}

export async function removeOldRollups(database: Database): Promise<void> {
  await database.pool.query(`DELETE FROM rollups WHERE at < now() - interval '${KEEP}'`);
}
