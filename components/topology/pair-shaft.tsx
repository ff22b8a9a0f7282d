import { appearanceOf } from '../pair-state/appearance.ts';
import { cn } from '../ui/cn.ts';

interface Point {
  x: number;
  y: number;
}

interface PairShaftProps {
  from: Point;
  to: Point;
  /** How far below the ends the shaft sags, 0 for straight. */
  depth: number;
  kind: 'sync' | 'async';
  state: string;
  /** Let dashes move; the caller limits how many do at once. */
  moving: boolean;
  bold: boolean;
}

const HEAD = 14;
/** Distance kept from both boxes. */
const CLEAR = 5;

/** The arrow of a pair: rail by kind, head by state, dashes only where data is being copied. */
export function PairShaft({ from, to, depth, kind, state, moving, bold }: PairShaftProps) {
  const look = appearanceOf(state);
  const stroke = `var(--${look.tone === 'copying' ? 'copying' : look.tone})`;
  const sign = Math.sign(to.x - from.x) || 1;
  const start = { x: from.x + sign * CLEAR, y: from.y };
  const tip = { x: to.x - sign * CLEAR, y: to.y };
  const end = { x: tip.x - sign * (look.head === 'none' ? 0 : HEAD), y: tip.y };
  const width = bold ? 2.75 : look.tone === 'simplex' ? 1.25 : 1.75;
  const rails = kind === 'sync' ? [-2.5, 2.5] : [0];
  const dash = look.dotted ? '1.5 5' : kind === 'async' ? '12 4 2 4' : undefined;
  return (
    <g style={{ color: stroke }}>
      {rails.map((offset) => (
        <path
          key={offset}
          d={railPath(start, end, depth, offset, look.broken)}
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
            d={railPath(start, end, depth, 0, false)}
            fill="none"
            stroke={stroke}
            strokeWidth="5"
            strokeDasharray="3 21"
            className={cn(moving && 'flow-dash')}
          />
          <Chevrons start={start} end={end} depth={depth} />
        </>
      ) : null}
      {look.broken ? <Break start={start} end={end} depth={depth} /> : null}
      <Head tip={tip} sign={sign} head={look.head} />
    </g>
  );
}

function railPath(start: Point, end: Point, depth: number, offset: number, broken: boolean): string {
  if (depth > 0) {
    const low = Math.max(start.y, end.y) + depth + offset;
    return `M${start.x} ${start.y + offset}C${start.x} ${low} ${end.x} ${low} ${end.x} ${end.y + offset}`;
  }
  const y = start.y + offset;
  if (!broken) return `M${start.x} ${y}L${end.x} ${end.y + offset}`;
  const mid = (start.x + end.x) / 2;
  const gap = 9 * Math.sign(end.x - start.x);
  return `M${start.x} ${y}H${mid - gap}M${mid + gap} ${y}H${end.x}`;
}

/** Direction is also told by still chevrons, for those who have motion off. */
function Chevrons({ start, end, depth }: { start: Point; end: Point; depth: number }) {
  if (depth > 0) return null;
  const sign = Math.sign(end.x - start.x);
  return (
    <>
      {[0.2, 0.8].map((at) => {
        const x = start.x + (end.x - start.x) * at;
        return (
          <path
            key={at}
            d={`M${x - sign * 5} ${start.y - 7}L${x + sign * 3} ${start.y}L${x - sign * 5} ${start.y + 7}`}
            fill="none"
            stroke="currentColor"
            strokeWidth="2"
          />
        );
      })}
    </>
  );
}

function Break({ start, end, depth }: { start: Point; end: Point; depth: number }) {
  const x = (start.x + end.x) / 2;
  const y = (start.y + end.y) / 2 + depth * 0.75;
  return (
    <path d={`M${x - 7} ${y + 8}l6-16M${x + 1} ${y + 8}l6-16`} stroke="currentColor" strokeWidth="2" fill="none" />
  );
}

function Head({ tip, sign, head }: { tip: Point; sign: number; head: 'none' | 'filled' | 'hollow' | 'query' }) {
  if (head === 'none') return null;
  if (head === 'query') {
    return (
      <text
        x={tip.x - sign * 8}
        y={tip.y + 6}
        textAnchor="middle"
        fill="currentColor"
        className="text-[18px] font-bold"
        stroke="none"
      >
        ?
      </text>
    );
  }
  const back = tip.x - sign * HEAD;
  return (
    <path
      d={`M${tip.x} ${tip.y}L${back} ${tip.y - 8}L${back} ${tip.y + 8}Z`}
      fill={head === 'filled' ? 'currentColor' : 'var(--canvas)'}
      stroke="currentColor"
      strokeWidth="1.75"
      strokeLinejoin="round"
    />
  );
}
