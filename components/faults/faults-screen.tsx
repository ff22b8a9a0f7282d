'use client';

import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import type { GroupStatus } from '../../server/domain/group-status.ts';
import { useLive } from '../live/live-provider.tsx';
import { refusalOfError } from '../live/refusal-of.ts';
import { useTRPC } from '../live/trpc.ts';
import { messages } from '../messages/messages.ts';
import { GroupScreen } from '../shell/group-screen.tsx';
import { Button } from '../ui/button.tsx';
import { Failure } from '../ui/notice.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { ActiveFaults } from './active-faults.tsx';
import { groupOptions } from './derive.ts';
import { FaultSitePanel } from './fault-options.tsx';

const { faults: text } = messages;

/** Active faults first, then everything that can be broken, site by site. */
export function FaultsScreen({ group }: { group: string }) {
  return <GroupScreen group={group}>{(status) => <Faults status={status} />}</GroupScreen>;
}

/** What a button would do depends on what stands now, so the options are asked for again after each change. */
function useOptions(status: GroupStatus) {
  const trpc = useTRPC();
  const faults = useLive((state) => state.faults);
  const options = useQuery({ ...trpc.faults.options.queryOptions({ group: status.name }), refetchInterval: 5000 });
  const { refetch } = options;
  const standing = faults.map((fault) => `${fault.id}${fault.clearedAt}`).join();
  const alive = [...status.systems, ...status.hosts].map((part) => `${part.name}${part.pid}${part.up}`).join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: these two say when an answer has become old.
  useEffect(() => void refetch(), [standing, alive, refetch]);
  return options;
}

function Faults({ status }: { status: GroupStatus }) {
  const options = useOptions(status);
  return (
    <div className="flex flex-col gap-4 p-4 phone:p-3">
      <div>
        <h1 className="text-xl font-semibold">{text.title}</h1>
        <p className="max-w-[90ch] text-muted">{text.intro}</p>
      </div>
      <ActiveFaults group={status.name} />
      <h2 className="text-lg font-semibold">{text.inject}</h2>
      {options.error ? (
        <Failure title={text.readFailed} text={refusalOfError(options.error).message}>
          <Button onClick={() => void options.refetch()}>{messages.common.retry}</Button>
        </Failure>
      ) : null}
      {options.isPending ? <Skeleton className="h-96" /> : null}
      <div className="grid grid-cols-1 items-start gap-4 lg:grid-cols-2 2xl:grid-cols-3">
        {groupOptions(options.data ?? []).map((site) => (
          <FaultSitePanel key={site.site} site={site} />
        ))}
      </div>
    </div>
  );
}
