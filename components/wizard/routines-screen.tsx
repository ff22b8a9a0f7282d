'use client';

import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import type { GroupStatus } from '../../server/domain/group-status.ts';
import type { RoutineGraph } from '../../server/routines/step-graph.ts';
import { mergeRuns } from '../history/derive.ts';
import { RunTable } from '../history/run-table.tsx';
import { useLive } from '../live/live-provider.tsx';
import { refusalOfError } from '../live/refusal-of.ts';
import { useTRPC } from '../live/trpc.ts';
import { messages } from '../messages/messages.ts';
import { GroupScreen } from '../shell/group-screen.tsx';
import { routes } from '../shell/routes.ts';
import { Button, buttonClass } from '../ui/button.tsx';
import { Failure } from '../ui/notice.tsx';
import { Panel } from '../ui/panel.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { useRoutines } from './use-routines.ts';

const { wizard: text } = messages;

/** The routines of a group, each with its preflight, and the runs there were. */
export function RoutinesScreen({ group }: { group: string }) {
  return <GroupScreen group={group}>{(status) => <Routines status={status} />}</GroupScreen>;
}

function Routines({ status }: { status: GroupStatus }) {
  const routines = useRoutines(status.name);
  return (
    <div className="flex flex-col gap-4 p-4 phone:p-3">
      <div className="flex flex-wrap items-baseline gap-x-4">
        <h1 className="text-xl font-semibold">{text.title}</h1>
        <p className="text-muted">{text.listText}</p>
      </div>
      {routines.error ? (
        <Failure title={text.readFailed} text={refusalOfError(routines.error).message}>
          <Button onClick={() => void routines.refetch()}>{messages.common.retry}</Button>
        </Failure>
      ) : null}
      {routines.isPending ? <Skeleton className="h-64" /> : null}
      <ul className="grid grid-cols-1 gap-3 md:grid-cols-2 xl:grid-cols-3" aria-label={text.title}>
        {routines.data?.map((graph) => (
          <RoutineCard key={graph.id} status={status} graph={graph} />
        ))}
      </ul>
      <PastRuns group={status.name} />
    </div>
  );
}

function RoutineCard({ status, graph }: { status: GroupStatus; graph: RoutineGraph }) {
  const { activeRun } = status;
  const active = activeRun?.routine === graph.id ? activeRun : null;
  const meant = !graph.meantFor || graph.meantFor.includes(status.operation);
  const alarm = status.alarms.find((each) => each.routine === graph.id);
  return (
    <li className="flex flex-col gap-1 rounded-lg border border-line bg-surface p-4">
      <h2 className="text-lg font-semibold">{text.routineTitle(graph.id)}</h2>
      <p>{graph.title}</p>
      <p className="text-sm text-muted">
        {meant ? <span className="font-medium text-text">{text.meant} · </span> : null}
        {text.intent(graph.intent)} · {text.runBy(graph.host)} · {text.steps(graph.steps.length)}
        {graph.resident ? ` · ${text.resident}` : ''}
      </p>
      {meant || active ? null : (
        <p className="text-sm text-muted">
          {text.notMeant(
            messages.states.operation(status.operation),
            (graph.meantFor ?? []).map(messages.states.operation).join(text.or),
          )}
        </p>
      )}
      {alarm && !active ? <p className="font-medium">{alarm.response}</p> : null}
      <div className="mt-auto pt-2">
        {active ? (
          <Link
            href={routes.run(status.name, active.run)}
            aria-label={messages.shell.openRun(text.routineTitle(graph.id))}
            className={buttonClass({ look: 'primary' })}
          >
            {text.openRun}
            {active.step ? <span className="num">{active.step}</span> : null}
          </Link>
        ) : (
          <Link
            href={routes.preflight(status.name, graph.id)}
            aria-label={messages.shell.openPreflight(text.routineTitle(graph.id))}
            className={buttonClass({ look: alarm ? 'primary' : 'secondary' })}
          >
            {text.openPreflight}
          </Link>
        )}
      </div>
    </li>
  );
}

function PastRuns({ group }: { group: string }) {
  const trpc = useTRPC();
  const live = useLive((state) => state.runs);
  const read = useQuery(trpc.runs.list.queryOptions({ group, limit: 20 }));
  const runs = mergeRuns(read.data ?? [], live, group);
  return (
    <Panel title={text.runs}>
      {runs.length === 0 ? <p className="p-4 text-muted">{text.runsNone}</p> : <RunTable runs={runs} />}
    </Panel>
  );
}
