import { appearanceOf } from '../pair-state/appearance.ts';
import { cn } from '../ui/cn.ts';
import type { Point } from './layout.ts';

interface PairShaftProps {
  from: Point;
  to: Point;
  /** Where it runs below both ends instead of straight between them; null for straight. */
  arc?: { low: number; labelX: number } | null;
  kind: 'sync' | 'async';
  state: string;
  /** Let dashes move; the caller limits how many do at once. */
  moving: boolean;
  bold: boolean;
}

/** What is left of the way once both ends and the head have been given their room. */
interface Course {
  start: Point;
  /** Where the shaft ends and the head begins. */
  end: Point;
  /** 1 to the right, -1 to the left. */
  sign: number;
  arc: { low: number; labelX: number } | null;
}

const HEAD = 14;
/** Distance kept from both boxes. */
const CLEAR = 5;
/** Radius of the two bends of an arc. */
const BEND = 16;

/** The arrow of a pair: rail by kind, head by state, dashes only where data is being copied. */
export function PairShaft({ from, to, arc = null, kind, state, moving, bold }: PairShaftProps) {
  const look = appearanceOf(state);
  const stroke = `var(--${look.tone === 'copying' ? 'copying' : look.tone})`;
  const sign = Math.sign(to.x - from.x) || 1;
  const away = (point: Point, by: number, towards: number): Point =>
    arc ? { x: point.x, y: point.y + by } : { x: point.x + towards * by, y: point.y };
  const tip = away(to, CLEAR, -sign);
  const course: Course = {
    start: away(from, CLEAR, sign),
    end: away(tip, look.head === 'none' ? 0 : HEAD, -sign),
    sign,
    arc,
  };
  const width = bold ? 2.75 : look.tone === 'simplex' ? 1.25 : 1.75;
  const rails = kind === 'sync' ? [-2.5, 2.5] : [0];
  const dash = look.dotted ? '1.5 5' : kind === 'async' ? '12 4 2 4' : undefined;
  return (
    <g style={{ color: stroke }}>
      {rails.map((offset) => (
        <path
          key={offset}
          d={railPath(course, offset, look.broken)}
          fill="none"
          stroke={stroke}
          strokeWidth={width}
          strokeDasharray={dash}
          strokeLinecap={look.dotted ? 'round' : 'butt'}
        />
      ))}
      {look.moving ? (
        <>
          <path
            d={railPath(course, 0, false)}
            fill="none"
            stroke={stroke}
            strokeWidth="5"
            strokeDasharray="3 21"
            className={cn(moving && 'flow-dash')}
          />
          <Chevrons course={course} />
        </>
      ) : null}
      {look.broken ? <Break course={course} /> : null}
      <Head tip={tip} angle={arc ? -90 : sign > 0 ? 0 : 180} head={look.head} />
    </g>
  );
}

/** Middle of the shaft, where it is interrupted and labelled. */
function middleOf({ start, end, arc }: Course): Point {
  return arc ? { x: arc.labelX, y: arc.low } : { x: (start.x + end.x) / 2, y: (start.y + end.y) / 2 };
}

function railPath(course: Course, offset: number, broken: boolean): string {
  const { start, end, sign, arc } = course;
  const mid = middleOf(course).x;
  const gap = 9 * sign;
  if (!arc) {
    const y = start.y + offset;
    if (!broken) return `M${start.x} ${y}L${end.x} ${end.y + offset}`;
    return `M${start.x} ${y}H${mid - gap}M${mid + gap} ${y}H${end.x}`;
  }
  // Parallel rails keep their distance round both bends: the outer one lies further out and further down.
  const [x0, x1, low] = [start.x - sign * offset, end.x + sign * offset, arc.low + offset];
  const bend = BEND + offset;
  const down = `M${x0} ${start.y}V${low - bend}Q${x0} ${low} ${x0 + sign * bend} ${low}`;
  const up = `H${x1 - sign * bend}Q${x1} ${low} ${x1} ${low - bend}V${end.y}`;
  return broken ? `${down}H${mid - gap}M${mid + gap} ${low}${up}` : down + up;
}

/** Direction is also told by still chevrons, for those who have motion off. */
function Chevrons({ course: { start, end, sign, arc } }: { course: Course }) {
  const y = arc?.low ?? start.y;
  return (
    <>
      {[0.2, 0.8].map((at) => {
        const x = start.x + (end.x - start.x) * at;
        return (
          <path
            key={at}
            d={`M${x - sign * 5} ${y - 7}L${x + sign * 3} ${y}L${x - sign * 5} ${y + 7}`}
            fill="none"
            stroke="currentColor"
            strokeWidth="2"
          />
        );
      })}
    </>
  );
}

function Break({ course }: { course: Course }) {
  const { x, y } = middleOf(course);
  return (
    <path d={`M${x - 7} ${y + 8}l6-16M${x + 1} ${y + 8}l6-16`} stroke="currentColor" strokeWidth="2" fill="none" />
  );
}

interface HeadProps {
  tip: Point;
  /** Where it points: 0 to the right, -90 up. */
  angle: number;
  head: 'none' | 'filled' | 'hollow' | 'query';
}

function Head({ tip, angle, head }: HeadProps) {
  if (head === 'none') return null;
  const turned = (angle * Math.PI) / 180;
  if (head === 'query') {
    return (
      <text
        x={tip.x - Math.cos(turned) * 8}
        y={tip.y + 6 - Math.sin(turned) * 8}
        textAnchor="middle"
        fill="currentColor"
        className="text-[18px] font-bold"
        stroke="none"
      >
        ?
      </text>
    );
  }
  return (
    <path
      d={`M0 0L${-HEAD} -8L${-HEAD} 8Z`}
      transform={`translate(${tip.x} ${tip.y}) rotate(${angle})`}
      fill={head === 'filled' ? 'currentColor' : 'var(--canvas)'}
      stroke="currentColor"
      strokeWidth="1.75"
      strokeLinejoin="round"
    />
  );
}
