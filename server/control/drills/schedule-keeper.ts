/**
 * Starts scheduled drills. The worker that leads looks at the clock; a moment is taken by a row of its own, so that it is decided
 * once whoever leads, and a moment that its taker did not live to decide is decided by the next.
 */
import { dueOf, LATE_MS } from '../../domain/evidence/firings.ts';
import { hindranceText } from '../../domain/evidence/health.ts';
import type { GroupStatus } from '../../domain/group-status.ts';
import type { Log } from '../../domain/ports.ts';
import { RefusedError } from '../../domain/refusal.ts';
import type { Database } from '../database.ts';
import type { NewEvent } from '../event-log.ts';
import type { DrillView, FiringView } from '../views.ts';
import type { DrillRequest } from './drill-service.ts';
import type { RunbookEntry } from './runbook-library.ts';
import {
  bundleOfFiring,
  claimFiring,
  disableSchedule,
  readClaimed,
  readFirings,
  readGroupAges,
  readSchedules,
  type ScheduleRow,
  settleFiring,
} from './schedule-records.ts';
import { momentsBetween } from './schedule-times.ts';

/** A worker that has just begun to lead has not heard of everything yet, and would take it for unknown. */
const SETTLES_WITHIN_MS = 10_000;

export interface KeeperParts {
  database: Database;
  /** Wall clock, ms. */
  now: () => number;
  status: (group: string) => GroupStatus | null;
  library: () => RunbookEntry[];
  /** Title of the drill that is being recorded on a group. */
  underWay: (group: string) => Promise<string | null>;
  start: (request: DrillRequest, by: string) => Promise<DrillView>;
  tell: (event: NewEvent) => void;
  log: Log;
}

export class ScheduleKeeper {
  private looking = false;
  private notBefore = Number.POSITIVE_INFINITY;
  /** Moments that this keeper took itself and is deciding. */
  private readonly deciding = new Set<string>();

  constructor(private readonly parts: KeeperParts) {}

  /** From now on this worker looks at the clock, or no longer does. */
  lead(leads: boolean): void {
    this.notBefore = leads ? this.parts.now() + SETTLES_WITHIN_MS : Number.POSITIVE_INFINITY;
  }

  /** Decides whatever is due. One look at a time: the next comes soon anyway. */
  async look(): Promise<void> {
    if (this.looking || this.parts.now() < this.notBefore) return;
    this.looking = true;
    try {
      const ages = await readGroupAges(this.parts.database);
      for (const schedule of await readSchedules(this.parts.database, null))
        if (schedule.enabled)
          await this.lookAt(schedule, ages.get(schedule.group) ?? null).catch((error: unknown) =>
            // The others have their moments too, and this one is looked at again.
            this.parts.log.write('error', 'a schedule was not looked at', {
              schedule: schedule.id,
              reason: String(error),
            }),
          );
    } finally {
      this.looking = false;
    }
  }

  private async lookAt(schedule: ScheduleRow, groupCreatedAt: number | null): Promise<void> {
    const { database, now } = this.parts;
    if (groupCreatedAt !== schedule.groupCreatedAt) {
      // Nobody asked for drills of a group that is made anew under an old name.
      const because = `the group ${groupCreatedAt === null ? 'was deleted' : 'was deleted and made anew'}`;
      return disableSchedule(database, schedule.id, because);
    }
    for (const firing of await readClaimed(database, schedule.id))
      if (!this.deciding.has(firing.id)) await this.decide(schedule, firing);
    const [last] = await readFirings(database, schedule.id, 1);
    const from = Math.max(schedule.changedAt, last?.dueAt ?? 0);
    const { due, missed } = dueOf(momentsBetween(schedule.cron, schedule.zone, from, now()), now());
    if (missed) await this.miss(schedule, missed);
    if (due === null) return;
    const firing = await claimFiring(
      database,
      schedule,
      { dueAt: due, count: 1, status: 'claimed', reason: null },
      now(),
    );
    if (firing) await this.decide(schedule, firing);
  }

  private async miss(schedule: ScheduleRow, { dueAt, count }: { dueAt: number; count: number }): Promise<void> {
    const { database, now } = this.parts;
    const reason = 'the control plane did not run at that time';
    const firing = await claimFiring(database, schedule, { dueAt, count, status: 'missed', reason }, now());
    if (firing) this.tellOf(schedule, firing, 'missed', reason);
  }

  private async decide(schedule: ScheduleRow, firing: FiringView): Promise<void> {
    const { database, now } = this.parts;
    this.deciding.add(firing.id);
    try {
      const outcome = await this.outcomeOf(schedule, firing);
      await settleFiring(database, firing.id, outcome, now());
      if (outcome.status !== 'started') this.tellOf(schedule, firing, outcome.status, outcome.reason ?? '');
    } finally {
      this.deciding.delete(firing.id);
    }
  }

  private async outcomeOf(
    schedule: ScheduleRow,
    firing: FiringView,
  ): Promise<{ status: 'started' | 'skipped' | 'missed'; reason: string | null; bundle: string | null }> {
    const { database, library, status, underWay, start, now } = this.parts;
    const { group, runbook, approvedBy, changedBy } = schedule;
    const begun = await bundleOfFiring(database, firing.id);
    if (begun) return { status: 'started', reason: null, bundle: begun };
    if (now() - firing.dueAt > LATE_MS)
      return { status: 'missed', reason: 'the control plane was killed at that time', bundle: null };
    const skipped = (reason: string) => ({ status: 'skipped' as const, reason, bundle: null });
    if (!library().some(({ name }) => name === runbook)) return skipped(`there is no runbook ${runbook} any more`);
    const hindrance = hindranceText({ status: status(group), drill: await underWay(group) });
    if (hindrance) return skipped(hindrance);
    try {
      const drill = await start({ runbook, group, approvedBy, firing: firing.id }, `schedule of ${changedBy}`);
      return { status: 'started', reason: null, bundle: drill.bundle };
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      // Another that led before us may have started it in this moment.
      const bundle = await bundleOfFiring(database, firing.id);
      return bundle ? { status: 'started', reason: null, bundle } : skipped(error.message);
    }
  }

  private tellOf(
    { group, runbook }: ScheduleRow,
    { id, dueAt, count }: FiringView,
    what: 'skipped' | 'missed',
    reason: string,
  ): void {
    const due = `${new Date(dueAt).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
    const times = count > 1 ? `${count} times, last ` : '';
    this.parts.tell({
      at: this.parts.now(),
      group,
      kind: what === 'skipped' ? 'drill-skipped' : 'drill-missed',
      subject: runbook,
      observer: 'control',
      text: `Scheduled drill ${runbook} ${what}, due ${times}${due}: ${reason}`,
      severity: 'minor',
      facts: { firing: id, dueAt, count, reason },
      dedupeKey: `drill-firing/${id}/${what}`,
    });
  }
}
