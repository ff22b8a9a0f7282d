'use client';

import Link from 'next/link';
import type { ReactNode } from 'react';
import type { GroupStatus } from '../../server/domain/group-status.ts';
import { useFleet, useGroupStatus } from '../live/live-provider.tsx';
import { messages } from '../messages/messages.ts';
import { buttonClass } from '../ui/button.tsx';
import { Empty } from '../ui/notice.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { AttentionBar } from './attention-bar.tsx';
import { routes } from './routes.ts';

interface GroupScreenProps {
  group: string;
  children: (status: GroupStatus) => ReactNode;
}

/** Ground of every screen of a group: waits for its status, says so where there is no such group, and shows its alarm. */
export function GroupScreen({ group, children }: GroupScreenProps) {
  const status = useGroupStatus();
  const fleet = useFleet();
  if (status && status.name === group) {
    return (
      <>
        <AttentionBar />
        {children(status)}
      </>
    );
  }
  const missing = fleet !== null && !fleet.some((row) => row.group === group);
  if (!missing) return <Skeleton className="m-4 flex-1" />;
  return (
    <div className="p-4">
      <Empty
        whole
        title={messages.common.groupUnknownTitle(group)}
        text={messages.common.groupUnknownText}
        command="switchback status"
      >
        <Link href={routes.fleet()} className={buttonClass({ look: 'primary' })}>
          {messages.common.toFleet}
        </Link>
      </Empty>
    </div>
  );
}
