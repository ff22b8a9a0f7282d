/** Schedules of drills as rows, and what became of each moment at which one was due. */
import { randomUUID } from 'node:crypto';
import { refuse } from '../../domain/refusal.ts';
import type { Database } from '../database.ts';
import type { DrillFiring, DrillSchedule } from '../generated/client.ts';
import type { FiringView } from '../views.ts';

export interface ScheduleOrder {
  group: string;
  runbook: string;
  cron: string;
  zone: string;
  enabled: boolean;
  approvedBy: string | null;
}

export interface ScheduleRow extends ScheduleOrder {
  id: string;
  groupCreatedAt: number;
  disabledBecause: string | null;
  changedAt: number;
  changedBy: string;
}

function rowOf(row: DrillSchedule): ScheduleRow {
  return { ...row, groupCreatedAt: row.groupCreatedAt.getTime(), changedAt: row.changedAt.getTime() };
}

function firingOf({ id, dueAt, count, status, reason, bundle }: DrillFiring): FiringView {
  // Written by this file alone.
  return { id, dueAt: dueAt.getTime(), count, status: status as FiringView['status'], reason, bundle };
}

/** Makes the schedule of this runbook on this group, or replaces it. What was due before `at` does not count any more. */
export async function putSchedule(database: Database, order: ScheduleOrder, by: string, at: number): Promise<void> {
  const { group, runbook } = order;
  const { createdAt } = await database.prisma.group.findUniqueOrThrow({ where: { name: group } });
  const data = { ...order, groupCreatedAt: createdAt, disabledBecause: null, changedAt: new Date(at), changedBy: by };
  await database.prisma.drillSchedule.upsert({
    where: { group_runbook: { group, runbook } },
    create: { id: randomUUID(), ...data },
    update: data,
  });
}

/** Refuses with `wrong-state` where there is none. */
export async function removeSchedule(database: Database, group: string, runbook: string): Promise<void> {
  const { count } = await database.prisma.drillSchedule.deleteMany({ where: { group, runbook } });
  if (count === 0)
    throw refuse(
      'wrong-state',
      `runbook ${runbook} is not scheduled on group ${group}`,
      'List the schedules with `switchback runbook schedules`.',
    );
}

export async function readSchedules(database: Database, group: string | null): Promise<ScheduleRow[]> {
  const rows = await database.prisma.drillSchedule.findMany({
    where: group === null ? {} : { group },
    orderBy: [{ group: 'asc' }, { runbook: 'asc' }],
  });
  return rows.map(rowOf);
}

/** Newest first. */
export async function readFirings(database: Database, schedule: string, limit: number): Promise<FiringView[]> {
  const rows = await database.prisma.drillFiring.findMany({
    where: { schedule },
    orderBy: { dueAt: 'desc' },
    take: limit,
  });
  return rows.map(firingOf);
}

/** Switches a schedule off that nobody switched off. */
export async function disableSchedule(database: Database, id: string, because: string): Promise<void> {
  await database.prisma.drillSchedule.update({ where: { id }, data: { enabled: false, disabledBecause: because } });
}

/** When each existing group was created, ms, by name. */
export async function readGroupAges(database: Database): Promise<Map<string, number>> {
  const groups = await database.prisma.group.findMany({
    where: { deleting: false },
    select: { name: true, createdAt: true },
  });
  return new Map(groups.map(({ name, createdAt }) => [name, createdAt.getTime()]));
}

/**
 * Takes a moment of a schedule for oneself, or puts it on record as missed. Null where it was taken before: one moment is
 * decided once, however many look at the clock.
 */
export async function claimFiring(
  database: Database,
  { id: schedule, group, runbook }: ScheduleRow,
  moment: { dueAt: number; count: number; status: 'claimed' | 'missed'; reason: string | null },
  now: number,
): Promise<FiringView | null> {
  const [row] = await database.prisma.drillFiring.createManyAndReturn({
    data: [
      {
        id: randomUUID(),
        schedule,
        group,
        runbook,
        ...moment,
        dueAt: new Date(moment.dueAt),
        decidedAt: new Date(now),
      },
    ],
    skipDuplicates: true,
  });
  return row ? firingOf(row) : null;
}

export async function settleFiring(
  database: Database,
  id: string,
  outcome: { status: 'started' | 'skipped' | 'missed'; reason: string | null; bundle: string | null },
  now: number,
): Promise<void> {
  await database.prisma.drillFiring.update({ where: { id }, data: { ...outcome, decidedAt: new Date(now) } });
}

/** Moments that somebody took and did not decide: he was killed, or is about to. */
export async function readClaimed(database: Database, schedule: string): Promise<FiringView[]> {
  const rows = await database.prisma.drillFiring.findMany({ where: { schedule, status: 'claimed' } });
  return rows.map(firingOf);
}

/** The bundle of the drill that a firing started; null where it started none. */
export async function bundleOfFiring(database: Database, firing: string): Promise<string | null> {
  const drill = await database.prisma.drill.findUnique({ where: { firing }, select: { bundle: true } });
  return drill?.bundle ?? null;
}
