'use client';

import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { TrendPoint } from '../../server/domain/evidence/trend.ts';
import { messages } from '../messages/messages.ts';

const { trend: text } = messages.runbooks;
const HEIGHT = 140;
const MARK_PX = 6;

/** One phase over its drills, in seconds; a triangle above what did markedly worse. The table beneath says the same. */
export function TrendPlot({ title, points }: { title: string; points: readonly TrendPoint[] }) {
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const style = getComputedStyle(element);
    const axis = {
      stroke: style.getPropertyValue('--muted'),
      grid: { stroke: style.getPropertyValue('--border'), width: 1 },
    };
    const ink = style.getPropertyValue('--text');
    const plot = new uPlot(
      {
        width: element.clientWidth,
        height: HEIGHT,
        legend: { show: false },
        cursor: { drag: { x: false, y: false } },
        scales: {
          x: { time: false, range: (_self, min, max) => [min - 0.5, max + 0.5] },
          y: { range: (_self, _min, max) => [0, Math.max(1, (max ?? 0) * 1.25)] },
        },
        // One after the other, however far apart in time: drills are not taken by the clock.
        axes: [
          { ...axis, incrs: [1, 2, 5, 10, 20, 50] },
          { ...axis, size: 44 },
        ],
        series: [
          {},
          { label: title, stroke: ink, width: 1.5, points: { show: true, size: 6, fill: ink }, spanGaps: false },
        ],
        hooks: { draw: [(self) => drawMarks(self, points, style.getPropertyValue('--failure'))] },
      },
      [points.map((_point, index) => index + 1), points.map(({ ms }) => (ms === null ? null : ms / 1000))],
      element,
    );
    const observer = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: HEIGHT }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.destroy();
    };
  }, [title, points]);
  const marked = points.filter(({ limitMs }) => limitMs !== null).length;
  return (
    <figure className="m-0 min-w-0">
      <figcaption className="text-sm">
        <span className="font-medium">{title}</span>{' '}
        <span className={marked > 0 ? 'text-failure' : 'text-muted'}>{text.caption(points.length, marked)}</span>
      </figcaption>
      <div ref={host} aria-hidden="true" className="min-w-0" />
    </figure>
  );
}

function drawMarks(plot: uPlot, points: readonly TrendPoint[], colour: string): void {
  const { ctx } = plot;
  const size = MARK_PX * devicePixelRatio;
  ctx.fillStyle = colour;
  for (const [index, { ms, limitMs }] of points.entries()) {
    if (ms === null || limitMs === null) continue;
    const x = plot.valToPos(index + 1, 'x', true);
    const y = plot.valToPos(ms / 1000, 'y', true) - 2 * size;
    ctx.beginPath();
    ctx.moveTo(x, y - size);
    ctx.lineTo(x + size, y + size);
    ctx.lineTo(x - size, y + size);
    ctx.fill();
  }
}
