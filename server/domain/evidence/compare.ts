/** Two drills side by side: phases and steps by what they are, not by when they came. Pure. */
import type { PhaseFigures } from './phases.ts';
import { byRound } from './trend.ts';

export interface Difference {
  before: number | null;
  after: number | null;
  /** After less before; null where either is not known. */
  by: number | null;
  /** Of what was before, as a share; null where nothing can be a share of it. */
  share: number | null;
}

export interface ComparedPhase {
  routine: string;
  round: number;
  /** Where only one of the drills walked it. */
  only: 'before' | 'after' | null;
  duration: Difference;
  outage: Difference;
  worstRpo: Difference;
  lostUpdates: Difference;
}

export interface ComparedStep {
  routine: string;
  step: string;
  round: number;
  outcomes: [string | null, string | null];
  only: 'before' | 'after' | null;
  duration: Difference;
}

interface WalkedRun {
  routine: string;
  steps: readonly { id: string; outcome: string | null; startedAt: number; endedAt: number | null }[];
}

type Phase = Pick<PhaseFigures, 'routine' | 'durationMs' | 'outageMs' | 'lost' | 'worstRpoMs'>;

export function differenceOf(before: number | null, after: number | null): Difference {
  const by = before === null || after === null ? null : after - before;
  return { before, after, by, share: by === null || !before ? null : by / before };
}

export function comparePhases(before: readonly Phase[], after: readonly Phase[]): ComparedPhase[] {
  return paired(byRound(before), byRound(after)).map(({ key, one, other, only }) => {
    const [routine = key, round = '1'] = key.split(' ');
    const of = (figure: (phase: Phase) => number | null) =>
      differenceOf(one ? figure(one) : null, other ? figure(other) : null);
    return {
      routine,
      round: Number(round),
      only,
      duration: of((phase) => phase.durationMs),
      outage: of((phase) => phase.outageMs ?? 0),
      worstRpo: of((phase) => phase.worstRpoMs),
      lostUpdates: of((phase) => phase.lost?.updates ?? 0),
    };
  });
}

export function compareSteps(before: readonly WalkedRun[], after: readonly WalkedRun[]): ComparedStep[] {
  return paired(stepsByRound(before), stepsByRound(after)).map(({ key, one, other, only }) => {
    const [routine = '', step = '', round = '1'] = key.split(' ');
    const lasted = (record: Step | null) =>
      record === null || record.endedAt === null ? null : record.endedAt - record.startedAt;
    return {
      routine,
      step,
      round: Number(round),
      outcomes: [one?.outcome ?? null, other?.outcome ?? null],
      only,
      duration: differenceOf(lasted(one), lasted(other)),
    };
  });
}

type Step = WalkedRun['steps'][number];

function stepsByRound(runs: readonly WalkedRun[]): Map<string, Step> {
  const rounds = new Map<string, number>();
  const table = new Map<string, Step>();
  for (const { routine, steps } of runs) {
    for (const step of steps) {
      const name = `${routine} ${step.id}`;
      const round = (rounds.get(name) ?? 0) + 1;
      rounds.set(name, round);
      table.set(`${name} ${round}`, step);
    }
  }
  return table;
}

interface Pair<T> {
  key: string;
  one: T | null;
  other: T | null;
  only: 'before' | 'after' | null;
}

/** In the order of the later one; what only the earlier one has comes after that. */
function paired<T>(before: ReadonlyMap<string, T>, after: ReadonlyMap<string, T>): Pair<T>[] {
  return [...new Set([...after.keys(), ...before.keys()])].map((key) => {
    const one = before.get(key) ?? null;
    const other = after.get(key) ?? null;
    return { key, one, other, only: one === null ? 'after' : other === null ? 'before' : null };
  });
}
