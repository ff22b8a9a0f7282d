/** What a loss would have cost, and how much was written, second by second: one drawing that needs no script. Pure. */
import type { RollupPoint } from '../views.ts';

export interface ChartInput {
  startedAt: number;
  endedAt: number;
  points: readonly RollupPoint[];
  /** Drawn as bands under the curve; `until` is the end of the drill where it was still under way. */
  phases: readonly { routine: string; startedAt: number; endedAt: number | null }[];
  /** What the group is held to, ms; null where that is not known. */
  objectiveMs: number | null;
}

const SIZE = { width: 960, height: 300 };
const PLOT = { left: 70, right: 950, top: 24, bottom: 190 };
const WRITES = { top: 215, bottom: 270 };
const LEAST_MS = 1;
/** Points further apart than this are not joined: nobody measured in between. */
const GAP_MS = 2_500;
const MARKS: readonly [number, string][] = [
  [1, '≤ 1 ms'],
  [10, '10 ms'],
  [100, '100 ms'],
  [1_000, '1 s'],
  [10_000, '10 s'],
  [60_000, '1 min'],
  [600_000, '10 min'],
  [3_600_000, '1 h'],
];

/** An `svg` element; empty where nothing was measured. */
export function rpoChart(input: ChartInput): string {
  const { startedAt, endedAt, points, objectiveMs } = input;
  if (points.length === 0 || endedAt <= startedAt) return '';
  const x = (at: number) =>
    PLOT.left +
    ((Math.min(Math.max(at, startedAt), endedAt) - startedAt) / (endedAt - startedAt)) * (PLOT.right - PLOT.left);
  const known = points.flatMap(({ rpoMs }) => (rpoMs === null ? [] : [rpoMs]));
  const mostMs = Math.max(10, ...known, objectiveMs ?? 0) * 1.5;
  const y = (ms: number) =>
    PLOT.bottom - (Math.log10(Math.max(ms, LEAST_MS)) / Math.log10(mostMs)) * (PLOT.bottom - PLOT.top);
  const words = known.length === 0 ? 'never known' : `at most ${Math.max(...known)} ms`;
  return `<svg viewBox="0 0 ${SIZE.width} ${SIZE.height}" role="img" aria-label="Exposure over the drill: ${words}">
${bands(input, x)}
${MARKS.filter(([ms]) => ms <= mostMs)
  .map(([ms, label]) => rule(y(ms), label))
  .join('\n')}
${objectiveMs === null ? '' : `<line class="objective" x1="${PLOT.left}" x2="${PLOT.right}" y1="${at(y(objectiveMs))}" y2="${at(y(objectiveMs))}"/><text class="objective" x="${PLOT.right}" y="${at(y(objectiveMs) - 4)}" text-anchor="end">objective</text>`}
${stretches(points)
  .map(
    (stretch) =>
      `<polyline class="rpo" points="${stretch.map((one) => `${at(x(one.at))},${at(y(one.rpoMs))}`).join(' ')}"/>`,
  )
  .join('\n')}
${writes(points, x)}
${times(input, x)}
</svg>`;
}

const at = (value: number) => value.toFixed(1);

function rule(y: number, label: string): string {
  return `<line class="grid" x1="${PLOT.left}" x2="${PLOT.right}" y1="${at(y)}" y2="${at(y)}"/><text x="${PLOT.left - 8}" y="${at(y + 4)}" text-anchor="end">${label}</text>`;
}

function bands({ phases, endedAt }: ChartInput, x: (at: number) => number): string {
  return phases
    .map(({ routine, startedAt, endedAt: until }) => {
      const [from, to] = [x(startedAt), x(until ?? endedAt)];
      return `<rect class="phase" x="${at(from)}" y="${PLOT.top}" width="${at(Math.max(to - from, 1))}" height="${WRITES.bottom - PLOT.top}"><title>${routine}</title></rect><text x="${at(from + 3)}" y="${PLOT.top - 8}">${to - from > 40 ? routine : ''}</text>`;
    })
    .join('');
}

/** Runs of points that follow each other, each of which is known. */
function stretches(points: readonly RollupPoint[]): { at: number; rpoMs: number }[][] {
  const all: { at: number; rpoMs: number }[][] = [];
  let last: number | null = null;
  for (const { at: moment, rpoMs } of points) {
    if (rpoMs === null) {
      last = null;
      continue;
    }
    if (last === null || moment - last > GAP_MS) all.push([]);
    all.at(-1)?.push({ at: moment, rpoMs });
    last = moment;
  }
  return all;
}

/** Writes of hosts, all systems together, from the bottom up. */
function writes(points: readonly RollupPoint[], x: (at: number) => number): string {
  const sums = points.map(({ at: moment, systems }) => ({
    at: moment,
    sum: Object.values(systems).reduce((total, { writesPerSecond }) => total + writesPerSecond, 0),
  }));
  const most = Math.max(1, ...sums.map(({ sum }) => sum));
  const bars = sums.map(({ at: moment, sum }) => {
    const height = (sum / most) * (WRITES.bottom - WRITES.top);
    const width = Math.max(1, x(moment + 1_000) - x(moment) - 0.5);
    return `<rect class="writes" x="${at(x(moment))}" y="${at(WRITES.bottom - height)}" width="${at(width)}" height="${at(height)}"/>`;
  });
  return `${bars.join('')}<line class="grid" x1="${PLOT.left}" x2="${PLOT.right}" y1="${WRITES.bottom}" y2="${WRITES.bottom}"/><text x="${PLOT.left - 8}" y="${WRITES.top + 8}" text-anchor="end">${Math.round(most)}/s</text><text x="${PLOT.left - 8}" y="${WRITES.bottom}" text-anchor="end">writes 0</text>`;
}

function times({ startedAt, endedAt }: ChartInput, x: (at: number) => number): string {
  return [0, 0.25, 0.5, 0.75, 1]
    .map((share) => {
      const moment = startedAt + share * (endedAt - startedAt);
      const anchor = share === 0 ? 'start' : share === 1 ? 'end' : 'middle';
      return `<text x="${at(x(moment))}" y="${SIZE.height - 10}" text-anchor="${anchor}">${new Date(moment).toISOString().slice(11, 19)}</text>`;
    })
    .join('');
}
