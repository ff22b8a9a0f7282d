/** How the drills of a runbook did one after the other, phase by phase, and where one did markedly worse. Pure. */
import type { PhaseFigures } from './phases.ts';

export const MEASURES = ['outageMs', 'lostMs', 'durationMs', 'worstRpoMs'] as const;
export type Measure = (typeof MEASURES)[number];

/**
 * The rule by which a drill is marked: it took more than 1.25 times the median of up to five drills before it, and more than that
 * median by this much. Fewer than three before it are no yardstick.
 */
export const REGRESSION = {
  factor: 1.25,
  earlier: 5,
  least: 3,
  slackMs: { outageMs: 2_000, lostMs: 0, durationMs: 2_000, worstRpoMs: 500 } satisfies Record<Measure, number>,
} as const;

export interface TrendDrill {
  bundle: string;
  at: number;
  phases: readonly PhaseFigures[];
}

export interface TrendPoint {
  bundle: string;
  at: number;
  /** Null where it was not known, or the phase was not walked. */
  ms: number | null;
  /** What it should have stayed within; null where it did, or nothing could be said. */
  limitMs: number | null;
}

export interface TrendLine {
  routine: string;
  /** Of several runs of one routine in a drill, from 1. */
  round: number;
  points: TrendPoint[];
}

/** One line for each phase that has a value at all. `drills`: those that passed, oldest first. */
export function trendOf(drills: readonly TrendDrill[], measure: Measure): TrendLine[] {
  const tables = drills.map(({ phases }) => byRound(phases));
  const keys = [...new Set(tables.flatMap((table) => [...table.keys()]))];
  return keys.flatMap((key) => {
    const values = tables.map((table) => measured(table.get(key), measure));
    if (values.every((value) => value === null || value === 0)) return [];
    const [routine = key, round = '1'] = key.split(' ');
    const points = drills.map(({ bundle, at }, index) => {
      const ms = values[index] ?? null;
      return { bundle, at, ms, limitMs: exceeded(ms, values.slice(0, index), measure) };
    });
    return [{ routine, round: Number(round), points }];
  });
}

/** Phases by their routine and its round: drills are compared run by run. */
export function byRound<P extends Pick<PhaseFigures, 'routine'>>(phases: readonly P[]): Map<string, P> {
  const rounds = new Map<string, number>();
  const table = new Map<string, P>();
  for (const phase of phases) {
    const round = (rounds.get(phase.routine) ?? 0) + 1;
    rounds.set(phase.routine, round);
    table.set(`${phase.routine} ${round}`, phase);
  }
  return table;
}

function measured(phase: PhaseFigures | undefined, measure: Measure): number | null {
  if (!phase) return null;
  // Work that never stood still, and a run that lost nothing, are the best there is, and not unknown.
  if (measure === 'outageMs') return phase.outageMs ?? 0;
  if (measure === 'lostMs') return phase.lost?.ms ?? 0;
  return phase[measure];
}

/** The limit that was exceeded, or null. */
function exceeded(ms: number | null, before: readonly (number | null)[], measure: Measure): number | null {
  const known = before.filter((value) => value !== null).slice(-REGRESSION.earlier);
  if (ms === null || known.length < REGRESSION.least) return null;
  const median = medianOf(known);
  const limit = Math.max(median * REGRESSION.factor, median + REGRESSION.slackMs[measure]);
  return ms > limit ? limit : null;
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}
