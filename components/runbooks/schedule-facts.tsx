'use client';

import { useMutation, useQueryClient } from '@tanstack/react-query';
import Link from 'next/link';
import type { ScheduleView } from '../../server/api/views.ts';
import { sentence } from '../format/sentence.ts';
import { useLostRefusal } from '../live/live-provider.tsx';
import { refusalOfError } from '../live/refusal-of.ts';
import { useTRPC } from '../live/trpc.ts';
import { messages } from '../messages/messages.ts';
import { routes } from '../shell/routes.ts';
import { Button } from '../ui/button.tsx';
import { RefusalNote } from '../ui/refusal-note.tsx';
import { ZonedInstant } from './zoned-instant.tsx';

const { schedule: text } = messages.runbooks;

/** When it comes next, what would speak against it now, and what became of the last times. */
export function ScheduleFacts({ schedule }: { schedule: ScheduleView }) {
  const { enabled, disabledBecause, next, zone, hindrance, firings } = schedule;
  const [first] = next;
  return (
    <div className="flex flex-col gap-1 border-l-2 border-line-strong pl-3 text-sm" data-testid="schedule">
      <p className="flex flex-wrap items-baseline gap-x-3">
        <span className="font-medium">{sentence(schedule.words)}</span>
        <span className="text-muted">{zone}</span>
        {enabled ? null : <span className="font-medium">{text.disabled(disabledBecause)}</span>}
        {schedule.approvedBy ? <span className="text-muted">{text.approved(schedule.approvedBy)}</span> : null}
        <Switch schedule={schedule} />
      </p>
      {enabled && first !== undefined ? (
        <p>
          {text.nextAt} <ZonedInstant at={first} zone={zone} />
          {hindrance ? <span className="text-suspend"> · {text.wouldSkip(hindrance)}</span> : null}
        </p>
      ) : null}
      {firings.length > 0 ? (
        <ul aria-label={text.last}>
          {firings.map((firing) => (
            <li key={firing.id} className="flex flex-wrap gap-x-2">
              <span>{text.firing(firing.status, firing.count)}</span>
              <ZonedInstant at={firing.dueAt} zone={zone} />
              {firing.bundle ? (
                <Link
                  href={routes.drill(schedule.group, firing.bundle)}
                  className="num inline-flex min-h-6 items-center underline decoration-line-strong underline-offset-4"
                >
                  {firing.bundle}
                </Link>
              ) : (
                <span className="text-muted">{firing.reason}</span>
              )}
            </li>
          ))}
        </ul>
      ) : null}
    </div>
  );
}

/** Off and on again, or away where its runbook is. */
function Switch({ schedule }: { schedule: ScheduleView }) {
  const trpc = useTRPC();
  const cache = useQueryClient();
  const lost = useLostRefusal();
  const { group, runbook, cron, zone, approvedBy, enabled, title } = schedule;
  const changed = { onSuccess: () => cache.invalidateQueries(trpc.drills.schedules.queryFilter()) };
  const put = useMutation(trpc.drills.schedule.mutationOptions(changed));
  const remove = useMutation(trpc.drills.unschedule.mutationOptions(changed));
  const refused = lost ?? (put.isPending || remove.isPending ? messages.common.busy : null);
  const failed = put.error ?? remove.error;
  return (
    <>
      {title === null ? (
        <Button
          size="small"
          refused={refused}
          aria-label={text.removeOf(runbook)}
          onClick={() => remove.mutate({ group, runbook })}
        >
          {text.remove}
        </Button>
      ) : (
        <Button
          size="small"
          refused={refused}
          aria-label={(enabled ? text.disableOf : text.enableOf)(title)}
          onClick={() => put.mutate({ group, runbook, cron, zone, approvedBy, enabled: !enabled })}
        >
          {enabled ? text.disable : text.enable}
        </Button>
      )}
      {failed ? <RefusalNote refusal={refusalOfError(failed)} /> : null}
    </>
  );
}
