'use client';

import { useVirtualizer } from '@tanstack/react-virtual';
import Link from 'next/link';
import { type ReactNode, useRef } from 'react';
import type { FleetRow } from '../../server/api/views.ts';
import { formatSpan } from '../format/time.ts';
import { Ago } from '../live/age.tsx';
import { messages } from '../messages/messages.ts';
import { PairStateWord } from '../pair-state/pair-state-word.tsx';
import { routes } from '../shell/routes.ts';
import { SeveritySign } from '../shell/severity-sign.tsx';
import { cn } from '../ui/cn.ts';
import { Td, Th } from '../ui/table.tsx';

const { fleet: text } = messages;
const { columns } = text;
const ROW_PX = 36;

/** The table of the fleet. Only the rows in view are drawn, so that thousands cost what thirty do. */
export function FleetTable({ rows, selection }: { rows: readonly FleetRow[]; selection: Selection }) {
  const scroll = useRef<HTMLElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => ROW_PX,
    overscan: 12,
    getItemKey: (index) => rows[index]?.group ?? index,
  });
  const items = virtual.getVirtualItems();
  const before = items[0]?.start ?? 0;
  const after = virtual.getTotalSize() - (items.at(-1)?.end ?? 0);
  return (
    <section ref={scroll} aria-label={text.label} className="max-h-[calc(100dvh-132px)] overflow-auto rounded-lg">
      <table className="w-full border-collapse text-left" aria-rowcount={rows.length + 1}>
        <thead className="sticky top-0 z-10 bg-surface">
          <tr>
            <Th className="w-8 pr-0">
              <SelectBox
                label={text.selectAll}
                checked={rows.length > 0 && rows.every((row) => selection.has(row.group))}
                onChange={(on) =>
                  selection.set(
                    rows.map((row) => row.group),
                    on,
                  )
                }
              />
            </Th>
            {Object.values(columns).map((column) => (
              <Th key={column}>{column}</Th>
            ))}
          </tr>
        </thead>
        <tbody>
          {before > 0 ? <Spacer height={before} /> : null}
          {items.map((item) => {
            const row = rows[item.index];
            return row ? <Row key={item.key} row={row} index={item.index} selection={selection} /> : null;
          })}
          {after > 0 ? <Spacer height={after} /> : null}
        </tbody>
      </table>
    </section>
  );
}

function Spacer({ height }: { height: number }) {
  return (
    <tr>
      <td colSpan={Object.keys(columns).length + 1} style={{ height }} />
    </tr>
  );
}

/** Which groups are chosen to be acted on together. */
export interface Selection {
  has: (group: string) => boolean;
  set: (groups: readonly string[], on: boolean) => void;
}

function SelectBox({ label, checked, onChange }: { label: string; checked: boolean; onChange: (on: boolean) => void }) {
  return (
    <label className="inline-flex size-6 cursor-pointer items-center justify-center phone:size-11">
      <input
        type="checkbox"
        aria-label={label}
        checked={checked}
        onChange={(event) => onChange(event.target.checked)}
        className="size-4 accent-[var(--ink)]"
      />
    </label>
  );
}

function Row({ row, index, selection }: { row: FleetRow; index: number; selection: Selection }) {
  return (
    <tr aria-rowindex={index + 2} className="hover:bg-raised">
      <Td className="pr-0">
        <SelectBox
          label={text.select(row.group)}
          checked={selection.has(row.group)}
          onChange={(on) => selection.set([row.group], on)}
        />
      </Td>
      <Td>
        <SeveritySign severity={row.severity} />
      </Td>
      <Td className="num min-w-32 break-words">
        <Link
          data-row
          href={routes.topology(row.group)}
          className="inline-flex min-h-6 items-center font-medium underline decoration-line-strong underline-offset-4 hover:decoration-text"
        >
          {row.group}
        </Link>
      </Td>
      <Td className="min-w-20" title={row.arrangementTitle}>
        {row.arrangement}
      </Td>
      <Td>
        <OperationWord row={row} />
      </Td>
      <Td className="min-w-48">{row.powered ? row.summary : text.stopped}</Td>
      <Td className="whitespace-nowrap">
        <Rpo row={row} />
      </Td>
      <Td className="whitespace-nowrap">
        <WorstHop row={row} />
      </Td>
      <Td className="min-w-40">{row.exposure}</Td>
      <Td className="min-w-32">
        <Proven row={row} />
      </Td>
      <Td className="whitespace-nowrap">
        <Ago at={row.observedAt} className="text-muted" />
      </Td>
    </tr>
  );
}

function OperationWord({ row }: { row: FleetRow }) {
  const { activeRun } = row;
  return (
    <span
      className={cn(
        'whitespace-nowrap',
        row.operation !== 'normal' && 'font-medium',
        row.operation === 'unknown' && 'text-unknown',
      )}
    >
      {messages.states.operation(row.operation)}
      {activeRun ? (
        <Link
          href={routes.run(row.group, activeRun.run)}
          className="block text-sm font-normal underline underline-offset-4"
        >
          {text.running(messages.wizard.routineTitle(activeRun.routine), activeRun.step)}
        </Link>
      ) : null}
    </span>
  );
}

function Rpo({ row }: { row: FleetRow }) {
  const { nowMs, objectiveMs } = row.rpo;
  return (
    <span className="num">
      {nowMs === null ? (
        <span className="text-unknown">{messages.states.word('unknown')}</span>
      ) : (
        <span className={cn(nowMs > objectiveMs && 'font-semibold text-suspend')}>{formatSpan(nowMs)}</span>
      )}
      <span className="text-muted"> / {formatSpan(objectiveMs)}</span>
    </span>
  );
}

function WorstHop({ row }: { row: FleetRow }) {
  if (!row.worstHop) return <span className="text-muted">{messages.states.word('absent')}</span>;
  return (
    <span className="inline-flex items-center gap-2">
      <span className="num">{row.worstHop.pair}</span>
      <PairStateWord state={row.worstHop.state} />
    </span>
  );
}

function Proven({ row }: { row: FleetRow }) {
  const { lastDrill, lastProven } = row;
  if (lastDrill)
    return (
      <>
        <Link
          href={routes.drill(row.group, lastDrill.bundle)}
          className="underline decoration-line-strong underline-offset-4"
        >
          {lastDrill.title}, <Ago at={lastDrill.endedAt} />
        </Link>
        {lastDrill.stale.length > 0 ? (
          <span className="text-suspend" title={lastDrill.stale.join('; ')}>
            {' '}
            {text.stale}
          </span>
        ) : null}
      </>
    );
  if (!lastProven) return <span className="text-muted">{text.neverProven}</span>;
  return (
    <Link href={routes.run(row.group, lastProven.run)} className="underline decoration-line-strong underline-offset-4">
      {text.runOnly(text.verdictShort[lastProven.verdict] ?? lastProven.verdict)}, <Ago at={lastProven.endedAt} />
    </Link>
  );
}

/** The same rows where a table does not fit. */
export function FleetCards({ rows, selection }: { rows: readonly FleetRow[]; selection: Selection }) {
  return (
    <ul aria-label={text.label} className="flex flex-col gap-3">
      {rows.map((row) => (
        <li key={row.group} className="rounded-lg border border-line bg-surface p-3">
          <div className="flex items-center gap-2">
            <SelectBox
              label={text.select(row.group)}
              checked={selection.has(row.group)}
              onChange={(on) => selection.set([row.group], on)}
            />
            <SeveritySign severity={row.severity} className="size-5" />
            <Link
              href={routes.topology(row.group)}
              className="num inline-flex min-h-11 items-center text-lg font-semibold underline decoration-line-strong underline-offset-4"
            >
              {row.group}
            </Link>
            <span className="ml-auto">
              <OperationWord row={row} />
            </span>
          </div>
          <p>{row.powered ? row.summary : text.stopped}</p>
          <dl className="mt-2 grid grid-cols-[auto_1fr] gap-x-4 gap-y-1">
            <Line name={columns.rpo}>
              <Rpo row={row} />
            </Line>
            <Line name={columns.worstHop}>
              <WorstHop row={row} />
            </Line>
            <Line name={columns.exposure}>{row.exposure}</Line>
            <Line name={columns.proven}>
              <Proven row={row} />
            </Line>
            <Line name={columns.observed}>
              <Ago at={row.observedAt} />
            </Line>
          </dl>
        </li>
      ))}
    </ul>
  );
}

function Line({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-muted">{name}</dt>
      <dd className="text-right">{children}</dd>
    </>
  );
}
