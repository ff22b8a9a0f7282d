'use client';

import { useEffect, useRef, useState } from 'react';
import type { FleetRow } from '../../server/api/views.ts';
import { useFleet } from '../live/live-provider.tsx';
import { messages } from '../messages/messages.ts';
import { useKeyAction } from '../shell/key-provider.tsx';
import { Button } from '../ui/button.tsx';
import { Command, Empty } from '../ui/notice.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { usePhone } from '../ui/use-phone.ts';
import { CreateGroup } from './create-group.tsx';
import { holdOrder, matches, orderFleet, wouldMove } from './derive.ts';
import { FleetCards, FleetTable, type Selection } from './fleet-rows.tsx';
import { ManageGroups } from './manage-groups.tsx';

const { fleet: text } = messages;

/** Rows do not move under a reader's eyes: while the list has the focus its order is held. */
function useHeldOrder(rows: readonly FleetRow[]) {
  const [held, setHeld] = useState<readonly string[] | null>(null);
  const due = orderFleet(rows);
  const shown = held ? holdOrder(rows, held) : due;
  return {
    shown,
    moves: held ? wouldMove(shown, due) : 0,
    hold: () => setHeld((current) => current ?? due.map((row) => row.group)),
    release: () => setHeld(null),
    apply: () => setHeld(due.map((row) => row.group)),
  };
}

/** Groups that were chosen and still exist. */
function useSelection(fleet: readonly FleetRow[]) {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const selection: Selection = {
    has: (group) => chosen.has(group),
    set: (groups, on) =>
      setChosen((before) => {
        const after = new Set(before);
        for (const group of groups) {
          if (on) after.add(group);
          else after.delete(group);
        }
        return after;
      }),
  };
  return { selection, selected: fleet.filter((row) => chosen.has(row.group)), clear: () => setChosen(new Set()) };
}

/** Every consistency group in one line, exceptions first. */
export function FleetScreen() {
  const fleet = useFleet();
  const [creating, setCreating] = useState(false);
  if (fleet === null) return <Skeleton className="m-4 h-64" />;
  return (
    <div className="flex flex-col gap-3 p-4 phone:p-3">
      <FleetList fleet={fleet} onCreate={() => setCreating(true)} />
      <CreateGroup open={creating} onOpenChange={setCreating} taken={fleet.map((row) => row.group)} />
    </div>
  );
}

function FleetList({ fleet, onCreate }: { fleet: readonly FleetRow[]; onCreate: () => void }) {
  const [filter, setFilter] = useState('');
  const phone = usePhone();
  const field = useRef<HTMLInputElement>(null);
  const order = useHeldOrder(fleet);
  const { selection, selected, clear } = useSelection(fleet);
  const rows = order.shown.filter((row) => matches(row, filter));
  useKeyAction('filter', () => field.current?.focus());
  if (fleet.length === 0) {
    return (
      <>
        <h1 className="text-xl font-semibold">{text.title}</h1>
        <Empty title={text.emptyTitle} text={text.emptyText}>
          <Button look="primary" onClick={onCreate}>
            {text.create}
          </Button>
          <Command text={text.emptyCommand} />
        </Empty>
      </>
    );
  }
  return (
    <>
      <div className="flex flex-wrap items-center gap-3">
        <h1 className="text-xl font-semibold">{text.title}</h1>
        <span className="num text-sm text-muted">{text.count(rows.length, fleet.length)}</span>
        <input
          ref={field}
          type="search"
          aria-label={text.filter}
          placeholder={text.filterHint}
          value={filter}
          onChange={(event) => setFilter(event.target.value)}
          className="ml-auto h-8 w-64 rounded-md border border-line-strong bg-surface px-2 phone:order-last phone:ml-0 phone:h-11 phone:w-full"
        />
        <Button className="phone:ml-auto" onClick={onCreate}>
          {text.create}
        </Button>
      </div>
      {selected.length > 0 ? (
        <section
          aria-label={text.selected(selected.length)}
          className="flex flex-col gap-2 rounded-lg border border-line-strong bg-surface p-3"
        >
          <div className="flex items-center gap-3">
            <span className="font-medium">{text.selected(selected.length)}</span>
            <span className="num min-w-0 flex-1 truncate text-sm text-muted">
              {selected.map((row) => row.group).join(', ')}
            </span>
            <Button size="small" onClick={clear}>
              {text.clearSelection}
            </Button>
          </div>
          <ManageGroups groups={selected} onDone={clear} />
        </section>
      ) : null}
      {order.moves > 0 ? (
        <p className="flex items-center gap-3">
          {text.order(order.moves)}
          <Button size="small" onClick={order.apply}>
            {text.applyOrder}
          </Button>
        </p>
      ) : null}
      {rows.length === 0 ? (
        <Empty title={text.noMatch(filter)}>
          <Button onClick={() => setFilter('')}>{text.clearFilter}</Button>
        </Empty>
      ) : phone ? (
        <FleetCards rows={rows} selection={selection} />
      ) : (
        <HeldTable rows={rows} selection={selection} hold={order.hold} release={order.release} />
      )}
    </>
  );
}

interface HeldTableProps {
  rows: readonly FleetRow[];
  selection: Selection;
  hold: () => void;
  release: () => void;
}

function HeldTable({ rows, selection, hold, release }: HeldTableProps) {
  const box = useRef<HTMLDivElement>(null);
  const step = (by: number) => {
    const links = [...(box.current?.querySelectorAll<HTMLAnchorElement>('a[data-row]') ?? [])];
    const at = links.findIndex((link) => link.matches(':focus'));
    links[Math.min(links.length - 1, Math.max(0, at + by))]?.focus();
  };
  useKeyAction('next-row', () => step(1));
  useKeyAction('previous-row', () => step(-1));
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const onOut = (event: FocusEvent) => {
      if (!(event.relatedTarget instanceof Node) || !element.contains(event.relatedTarget)) release();
    };
    element.addEventListener('focusin', hold);
    element.addEventListener('focusout', onOut);
    return () => {
      element.removeEventListener('focusin', hold);
      element.removeEventListener('focusout', onOut);
    };
  });
  return (
    <div ref={box} className="rounded-lg border border-line bg-surface">
      <FleetTable rows={rows} selection={selection} />
    </div>
  );
}
