'use client';

import { useEffect, useMemo, useRef, useState } from 'react';
import type { EventView } from '../../server/api/views.ts';
import { formatAge, formatDateTime, formatTimeOfDay } from '../format/time.ts';
import { messages } from '../messages/messages.ts';
import { PairStateGlyph } from '../pair-state/glyph.tsx';
import { Button } from '../ui/button.tsx';
import { eventNear, kindGroupOf, LANES, type Mark, placeOf, type Timeline, ticksOf, timelineOf } from './lanes.ts';

const { history: text } = messages;
const LABEL_WIDTH = 64;
/** Before the page has been measured. */
const FIRST_WIDTH = 800;

interface TimelineProps {
  events: readonly EventView[];
  /** The event the cursor stands at. */
  at: EventView;
  onMove: (seq: number) => void;
}

/** A lane per observer on one axis, idle times cut short. The slider beneath moves the same cursor by keyboard. */
export function EventTimeline({ events, at, onMove }: TimelineProps) {
  const { frame, width } = useWidth();
  const timeline = useMemo(() => timelineOf(events, width), [events, width]);
  const cursor = placeOf(timeline.stretches, at.at);
  useEffect(() => {
    const box = frame.current;
    if (!box) return;
    const hidden = cursor < box.scrollLeft + LANES.pad || cursor > box.scrollLeft + box.clientWidth - LANES.pad;
    if (hidden) box.scrollTo({ left: cursor - box.clientWidth / 2 });
  }, [cursor, frame]);
  return (
    <div className="flex flex-col gap-2 p-3">
      <div className="flex">
        <ul className="shrink-0 pr-3 text-sm text-muted" style={{ paddingTop: LANES.top }}>
          {timeline.lanes.map((lane) => (
            <li key={lane.observer} className="flex items-center whitespace-nowrap" style={{ height: LANES.height }}>
              {messages.common.observer(lane.observer)}
            </li>
          ))}
        </ul>
        <div ref={frame} className="min-w-0 flex-1 overflow-x-auto rounded-md border border-line bg-canvas">
          <Chart timeline={timeline} cursor={cursor} onMove={onMove} />
        </div>
      </div>
      <Cursor events={events} at={at} onMove={onMove} />
      <Legend />
    </div>
  );
}

function useWidth() {
  const frame = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(FIRST_WIDTH);
  useEffect(() => {
    const box = frame.current;
    if (!box) return;
    const observer = new ResizeObserver(() => setWidth(box.clientWidth));
    observer.observe(box);
    return () => observer.disconnect();
  }, []);
  return { frame, width };
}

function Chart({ timeline, cursor, onMove }: { timeline: Timeline; cursor: number; onMove: (seq: number) => void }) {
  const { lanes, breaks, stretches, width, height } = timeline;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the slider below does the same by keyboard.
    <svg
      width={width}
      height={height}
      role="img"
      aria-label={text.timelineLabel(lanes.length)}
      className="block cursor-pointer"
      onClick={(click) => {
        const box = click.currentTarget.getBoundingClientRect();
        const event = eventNear(timeline, click.clientX - box.left, click.clientY - box.top);
        if (event) onMove(event.seq);
      }}
    >
      {lanes.map((lane) => (
        <path key={lane.observer} d={`M0 ${lane.y}H${width}`} stroke="var(--border)" />
      ))}
      {ticksOf(stretches, LABEL_WIDTH).map((tick) => (
        <text key={tick.x} x={tick.x} y={15} fontSize="11" fill="var(--muted)" className="num">
          {formatTimeOfDay(tick.at)}
        </text>
      ))}
      {breaks.map((cut) => (
        <g key={cut.x}>
          <rect x={cut.x - 15} y={LANES.top} width={30} height={height - LANES.top} fill="var(--canvas)" />
          <path
            d={`M${cut.x - 2} ${LANES.top}l-4 6 4 6M${cut.x + 4} ${LANES.top}l-4 6 4 6`}
            fill="none"
            stroke="var(--border-strong)"
          />
          <text
            x={cut.x}
            y={LANES.top + 18}
            fontSize="11"
            fill="var(--muted)"
            textAnchor="start"
            transform={`rotate(90 ${cut.x} ${LANES.top + 18})`}
            dy="4"
            className="num"
          >
            {lanes.length > 2 ? formatAge(cut.idleMs) : ''}
          </text>
          <title>{text.idle(formatAge(cut.idleMs))}</title>
        </g>
      ))}
      <path d={`M${cursor} ${LANES.top - 6}V${height}`} stroke="var(--ink)" strokeWidth="2" />
      {lanes.flatMap((lane) =>
        lane.marks.map((mark) => <MarkSign key={`${lane.observer}:${mark.x}`} mark={mark} y={lane.y} />),
      )}
    </svg>
  );
}

/** The newest of the events it stands for decides its shape; how many they are is printed. */
function MarkSign({ mark, y }: { mark: Mark; y: number }) {
  const event = mark.events.at(-1);
  if (!event) return null;
  return (
    <g transform={`translate(${mark.x - LANES.mark / 2} ${y - LANES.mark / 2})`}>
      <rect x="-1" y="-1" width={LANES.mark + 2} height={LANES.mark + 2} rx="3" fill="var(--canvas)" />
      <EventSign event={event} />
      {mark.events.length > 1 ? (
        <text x={LANES.mark / 2} y={-2} fontSize="9" fill="var(--muted)" textAnchor="middle" className="num">
          {mark.events.length}
        </text>
      ) : null}
    </g>
  );
}

type Sign = 'runs' | 'verdict' | 'faults' | 'came' | 'gone' | 'pairs' | 'other';

/** On a field of 16 × 16. */
const SIGNS: Record<Sign, { shape: string; filled?: boolean }> = {
  runs: { shape: 'M4 2.5 13 8 4 13.5Z', filled: true },
  verdict: { shape: 'M8 1.5 14.5 8 8 14.5 1.5 8Z', filled: true },
  faults: { shape: 'm3 3 10 10M13 3 3 13' },
  came: { shape: 'M8 13.5v-11M3.5 7 8 2.5 12.5 7' },
  gone: { shape: 'M8 2.5v11M3.5 9 8 13.5 12.5 9' },
  pairs: { shape: 'M5.5 3v10M10.5 3v10' },
  other: { shape: 'M3.5 3.5h9v9h-9Z' },
};

function signOf(event: EventView): Sign {
  if (/-(exited|lost)$/.test(event.kind)) return 'gone';
  if (/-(started|found)$/.test(event.kind) && event.kind !== 'run-started') return 'came';
  if (event.kind === 'verdict') return 'verdict';
  const group = kindGroupOf(event);
  return group === 'processes' || group === 'groups' ? 'other' : group;
}

function SignShape({ sign, size }: { sign: Sign; size: number }) {
  const { shape, filled } = SIGNS[sign];
  return (
    <svg
      viewBox="0 0 16 16"
      width={size}
      height={size}
      fill={filled ? 'currentColor' : 'none'}
      stroke="currentColor"
      strokeWidth="1.75"
      aria-hidden="true"
    >
      <path d={shape} />
    </svg>
  );
}

/** A shape of its own for every kind of event; a pair's change has the glyph of the state it went to. */
function EventSign({ event }: { event: EventView }) {
  const { to } = event.facts;
  if (event.kind === 'pair-transition' && typeof to === 'string') return <PairStateGlyph state={to} />;
  return <SignShape sign={signOf(event)} size={LANES.mark} />;
}

/** Steps by sequence: the order in which things were recorded, whatever the observers' clocks say. */
function Cursor({ events, at, onMove }: TimelineProps) {
  const order = useMemo(() => [...events].sort((a, b) => a.seq - b.seq), [events]);
  const index = order.findIndex((event) => event.seq === at.seq);
  const move = (to: number) => {
    const event = order[to];
    if (event) onMove(event.seq);
  };
  return (
    <div className="flex flex-wrap items-center gap-2">
      <Button size="small" refused={index <= 0 ? text.atFirst : null} onClick={() => move(index - 1)}>
        {text.earlier}
      </Button>
      <input
        type="range"
        min={0}
        max={Math.max(0, order.length - 1)}
        value={Math.max(0, index)}
        onChange={(change) => move(Number(change.target.value))}
        aria-label={text.cursor}
        aria-valuetext={`${formatDateTime(at.at)}, ${at.text}`}
        className="h-6 min-w-40 flex-1 accent-[var(--ink)] phone:h-11 phone:min-w-full phone:order-last"
      />
      <Button size="small" refused={index >= order.length - 1 ? text.atLast : null} onClick={() => move(index + 1)}>
        {text.later}
      </Button>
    </div>
  );
}

function Legend() {
  return (
    <ul className="flex flex-wrap gap-x-4 gap-y-1 text-sm text-muted">
      {(Object.keys(SIGNS) as Sign[]).map((sign) => (
        <li key={sign} className="flex items-center gap-1.5">
          <SignShape sign={sign} size={12} />
          {text.signs[sign]}
        </li>
      ))}
    </ul>
  );
}
