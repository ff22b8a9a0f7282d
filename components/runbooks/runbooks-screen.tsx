'use client';

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { DrillView, RunbookEntry } from '../../server/api/views.ts';
import type { GroupStatus } from '../../server/domain/group-status.ts';
import { useLostRefusal } from '../live/live-provider.tsx';
import { refusalOfError } from '../live/refusal-of.ts';
import { useTRPC } from '../live/trpc.ts';
import { messages } from '../messages/messages.ts';
import { GroupScreen } from '../shell/group-screen.tsx';
import { Button } from '../ui/button.tsx';
import { Confirm } from '../ui/confirm.tsx';
import { Empty, Failure } from '../ui/notice.tsx';
import { Panel } from '../ui/panel.tsx';
import { RefusalNote } from '../ui/refusal-note.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { DrillTable } from './drill-table.tsx';
import { DrillUnderWay } from './drill-under-way.tsx';

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
  const error = library.error ?? drills.error;
  const underWay = drills.data?.find(isUnderWay) ?? null;
  return (
    <div className="flex flex-col gap-4 p-4 phone:p-3">
      <div>
        <h1 className="text-xl font-semibold">{text.title}</h1>
        <p className="max-w-[90ch] text-muted">{text.intro}</p>
      </div>
      {error ? (
        <Failure title={text.readFailed} text={refusalOfError(error).message}>
          <Button onClick={() => void Promise.all([library.refetch(), drills.refetch()])}>
            {messages.common.retry}
          </Button>
        </Failure>
      ) : null}
      {underWay ? <DrillUnderWay drill={underWay} /> : null}
      {library.isPending ? (
        <Skeleton className="h-40" />
      ) : (
        <Library status={status} entries={library.data ?? []} busy={underWay !== null} />
      )}
      {drills.isPending ? (
        <Skeleton className="h-40" />
      ) : (
        <DrillTable drills={(drills.data ?? []).filter((drill) => !isUnderWay(drill))} />
      )}
    </div>
  );
}

interface LibraryProps {
  status: GroupStatus;
  entries: readonly RunbookEntry[];
  busy: boolean;
}

function Library({ status, entries, busy }: LibraryProps) {
  const fitting = entries.filter((entry) => entry.arrangement === status.arrangement);
  if (fitting.length === 0) return <Empty title={text.libraryNone(status.arrangement)} text={text.libraryNoneText} />;
  return (
    <Panel title={text.library}>
      <ul className="divide-y divide-line">
        {fitting.map((entry) => (
          <LibraryEntry key={entry.name} group={status.name} entry={entry} busy={busy} />
        ))}
      </ul>
    </Panel>
  );
}

function LibraryEntry({ group, entry, busy }: { group: string; entry: RunbookEntry; busy: boolean }) {
  const trpc = useTRPC();
  const cache = useQueryClient();
  const lost = useLostRefusal();
  const [asking, setAsking] = useState(false);
  const start = useMutation(
    trpc.drills.start.mutationOptions({
      onSuccess: () => {
        setAsking(false);
        return cache.invalidateQueries(trpc.drills.list.queryFilter());
      },
    }),
  );
  const refused = lost ?? (busy ? text.busy : start.isPending ? messages.common.busy : null);
  return (
    <li className="flex flex-col gap-2 px-4 py-3">
      <div className="flex flex-wrap items-start justify-between gap-x-4 gap-y-2">
        <div className="min-w-0 flex-1 basis-80">
          <h3 className="font-semibold">{entry.title}</h3>
          <p className="max-w-[90ch]">{entry.says}</p>
          <p className="text-sm text-muted">{text.chapters(entry.chapters)}</p>
        </div>
        <Button
          refused={refused}
          aria-label={text.recordOf(entry.title)}
          aria-expanded={asking}
          onClick={() => setAsking(!asking)}
        >
          {text.record}
        </Button>
      </div>
      {asking && !busy ? (
        <Confirm
          consequence={text.recordConsequence(entry.title, group)}
          act={text.recordAct(entry.title)}
          typed={null}
          refused={refused}
          onConfirm={() => start.mutate({ runbook: entry.name, group })}
          onCancel={() => setAsking(false)}
        />
      ) : null}
      {start.error ? <RefusalNote refusal={refusalOfError(start.error)} /> : null}
    </li>
  );
}
