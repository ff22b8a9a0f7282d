/** Order and search of the fleet. Pure. */
import type { FleetRow } from '../../server/api/views.ts';
import type { Severity } from '../../server/domain/group-status.ts';

const RANK: Record<Severity, number> = { critical: 0, major: 1, minor: 2, none: 3 };

/** Exceptions first: by severity, then groups a run works on, then by name. */
export function orderFleet(rows: readonly FleetRow[]): FleetRow[] {
  return [...rows].sort(
    (a, b) =>
      RANK[a.severity] - RANK[b.severity] ||
      Number(b.activeRun !== null) - Number(a.activeRun !== null) ||
      a.group.localeCompare(b.group),
  );
}

/** Rows in the order held on screen; those not in it yet come last, those gone are left out. */
export function holdOrder(rows: readonly FleetRow[], held: readonly string[]): FleetRow[] {
  const byName = new Map(rows.map((row) => [row.group, row]));
  const kept = held.flatMap((name) => byName.get(name) ?? []);
  return [...kept, ...orderFleet(rows.filter((row) => !held.includes(row.group)))];
}

/** How many rows stand elsewhere than their due place. */
export function wouldMove(shown: readonly FleetRow[], due: readonly FleetRow[]): number {
  return due.filter((row, index) => shown[index]?.group !== row.group).length;
}

/** Every word of `filter` must occur somewhere in what the row shows. */
export function matches(row: FleetRow, filter: string): boolean {
  const hay = [
    row.group,
    row.arrangement,
    row.arrangementTitle,
    row.operation,
    row.summary,
    row.exposure,
    ...row.pairs.map((pair) => pair.state),
  ]
    .join(' ')
    .toLowerCase();
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => hay.includes(word));
}

/** What can be done to whole groups. */
export type GroupAct = 'on' | 'off' | 'delete';

/** Names of those that `act` would change: what is switched on already needs no switching on. */
export function groupsFor(act: GroupAct, groups: readonly Pick<FleetRow, 'group' | 'powered'>[]): string[] {
  return groups.filter(({ powered }) => act === 'delete' || powered === (act === 'off')).map(({ group }) => group);
}
