/** Which moments of a schedule are due, and which were missed. Pure: the moments come from the cron expression. */

/** A drill that cannot begin within this of its moment does not begin late: the group was promised to nobody at that hour. */
export const LATE_MS = 60_000;

export interface Due {
  /** To be decided now; null where none is. */
  due: number | null;
  /** Passed while nobody looked; told as one entry, at the last of them. */
  missed: { dueAt: number; count: number } | null;
}

/** `moments`: since the last one that was decided, oldest first, none after `now`. */
export function dueOf(moments: readonly number[], now: number, lateMs = LATE_MS): Due {
  const last = moments.at(-1) ?? null;
  const due = last !== null && now - last <= lateMs ? last : null;
  const passed = due === null ? moments : moments.slice(0, -1);
  const lastPassed = passed.at(-1);
  return { due, missed: lastPassed === undefined ? null : { dueAt: lastPassed, count: passed.length } };
}
