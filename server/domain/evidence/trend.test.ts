import { describe, expect, it } from 'vitest';
import type { PhaseFigures } from './phases.ts';
import { type Measure, trendOf } from './trend.ts';

const phase = (routine: string, change: Partial<PhaseFigures> = {}): PhaseFigures => ({
  ...{ routine, ending: 'done', durationMs: 10_000, outageMs: null, lost: null, worstRpoMs: null, verdict: null },
  ...change,
});
const drills = (rows: readonly PhaseFigures[][]) =>
  rows.map((phases, index) => ({ bundle: `b${index}`, at: index * 1_000, phases }));
const marks = (rows: readonly PhaseFigures[][], measure: Measure) =>
  trendOf(drills(rows), measure).map(({ routine, round, points }): [string, string[]] => [
    `${routine} ${round}`,
    points.map(({ ms, limitMs }) => `${ms}${limitMs === null ? '' : ` > ${limitMs}`}`),
  ]);
const outages = (...all: (number | null)[]) => all.map((outageMs) => [phase('failover', { outageMs })]);

describe('the trend of a runbook', () => {
  it('marks what took more than 1.25 times the median before it, and two seconds more', () => {
    expect(marks(outages(20_000, 22_000, 18_000, 25_000, 25_001, 24_000), 'outageMs')).toEqual([
      ['failover 1', ['20000', '22000', '18000', '25000', '25001', '24000']],
    ]);
    expect(marks(outages(20_000, 20_000, 20_000, 25_001), 'outageMs')[0]?.[1]).toContain('25001 > 25000');
    // A quarter of a second is little: two seconds more are meant.
    expect(marks(outages(1_000, 1_000, 1_000, 3_000, 3_001), 'outageMs')[0]?.[1]).toEqual([
      '1000',
      '1000',
      '1000',
      '3000',
      '3001 > 3000',
    ]);
  });

  it('asks for three drills before it, and looks at no more than five', () => {
    expect(marks(outages(1_000, 1_000, 90_000), 'outageMs')[0]?.[1]).toEqual(['1000', '1000', '90000']);
    const slow = outages(1_000, 1_000, 1_000, 1_000, 9_000, 9_000, 9_000, 9_000, 9_000, 9_500);
    expect(marks(slow, 'outageMs')[0]?.[1].at(-1)).toBe('9500');
  });

  it('work that never stood still is nought, and what is not known is no yardstick', () => {
    expect(marks(outages(null, null, null, 2_500), 'outageMs')[0]?.[1]).toEqual(['0', '0', '0', '2500 > 2000']);
    const unknown = [null, null, null, 4_000].map((worstRpoMs) => [phase('failover', { worstRpoMs })]);
    expect(marks(unknown, 'worstRpoMs')[0]?.[1]).toEqual(['null', 'null', 'null', '4000']);
  });

  it('any loss where there was none is marked', () => {
    const lost = [0, 0, 0, 1].map((ms) => [phase('failover', { lost: { updates: ms, ms } })]);
    expect(marks(lost, 'lostMs')[0]?.[1].at(-1)).toBe('1 > 0');
  });

  it('tells several runs of one routine apart, and leaves out phases with nothing to show', () => {
    const rows = [
      [phase('initial-copy', { durationMs: 1 }), phase('failback'), phase('initial-copy', { durationMs: 2 })],
    ];
    expect(marks(rows, 'durationMs')).toEqual([
      ['initial-copy 1', ['1']],
      ['failback 1', ['10000']],
      ['initial-copy 2', ['2']],
    ]);
    expect(marks(rows, 'outageMs')).toEqual([]);
  });
});
