'use client';

import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { Instant } from '../live/age.tsx';
import { useLive } from '../live/live-provider.tsx';
import { useTRPC } from '../live/trpc.ts';
import { messages } from '../messages/messages.ts';
import { routes } from '../shell/routes.ts';
import { mergeEvents } from './derive.ts';

const { history: text } = messages;
const SHOWN = 4;

/** The newest events of a group beneath its graph, so that what just happened need not be looked for. */
export function EventStrip({ group }: { group: string }) {
  const trpc = useTRPC();
  const heard = useLive((state) => state.events);
  const read = useQuery(trpc.events.list.queryOptions({ group, limit: 10 }));
  const events = mergeEvents(read.data ?? [], heard, { group, kinds: null }).slice(0, SHOWN);
  return (
    <section aria-label={text.recent} className="no-print border-t border-line bg-surface px-4 py-2 text-sm">
      <div className="flex items-baseline justify-between gap-4">
        <h2 className="font-semibold text-muted">{text.recent}</h2>
        <Link
          href={routes.history(group)}
          className="inline-flex min-h-6 items-center underline decoration-line-strong underline-offset-4 phone:min-h-11"
        >
          {text.recentAll}
        </Link>
      </div>
      <ol className="min-h-16">
        {events.map((event) => (
          <li key={event.seq} className="flex gap-3">
            <Instant at={event.at} className="text-muted" />
            <span className="min-w-0 flex-1 truncate" title={event.text}>
              {event.text}
            </span>
            <span className="truncate text-muted phone:hidden">{messages.common.observer(event.observer)}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}
