'use client';

import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { usePathname, useRouter, useSearchParams } from 'next/navigation';
import { type ReactNode, useMemo, useState } from 'react';
import type { EventView } from '../../server/api/views.ts';
import { useFleet, useLive } from '../live/live-provider.tsx';
import { refusalOfError } from '../live/refusal-of.ts';
import { useTRPC, useTRPCClient } from '../live/trpc.ts';
import { messages } from '../messages/messages.ts';
import { Button } from '../ui/button.tsx';
import { Empty, Failure } from '../ui/notice.tsx';
import { Panel } from '../ui/panel.tsx';
import { Segmented } from '../ui/segmented.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { usePhone } from '../ui/use-phone.ts';
import { type EventFilter, KIND_GROUPS, type KindGroup, mergeEvents, mergeRuns } from './derive.ts';
import { EventCards, EventTable } from './event-list.tsx';
import { Moment } from './moment.tsx';
import { RunTable } from './run-table.tsx';
import { EventTimeline } from './timeline.tsx';

const { history: text } = messages;
const PAGE = 100;
const fieldStyle = 'h-8 rounded-md border border-line-strong bg-surface px-2 phone:h-11';

type Tab = 'events' | 'runs';

function isKindGroup(value: string | null): value is KindGroup {
  return value !== null && Object.hasOwn(KIND_GROUPS, value);
}

/** The filter is the address, so that a finding can be sent to somebody. */
function useHistoryAddress() {
  const router = useRouter();
  const pathname = usePathname();
  const search = useSearchParams();
  const kinds = search.get('kinds');
  const set = (key: string, value: string | null) => {
    const next = new URLSearchParams(search);
    if (value === null) next.delete(key);
    else next.set(key, value);
    router.replace(next.size > 0 ? `${pathname}?${next}` : pathname, { scroll: false });
  };
  const tab: Tab = search.get('show') === 'runs' ? 'runs' : 'events';
  const filter: EventFilter = { group: search.get('group'), kinds: isKindGroup(kinds) ? kinds : null };
  const at = search.get('at');
  return { tab, filter, at: at !== null && /^\d{1,15}$/.test(at) ? Number(at) : null, set };
}

/** What happened, by whom it was seen, and when: events by sequence, and runs. */
export function HistoryScreen() {
  const { tab, filter, at, set } = useHistoryAddress();
  const fleet = useFleet();
  const groups = [
    ...new Set([...(fleet ?? []).map((row) => row.group), ...(filter.group ? [filter.group] : [])]),
  ].sort();
  return (
    <div className="flex flex-col gap-4 p-4 phone:p-3">
      <div className="flex flex-wrap items-center gap-3">
        <h1 className="mr-4 text-xl font-semibold">{text.title}</h1>
        <Segmented
          label={text.show}
          value={tab}
          options={[
            { value: 'events', label: text.events },
            { value: 'runs', label: text.runs },
          ]}
          onChange={(value) => set('show', value === 'events' ? null : value)}
        />
        <Choice
          label={text.filterGroup}
          value={filter.group}
          none={text.allGroups}
          onChange={(value) => set('group', value)}
        >
          {groups.map((group) => (
            <option key={group} value={group}>
              {group}
            </option>
          ))}
        </Choice>
        {tab === 'events' ? (
          <Choice
            label={text.filterKinds}
            value={filter.kinds}
            none={text.allKinds}
            onChange={(value) => set('kinds', value)}
          >
            {Object.entries(text.kindGroups).map(([kind, label]) => (
              <option key={kind} value={kind}>
                {label}
              </option>
            ))}
          </Choice>
        ) : null}
      </div>
      {tab === 'events' ? (
        <Events
          key={`${filter.group}:${filter.kinds}`}
          filter={filter}
          at={at}
          onMove={(seq) => set('at', seq === null ? null : String(seq))}
        />
      ) : (
        <Runs group={filter.group} />
      )}
    </div>
  );
}

interface ChoiceProps {
  label: string;
  value: string | null;
  none: string;
  onChange: (value: string | null) => void;
  children: ReactNode;
}

function Choice({ label, value, none, onChange, children }: ChoiceProps) {
  return (
    <label className="flex items-center gap-2">
      <span className="text-muted">{label}</span>
      <select className={fieldStyle} value={value ?? ''} onChange={(event) => onChange(event.target.value || null)}>
        <option value="">{none}</option>
        {children}
      </select>
    </label>
  );
}

function useEvents(filter: EventFilter) {
  const client = useTRPCClient();
  const heard = useLive((state) => state.events);
  const read = useInfiniteQuery({
    queryKey: ['history', filter.group, filter.kinds],
    queryFn: ({ pageParam }) =>
      client.events.list.query({
        group: filter.group,
        kinds: filter.kinds ? [...KIND_GROUPS[filter.kinds]] : null,
        before: pageParam,
        limit: PAGE,
      }),
    initialPageParam: null as number | null,
    getNextPageParam: (page) => (page.length < PAGE ? undefined : page.at(-1)?.seq),
  });
  return { read, events: mergeEvents(read.data?.pages.flat() ?? [], read.data ? heard : [], filter) };
}

interface EventsProps {
  filter: EventFilter;
  /** Sequence of the event the cursor was put at; null: it stays with the newest. */
  at: number | null;
  onMove: (seq: number | null) => void;
}

/** While the cursor stands at an event, what happens meanwhile is counted and not shown: nothing moves under the reader's eye. */
function useStillEvents(all: readonly EventView[], held: boolean) {
  const [until, setUntil] = useState<number | null>(null);
  const newest = all[0]?.seq ?? null;
  if (held && until === null && newest !== null) setUntil(newest);
  const events = useMemo(
    () => (held && until !== null ? all.filter((event) => event.seq <= until) : all),
    [all, held, until],
  );
  return { events, newer: all.length - events.length, release: () => setUntil(null) };
}

function Events({ filter, at, onMove }: EventsProps) {
  const { read, events: all } = useEvents(filter);
  const phone = usePhone();
  const { events, newer, release } = useStillEvents(all, at !== null);
  if (read.isPending) return <Skeleton className="h-96" />;
  if (read.error && events.length === 0) {
    const refusal = refusalOfError(read.error);
    return (
      <Failure title={text.readFailed} text={`${refusal.message} ${refusal.cure}`}>
        <Button onClick={() => void read.refetch()}>{messages.common.retry}</Button>
      </Failure>
    );
  }
  if (events.length === 0) {
    return filter.kinds || filter.group ? (
      <Empty title={text.noneOfKind} />
    ) : (
      <Empty title={text.empty} text={text.emptyText} />
    );
  }
  const cursor = events.find((event) => event.seq === at) ?? events[0];
  return (
    <>
      <Panel
        title={text.timeline}
        aside={
          newer > 0 ? (
            <Button
              size="small"
              onClick={() => {
                release();
                onMove(null);
              }}
            >
              {text.newer(newer)}
            </Button>
          ) : null
        }
      >
        {cursor ? (
          <>
            <EventTimeline events={events} at={cursor} onMove={onMove} />
            <Moment at={cursor} />
          </>
        ) : null}
      </Panel>
      <Panel title={text.events}>
        {phone ? (
          <EventCards events={events} at={cursor?.seq ?? null} onMove={onMove} />
        ) : (
          <EventTable events={events} at={cursor?.seq ?? null} onMove={onMove} />
        )}
        <div className="p-3">
          {read.hasNextPage ? (
            <Button
              refused={read.isFetchingNextPage ? messages.common.busy : null}
              onClick={() => void read.fetchNextPage()}
            >
              {read.isFetchingNextPage ? text.loadingOlder : text.older}
            </Button>
          ) : (
            <p className="text-sm text-muted">{text.end}</p>
          )}
        </div>
      </Panel>
    </>
  );
}

function Runs({ group }: { group: string | null }) {
  const trpc = useTRPC();
  const live = useLive((state) => state.runs);
  const read = useQuery(trpc.runs.list.queryOptions({ group, limit: 100 }));
  const runs = mergeRuns(read.data ?? [], live, group);
  if (read.isPending) return <Skeleton className="h-96" />;
  if (runs.length === 0) return <Empty title={text.runsEmpty} text={text.runsEmptyText} />;
  return (
    <Panel title={text.runs}>
      <RunTable runs={runs} />
    </Panel>
  );
}
