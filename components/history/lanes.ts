/**
 * Geometry of the timeline: a lane per observer, one axis for all, with the times in which nothing happened cut short. Pure; in
 * pixels.
 */
import type { EventView } from '../../server/api/views.ts';
import { KIND_GROUPS, type KindGroup } from './derive.ts';

export const LANES = { height: 28, top: 26, pad: 16, breakWidth: 44, mark: 16 } as const;

/** A time without events longer than this is cut short. */
export const IDLE_MS = 10_000;
/** So that a second of a busy time can be looked into; the chart scrolls where this makes it wider than the page. */
const PIXELS_PER_SECOND = 24;
const WIDEST = 6000;

export interface Break {
  /** Middle of the cut. */
  x: number;
  idleMs: number;
}

/** A stretch of time drawn to scale. */
export interface Stretch {
  from: number;
  to: number;
  x: number;
  width: number;
}

/** Events of one lane too close to be told apart; the newest stands for them. */
export interface Mark {
  x: number;
  events: readonly EventView[];
}

export interface Lane {
  observer: string;
  /** Middle of the lane. */
  y: number;
  marks: readonly Mark[];
}

export interface Timeline {
  lanes: readonly Lane[];
  stretches: readonly Stretch[];
  breaks: readonly Break[];
  width: number;
  height: number;
}

/** Which filter an event falls under; also decides the shape of its mark. */
export function kindGroupOf(event: EventView): KindGroup {
  const groups = Object.entries(KIND_GROUPS) as [KindGroup, readonly string[]][];
  return groups.find(([, kinds]) => kinds.includes(event.kind))?.[0] ?? 'groups';
}

/** Who acts first, then who stores, then who watches. */
const ORDER = [/^control$/, /^host-/, /^[A-Z0-9]{1,3}$/, /^switch-/, /^witness$/];

function rankOf(observer: string): number {
  const rank = ORDER.findIndex((pattern) => pattern.test(observer));
  return rank === -1 ? ORDER.length : rank;
}

/** `width`: room there is, in pixels. `events` in any order. */
export function timelineOf(events: readonly EventView[], width: number): Timeline {
  const sorted = [...events].sort((a, b) => a.at - b.at || a.seq - b.seq);
  const { stretches, breaks, end } = axisOf(
    sorted.map((event) => event.at),
    width,
  );
  const observers = [...new Set(sorted.map((event) => event.observer))].sort(
    (a, b) => rankOf(a) - rankOf(b) || a.localeCompare(b),
  );
  const lanes = observers.map(
    (observer, index): Lane => ({
      observer,
      y: LANES.top + (index + 0.5) * LANES.height,
      marks: marksOf(
        sorted.filter((event) => event.observer === observer),
        stretches,
      ),
    }),
  );
  return { lanes, stretches, breaks, width: end, height: LANES.top + observers.length * LANES.height + 4 };
}

/** Place of an instant on the axis; an instant in a cut stands at its left edge. */
export function placeOf(stretches: readonly Stretch[], at: number): number {
  const stretch = stretches.findLast((each) => each.from <= at) ?? stretches[0];
  if (!stretch) return LANES.pad;
  const share =
    stretch.to === stretch.from ? 0 : (Math.min(at, stretch.to) - stretch.from) / (stretch.to - stretch.from);
  return stretch.x + Math.max(0, share) * stretch.width;
}

function axisOf(times: readonly number[], room: number): { stretches: Stretch[]; breaks: Break[]; end: number } {
  const spans: { from: number; to: number }[] = [];
  for (const at of times) {
    const open = spans.at(-1);
    if (open && at - open.to <= IDLE_MS) open.to = at;
    else spans.push({ from: at, to: at });
  }
  const busyMs = spans.reduce((sum, span) => sum + span.to - span.from, 0);
  const fixed = 2 * LANES.pad + Math.max(0, spans.length - 1) * LANES.breakWidth;
  const wanted = Math.min(WIDEST, (busyMs / 1000) * PIXELS_PER_SECOND);
  const busyWidth = Math.max(room - fixed, wanted, 0);
  const stretches: Stretch[] = [];
  const breaks: Break[] = [];
  let x: number = LANES.pad;
  for (const [index, span] of spans.entries()) {
    const before = spans[index - 1];
    if (before) {
      breaks.push({ x: x + LANES.breakWidth / 2, idleMs: span.from - before.to });
      x += LANES.breakWidth;
    }
    const width = busyMs === 0 ? 0 : ((span.to - span.from) / busyMs) * busyWidth;
    stretches.push({ ...span, x, width });
    x += width;
  }
  return { stretches, breaks, end: Math.max(room, x + LANES.pad) };
}

function marksOf(events: readonly EventView[], stretches: readonly Stretch[]): Mark[] {
  const marks: { x: number; events: EventView[] }[] = [];
  for (const event of events) {
    const x = placeOf(stretches, event.at);
    const last = marks.at(-1);
    if (last && x - last.x < LANES.mark) last.events.push(event);
    else marks.push({ x, events: [event] });
  }
  return marks;
}

/** The event whose mark is nearest to a point of the chart; null where there is none. */
export function eventNear(timeline: Timeline, x: number, y: number): EventView | null {
  const marks = timeline.lanes.flatMap((lane) => lane.marks.map((mark) => ({ mark, y: lane.y })));
  const distance = (each: { mark: Mark; y: number }) => Math.hypot(each.mark.x - x, 2 * (each.y - y));
  const [nearest] = marks.sort((a, b) => distance(a) - distance(b));
  return nearest?.mark.events.at(-1) ?? null;
}

/** Instants worth a label: both ends of every stretch wide enough for two, else its beginning; labels never overlap. */
export function ticksOf(stretches: readonly Stretch[], labelWidth: number): { x: number; at: number }[] {
  const ticks: { x: number; at: number }[] = [];
  for (const stretch of stretches) {
    const count = Math.max(0, Math.floor(stretch.width / (labelWidth * 2)));
    for (let index = 0; index <= count; index += 1) {
      const share = count === 0 ? 0 : index / count;
      const x = stretch.x + share * stretch.width;
      if (x - (ticks.at(-1)?.x ?? Number.NEGATIVE_INFINITY) >= labelWidth)
        ticks.push({ x, at: stretch.from + share * (stretch.to - stretch.from) });
    }
  }
  return ticks;
}
