/** What the operator of a simulated story chooses where a routine asks. */
import type { Arrangement } from '../domain/arrangement.ts';
import { findRoutine, ROUTINES } from '../routines/find-routine.ts';
import type { RoutineStep, RunView } from '../routines/step-graph.ts';
import type { Schedule } from './schedule.ts';

/** What the operator of a story wants wherever a routine asks, the dearest wish first. */
const PATIENT = [
  'confirm',
  'go-on',
  'wait',
  'repair',
  'resync',
  'reverse',
  'protect',
  'overwrite',
  'stop-work',
  'restart',
];
const HASTY = ['confirm', 'go-on', 'roll-back', 'do-not-wait', 'repair', 'as-is', 'overwrite', 'stop-work', 'restart'];

/** The choice at every decision of every routine of the arrangement. */
export function decisionsOf({ arrangement, story }: Schedule): Record<string, string> {
  const wishes = story.resyncAtTakeover ? PATIENT : HASTY;
  const chosen: Record<string, string> = {};
  for (const step of decisionStepsOf(arrangement)) {
    const options = step.decision?.options.map(({ id }) => id) ?? [];
    const wish = wishes.find((id) => options.includes(id)) ?? options[0];
    if (wish !== undefined) chosen[step.id] = wish;
  }
  return chosen;
}

/** Steps at which a routine of the arrangement, or any of them, asks the operator. */
export function decisionStepsOf(arrangement: string, routine: string | null = null): RoutineStep[] {
  return ROUTINES.filter((graph) => graph.arrangement === arrangement && (routine === null || graph.id === routine))
    .flatMap((graph) => graph.steps)
    .filter((step) => step.decision !== null);
}

/** The system on which the walked step that judges wants the work to go on. */
export function survivorOf(arrangement: Arrangement, routine: string, view: RunView): string {
  const graph = findRoutine(arrangement.id, routine);
  const walked = new Set(view.steps.map((step) => step.id));
  const judging = graph.steps.find((step) => step.action === 'judge' && walked.has(step.id));
  return judging?.parameters.survivor ?? arrangement.reverse.holder;
}

/** The run ended because by the register nobody holds the host role. */
export function saysUnheld(view: RunView | null): boolean {
  const last = view?.steps.at(-1)?.outcome;
  return last === 'unfinished' || last === 'nobody';
}
