'use client';

import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import type { DrillReplay, DrillView } from '../../server/api/views.ts';
import { refusalOfError } from '../live/refusal-of.ts';
import { useTRPC } from '../live/trpc.ts';
import { messages } from '../messages/messages.ts';
import { routes } from '../shell/routes.ts';
import { Button, buttonClass } from '../ui/button.tsx';
import { Empty, Failure } from '../ui/notice.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { DrillFacts } from './drill-facts.tsx';
import { Player } from './player.tsx';

const { player: text } = messages.runbooks;

/** A sealed drill: its film beside the group as it stood at that moment, and what came of it. */
export function DrillScreen({ group, bundle }: { group: string; bundle: string }) {
  const trpc = useTRPC();
  const drill = useQuery(trpc.drills.get.queryOptions({ drill: bundle }));
  const sealed = drill.data?.status === 'sealed';
  // What is sealed does not change any more.
  const replay = useQuery({
    ...trpc.drills.replay.queryOptions({ drill: bundle }),
    enabled: sealed,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const error = drill.error ?? replay.error;
  return (
    <div className="flex flex-col gap-4 p-4 phone:p-3">
      <div className="flex flex-wrap items-baseline gap-x-4 gap-y-1">
        <h1 className="text-xl font-semibold">{drill.data?.title ?? bundle}</h1>
        <span className="num text-muted">{bundle}</span>
        <Link href={routes.runbooks(group)} className={buttonClass({ look: 'ghost' })}>
          {text.back}
        </Link>
      </div>
      {error ? (
        <Failure title={text.readFailed} text={`${refusalOfError(error).message} ${refusalOfError(error).cure}`}>
          <Button onClick={() => void (drill.error ? drill.refetch() : replay.refetch())}>
            {messages.common.retry}
          </Button>
        </Failure>
      ) : null}
      {drill.data && !sealed ? <Empty title={text.underRecording} /> : null}
      {drill.isPending || (sealed && replay.isPending) ? <Skeleton className="h-96" /> : null}
      {drill.data && sealed ? <Sealed drill={drill.data} replay={replay.data ?? null} /> : null}
    </div>
  );
}

function Sealed({ drill, replay }: { drill: DrillView; replay: DrillReplay | null }) {
  return (
    <>
      {replay ? <Player drill={drill} replay={replay} /> : null}
      <DrillFacts drill={drill} replay={replay} />
    </>
  );
}
