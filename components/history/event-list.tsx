'use client';

import Link from 'next/link';
import type { EventView } from '../../server/api/views.ts';
import { formatCount } from '../format/numbers.ts';
import { Instant } from '../live/age.tsx';
import { messages } from '../messages/messages.ts';
import { routes } from '../shell/routes.ts';
import { cn } from '../ui/cn.ts';
import { Table, Td, Th } from '../ui/table.tsx';

const { history: text } = messages;
const { columns } = text;

/** Severity is not coloured here: this is a record, not an alarm list. Weight alone marks what was serious. */
const weight = (event: EventView) => (event.severity === 'critical' || event.severity === 'major' ? 'font-medium' : '');

interface EventListProps {
  events: readonly EventView[];
  /** The event at the cursor of the timeline. */
  at: number | null;
  onMove: (seq: number) => void;
}

/** Puts the timeline's cursor at an event; its number is the button. */
function CursorButton({ event, at, onMove }: { event: EventView; at: number | null; onMove: (seq: number) => void }) {
  return (
    <button
      type="button"
      aria-current={event.seq === at ? 'true' : undefined}
      aria-label={text.showAt(formatCount(event.seq))}
      onClick={() => onMove(event.seq)}
      className="min-h-6 rounded-sm underline decoration-line-strong underline-offset-4 hover:text-text phone:min-h-11 phone:px-1"
    >
      {formatCount(event.seq)}
    </button>
  );
}

/** Events, newest first: when, where, what, by whom it was seen, by which rule. */
export function EventTable({ events, at, onMove }: EventListProps) {
  return (
    <Table label={text.events}>
      <thead>
        <tr>
          {[
            columns.seq,
            columns.at,
            columns.group,
            columns.kind,
            columns.subject,
            columns.text,
            columns.observer,
            columns.rule,
          ].map((column) => (
            <Th key={column}>{column}</Th>
          ))}
        </tr>
      </thead>
      <tbody>
        {events.map((event) => (
          <tr key={event.seq} className={cn('hover:bg-raised', event.seq === at && 'bg-raised font-medium')}>
            <Td className="num text-muted">
              <CursorButton event={event} at={at} onMove={onMove} />
            </Td>
            <Td>
              <Instant at={event.at} withDate />
            </Td>
            <Td className="num">{event.group ?? '—'}</Td>
            <Td className="whitespace-nowrap">{text.kind(event.kind)}</Td>
            <Td className="num whitespace-nowrap">{event.subject}</Td>
            <Td className={cn('min-w-72', weight(event))}>
              {event.text} <RunLink event={event} />
            </Td>
            <Td className="whitespace-nowrap text-muted">{messages.common.observer(event.observer)}</Td>
            <Td className="num">{event.rule ?? ''}</Td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

/** The same where a table does not fit. */
export function EventCards({ events, at, onMove }: EventListProps) {
  return (
    <ol className="flex flex-col">
      {events.map((event) => (
        <li
          key={event.seq}
          className={cn('border-b border-line px-3 py-2 last:border-b-0', event.seq === at && 'bg-raised')}
        >
          <p className={weight(event)}>
            {event.text} <RunLink event={event} />
          </p>
          <p className="flex flex-wrap items-center gap-x-3 text-sm text-muted">
            <span className="num">
              <CursorButton event={event} at={at} onMove={onMove} />
            </span>
            <Instant at={event.at} withDate />
            <span className="num">{event.group}</span>
            <span>{text.kind(event.kind)}</span>
            <span>{messages.common.observer(event.observer)}</span>
          </p>
        </li>
      ))}
    </ol>
  );
}

function RunLink({ event }: { event: EventView }) {
  if (!event.run || !event.group) return null;
  return (
    <Link href={routes.run(event.group, event.run)} className="underline decoration-line-strong underline-offset-4">
      {text.openRun}
    </Link>
  );
}
