import { describe, expect, it } from 'vitest';
import type { RollupPoint } from '../views.ts';
import { type ChartInput, rpoChart } from './report-chart.ts';

const point = (second: number, rpoMs: number | null, writesPerSecond = 20): RollupPoint => ({
  at: second * 1_000,
  rpoMs,
  systems: { P: { writesPerSecond, bytesPerSecond: 0, journalUsedBytes: 0 } },
  pairs: {},
});
const chart = (points: RollupPoint[], change: Partial<ChartInput> = {}) =>
  rpoChart({ startedAt: 0, endedAt: 10_000, points, phases: [], objectiveMs: null, ...change });
const curves = (svg: string) =>
  [...svg.matchAll(/<polyline class="rpo" points="([^"]*)"/g)].map(([, all]) => all ?? '');

describe('the chart of a report', () => {
  it('is none where nothing was measured', () => expect(chart([])).toBe(''));

  it('breaks the curve where nobody knew, and where nobody measured', () => {
    const svg = chart([point(0, 5), point(1, 6), point(2, null), point(3, 7), point(8, 9), point(9, 9)]);
    expect(curves(svg).map((curve) => curve.split(' ').length)).toEqual([2, 1, 2]);
  });

  it('draws a larger exposure higher, and says the largest', () => {
    const svg = chart([point(0, 10), point(1, 1_000)]);
    const [low, high] = (curves(svg)[0] ?? '').split(' ').map((place) => Number(place.split(',')[1]));
    expect(high).toBeLessThan(low ?? 0);
    expect(svg).toContain('aria-label="Exposure over the drill: at most 1000 ms"');
  });

  it('shows the objective, the routines, and a standstill of the work as no bar', () => {
    const phases = [{ routine: 'failover', startedAt: 2_000, endedAt: null }];
    const svg = chart([point(0, 1), point(1, 1, 0)], { phases, objectiveMs: 1_000 });
    expect(svg).toContain('>objective<');
    expect(svg).toContain('<title>failover</title>');
    expect([...svg.matchAll(/class="writes"[^>]* height="([^"]*)"/g)].map(([, height]) => height)).toEqual([
      '55.0',
      '0.0',
    ]);
  });

  it('holds no number that is none', () => {
    expect(chart([point(0, 0), point(1, null), point(2, 1e9)], { objectiveMs: 0 })).not.toMatch(/NaN|Infinity/);
  });
});
