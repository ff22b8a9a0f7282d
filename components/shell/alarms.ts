import type { Alarm } from '../../server/domain/group-status.ts';

const ORDER = { critical: 0, major: 1, minor: 2 } as const;

/** Worst first, then oldest first: the order in which they want answers. */
export function orderAlarms(alarms: readonly Alarm[]): Alarm[] {
  return [...alarms].sort((a, b) => ORDER[a.severity] - ORDER[b.severity] || a.since - b.since);
}
