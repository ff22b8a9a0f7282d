/** Schedules as operators ask for them and see them. */
import { hindranceText } from '../../domain/evidence/health.ts';
import type { GroupStatus } from '../../domain/group-status.ts';
import { refuse } from '../../domain/refusal.ts';
import type { Database } from '../database.ts';
import { readGroup } from '../groups.ts';
import type { ScheduleView } from '../views.ts';
import { findRunbook, type RunbookEntry } from './runbook-library.ts';
import { putSchedule, readFirings, readSchedules, removeSchedule, type ScheduleOrder } from './schedule-records.ts';
import { readCron } from './schedule-times.ts';

/** Moments shown of each schedule. */
const FIRINGS_SHOWN = 5;

/** Makes or replaces the schedule of a runbook on a group. Refuses what could never begin: another arrangement, a moment that never comes. */
export async function schedule(
  database: Database,
  library: readonly RunbookEntry[],
  order: ScheduleOrder,
  by: string,
): Promise<ScheduleView> {
  const entry = findRunbook(library, order.runbook);
  const { arrangement } = await readGroup(database, order.group);
  if (entry.arrangement !== arrangement.id)
    throw refuse(
      'wrong-state',
      `${entry.name} is a runbook for ${entry.arrangement}, and group ${order.group} is ${arrangement.id}`,
      'Take a runbook of its arrangement, or another group.',
    );
  const now = Date.now();
  const { cron } = readCron(order.cron, order.zone, now);
  await putSchedule(database, { ...order, cron }, by, now);
  const views = await readScheduleViews(database, library, order.group, () => null);
  const view = views.find(({ runbook }) => runbook === order.runbook);
  if (!view) throw refuse('wrong-state', 'the schedule was removed meanwhile', 'Make it again if it is wanted.');
  return view;
}

export async function unschedule(
  database: Database,
  { group, runbook }: { group: string; runbook: string },
): Promise<{ group: string; runbook: string }> {
  await removeSchedule(database, group, runbook);
  return { group, runbook };
}

/** `status`: of a group as it is now, for what would speak against its drill. */
export async function readScheduleViews(
  database: Database,
  library: readonly RunbookEntry[],
  group: string | null,
  status: (group: string) => GroupStatus | null,
): Promise<ScheduleView[]> {
  const now = Date.now();
  const rows = await readSchedules(database, group);
  return Promise.all(
    rows.map(async ({ id, groupCreatedAt: _created, ...row }) => {
      const { words, next } = readCron(row.cron, row.zone, now);
      const found = status(row.group);
      return {
        ...row,
        title: library.find(({ name }) => name === row.runbook)?.title ?? null,
        words,
        next: row.enabled ? next : [],
        hindrance: found ? hindranceText({ status: found, drill: await drillUnderWay(database, row.group) }) : null,
        firings: await readFirings(database, id, FIRINGS_SHOWN),
      };
    }),
  );
}

/** Title of the drill that is being recorded on a group; null where none is. */
export async function drillUnderWay(database: Database, group: string): Promise<string | null> {
  const drill = await database.prisma.drill.findFirst({ where: { group, status: { not: 'sealed' } } });
  return drill?.title ?? null;
}
