'use client';

import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { useServerNow } from '../live/live-provider.tsx';
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
  const rows = points.data ?? [];
  const series = rows.map((row) => row.pairs[pair]?.lagMs ?? null);
  if (points.isError || !series.some((value) => value !== null))
    return <p className="text-sm text-muted">{text.lagChartNone}</p>;
  return <Plot at={rows.map((row) => row.at / 1000)} seconds={series.map((ms) => (ms === null ? null : ms / 1000))} />;
}

function Plot({ at, seconds }: { at: number[]; seconds: (number | null)[] }) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const style = getComputedStyle(element);
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
