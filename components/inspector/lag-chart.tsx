'use client';

import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { formatTimeOfDay } from '../format/time.ts';
import { useLive, useServerNow } from '../live/live-provider.tsx';
import { useTRPC } from '../live/trpc.ts';
import { messages } from '../messages/messages.ts';

const WINDOW_MS = 300_000;
const HEIGHT = 120;
const { inspector: text } = messages;

/** Lag of one pair over the last five minutes, in seconds. Gaps are gaps: what was not observed is not drawn. */
export function LagChart({ group, pair }: { group: string; pair: string }) {
  const trpc = useTRPC();
  const serverNow = useServerNow();
  // Five-second steps, so that the question asked is the same one between them.
  const to = Math.floor(serverNow / 5000) * 5000;
  const points = useQuery({
    ...trpc.groups.rollups.queryOptions({ group, from: Math.max(0, to - WINDOW_MS), to }),
    enabled: to > WINDOW_MS,
    placeholderData: (previous) => previous,
  });
  const tests = useTests(group, to - WINDOW_MS, to);
  const rows = points.data ?? [];
  const series = rows.map((row) => row.pairs[pair]?.lagMs ?? null);
  if (points.isError || !series.some((value) => value !== null))
    return <p className="text-sm text-muted">{text.lagChartNone}</p>;
  const at = rows.map((row) => row.at / 1000);
  const seconds = series.map((ms) => (ms === null ? null : ms / 1000));
  return (
    <>
      <Plot at={at} seconds={seconds} tests={tests} />
      {tests.map((test) => (
        <p key={test.run} className="text-sm tabular-nums" data-testid="lag-test">
          {text.lagTested(
            formatTimeOfDay(test.from),
            test.to === null ? null : formatTimeOfDay(test.to),
            worstWithin(at, seconds, test).toFixed(2),
          )}
        </p>
      ))}
    </>
  );
}

/** A stretch in which somebody tested on a clone, ms. */
interface TestStretch {
  run: string;
  from: number;
  to: number | null;
}

/** Tests of the group that fall into the window. */
function useTests(group: string, from: number, to: number): TestStretch[] {
  const trpc = useTRPC();
  const live = useLive((state) => state.runs);
  const listed = useQuery({ ...trpc.runs.list.queryOptions({ group, limit: 20 }), enabled: to > WINDOW_MS });
  const known = new Map((listed.data ?? []).map((run) => [run.run, run]));
  for (const run of Object.values(live)) if (run.group === group) known.set(run.run, run);
  return [...known.values()]
    .filter((run) => run.intent === 'test' && (run.endedAt ?? to) >= from)
    .map((run) => ({ run: run.run, from: run.startedAt, to: run.endedAt }))
    .sort((a, b) => a.from - b.from);
}

function worstWithin(at: readonly number[], seconds: readonly (number | null)[], { from, to }: TestStretch): number {
  const inside = seconds.filter((_, index) => {
    const ms = (at[index] ?? 0) * 1000;
    return ms >= from && ms <= (to ?? Number.POSITIVE_INFINITY);
  });
  return Math.max(0, ...inside.map((value) => value ?? 0));
}

/** Behind the curve: the stretches in which somebody tested. */
function drawTests(chart: uPlot, tests: readonly TestStretch[], fill: string): void {
  const { ctx, bbox } = chart;
  ctx.save();
  ctx.fillStyle = fill;
  for (const { from, to } of tests) {
    const left = Math.max(bbox.left, chart.valToPos(from / 1000, 'x', true));
    const right = to === null ? bbox.left + bbox.width : chart.valToPos(to / 1000, 'x', true);
    // However short it was, it can be seen.
    if (right > bbox.left)
      ctx.fillRect(left, bbox.top, Math.max(3, Math.min(right, bbox.left + bbox.width) - left), bbox.height);
  }
  ctx.restore();
}

interface PlotProps {
  at: number[];
  seconds: (number | null)[];
  tests: readonly TestStretch[];
}

function Plot({ at, seconds, tests }: PlotProps) {
  const host = useRef<HTMLDivElement>(null);
  const marked = useRef(tests);
  marked.current = tests;
  const plot = useRef<uPlot | null>(null);
  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const style = getComputedStyle(element);
    const fill = style.getPropertyValue('--border');
    const axis = {
      stroke: style.getPropertyValue('--muted'),
      grid: { stroke: style.getPropertyValue('--border'), width: 1 },
    };
    plot.current = new uPlot(
      {
        width: element.clientWidth,
        height: HEIGHT,
        legend: { show: false },
        cursor: { drag: { x: false, y: false } },
        hooks: { drawClear: [(chart) => drawTests(chart, marked.current, fill)] },
        scales: { x: { time: true }, y: { range: (_self, _min, max) => [0, Math.max(0.1, (max ?? 0) * 1.2)] } },
        axes: [axis, { ...axis, size: 44 }],
        series: [{}, { label: text.lagSeries, stroke: style.getPropertyValue('--text'), width: 1.5, spanGaps: false }],
      },
      [[], []],
      element,
    );
    const observer = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height: HEIGHT }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, []);
  useEffect(() => {
    plot.current?.setData([at, seconds]);
  }, [at, seconds]);
  const known = seconds.filter((value) => value !== null);
  const worst = Math.max(...known, 0);
  return (
    <figure className="m-0">
      <figcaption className="text-sm text-muted">{text.lagChartCaption(worst.toFixed(2))}</figcaption>
      <div ref={host} aria-hidden="true" />
    </figure>
  );
}
