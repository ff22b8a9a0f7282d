/** What the wizard shows of a run, derived from its record and its graph. Pure. */
import type { PreflightCheck } from '../../server/api/views.ts';
import type { RoutineGraph, RoutineStep, RunView, StepRecord } from '../../server/routines/step-graph.ts';

export type StepState = 'current' | 'waiting' | 'refused' | 'done' | 'not-taken' | 'ahead';

/** The record of the step from which the run came to step `id`, the last time; null where that is the first. */
export function recordBefore(run: RunView, id: string): StepRecord | null {
  const at = run.steps.findLastIndex((record) => record.id === id);
  return run.steps[at - 1] ?? null;
}

/** The newest record of a step, or null where it was never entered. */
export function recordOf(run: RunView | null, step: string): StepRecord | null {
  return run?.steps.findLast((record) => record.id === step) ?? null;
}

/** Where the run has got to from `step`: every step that outcomes may still lead to. */
export function reachable(graph: RoutineGraph, from: string | null): ReadonlySet<string> {
  const found = new Set<string>();
  const open = from === null ? [] : [from];
  while (open.length > 0) {
    const id = open.pop();
    const step = graph.steps.find((each) => each.id === id);
    for (const { next } of Object.values(step?.outcomes ?? {})) {
      if ('step' in next && !found.has(next.step)) {
        found.add(next.step);
        open.push(next.step);
      }
    }
  }
  return found;
}

/** How a step stands in a run; without a run every step is ahead. */
export function stepStateOf(graph: RoutineGraph, run: RunView | null, step: string): StepState {
  if (!run) return 'ahead';
  if (run.status !== 'ended' && run.currentStep === step) {
    if (run.status === 'waiting-decision') return 'waiting';
    return run.status === 'stopped-at-step' ? 'refused' : 'current';
  }
  const record = recordOf(run, step);
  if (record) return run.status === 'ended' && record.outcome === null ? 'refused' : 'done';
  if (run.status === 'ended') return 'not-taken';
  const from = run.currentStep ?? graph.first;
  return step === from || reachable(graph, from).has(step) ? 'ahead' : 'not-taken';
}

/** Ways the run really went, each with the outcome that led there last: `S210>S230` → `duplex`. */
export function waysTaken(run: RunView | null): ReadonlyMap<string, string> {
  const steps = run?.steps ?? [];
  return new Map(
    steps.slice(1).map((record, index) => [`${steps[index]?.id}>${record.id}`, steps[index]?.outcome ?? '']),
  );
}

/** The step the graph calls `id`, or null: then the page says that it does not know the step. */
export function stepOf(graph: RoutineGraph, id: string | null): RoutineStep | null {
  return graph.steps.find((step) => step.id === id) ?? null;
}

/** The order in which a phone lists the steps: those walked, as walked, then what lies ahead in the graph's order. */
export function listedSteps(graph: RoutineGraph, run: RunView | null): { step: string; state: StepState }[] {
  const walked = [...new Set(run?.steps.map((record) => record.id) ?? [])];
  const rest = graph.steps.map((step) => step.id).filter((id) => !walked.includes(id));
  const current = run?.status !== 'ended' ? run?.currentStep : null;
  const order = [
    ...walked,
    ...(current && !walked.includes(current) ? [current] : []),
    ...rest.filter((id) => id !== current),
  ];
  return order.map((step) => ({ step, state: stepStateOf(graph, run, step) }));
}

/** Failures first, then what cannot be told, then what passes: the order in which they want attention. */
export function orderChecks(checks: readonly PreflightCheck[]): PreflightCheck[] {
  const rank = (check: PreflightCheck) => (check.ok === false ? (check.blocking ? 0 : 1) : check.ok === null ? 2 : 3);
  return [...checks].sort((a, b) => rank(a) - rank(b));
}
