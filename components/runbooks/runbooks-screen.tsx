'use client';

import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import type { DrillView } from '../../server/api/views.ts';
import type { GroupStatus } from '../../server/domain/group-status.ts';
import { Ago } from '../live/age.tsx';
import { refusalOfError } from '../live/refusal-of.ts';
import { useTRPC } from '../live/trpc.ts';
import { messages } from '../messages/messages.ts';
import { GroupScreen } from '../shell/group-screen.tsx';
import { routes } from '../shell/routes.ts';
import { Button } from '../ui/button.tsx';
import { Failure } from '../ui/notice.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { DrillTable } from './drill-table.tsx';
import { DrillUnderWay } from './drill-under-way.tsx';
import { Library } from './library.tsx';
import { StaleNote } from './stale-note.tsx';
import { TrendPanel } from './trend-panel.tsx';

const { runbooks: text } = messages;

const LOOK_EVERY_MS = 1_000;
const REST_EVERY_MS = 10_000;

/** What can be recorded on the group, what is being recorded, and what was. */
export function RunbooksScreen({ group }: { group: string }) {
  return <GroupScreen group={group}>{(status) => <Runbooks status={status} />}</GroupScreen>;
}

const isUnderWay = (drill: DrillView) => drill.status !== 'sealed';

function Runbooks({ status }: { status: GroupStatus }) {
  const trpc = useTRPC();
  const library = useQuery(trpc.drills.runbooks.queryOptions());
  const drills = useQuery({
    ...trpc.drills.list.queryOptions({ group: status.name }),
    refetchInterval: ({ state }) => (state.data?.some(isUnderWay) ? LOOK_EVERY_MS : REST_EVERY_MS),
  });
  const schedules = useQuery({
    ...trpc.drills.schedules.queryOptions({ group: status.name }),
    refetchInterval: REST_EVERY_MS,
  });
  const error = library.error ?? drills.error ?? schedules.error;
  const sealed = (drills.data ?? []).filter((drill) => !isUnderWay(drill));
  const underWay = drills.data?.find(isUnderWay) ?? null;
  return (
    <div className="flex flex-col gap-4 p-4 phone:p-3">
      <div>
        <h1 className="text-xl font-semibold">{text.title}</h1>
        <p className="max-w-[90ch] text-muted">{text.intro}</p>
        <LastProof status={status} />
      </div>
      {error ? (
        <Failure title={text.readFailed} text={refusalOfError(error).message}>
          <Button onClick={() => void Promise.all([library.refetch(), drills.refetch(), schedules.refetch()])}>
            {messages.common.retry}
          </Button>
        </Failure>
      ) : null}
      {underWay ? <DrillUnderWay drill={underWay} /> : null}
      {library.isPending ? (
        <Skeleton className="h-40" />
      ) : (
        <Library
          status={status}
          entries={library.data ?? []}
          schedules={schedules.data ?? []}
          busy={underWay !== null}
        />
      )}
      {drills.isPending ? (
        <Skeleton className="h-40" />
      ) : (
        <>
          <DrillTable group={status.name} drills={sealed} />
          <TrendPanel drills={sealed} />
        </>
      )}
    </div>
  );
}

/** What the group has been proven to do, and whether that still holds. */
function LastProof({ status: { name, lastDrill } }: { status: GroupStatus }) {
  if (!lastDrill) return <p className="mt-2 font-medium">{text.provenNever}</p>;
  return (
    <p className="mt-2 flex flex-wrap items-baseline gap-x-2" data-testid="last-proof">
      <span className="font-medium">{text.provenBy}</span>
      <Link
        href={routes.drill(name, lastDrill.bundle)}
        className="inline-flex min-h-6 items-center underline decoration-line-strong underline-offset-4"
      >
        {lastDrill.title}
      </Link>
      <Ago at={lastDrill.endedAt} />
      <StaleNote reasons={lastDrill.stale} />
    </p>
  );
}
