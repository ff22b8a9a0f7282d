/** Which orders make sense when, and which runs may start: asked by the API before it takes one, and by the runner again. */
import type { Refusal } from '../domain/refusal.ts';
import type { DecisionOption, RoutineGraph, RoutineStep, RunOrder, RunStart, RunView } from './step-graph.ts';

type Standing = Pick<RunView, 'group' | 'status' | 'currentStep'>;

/** Why `order` is refused for a run that stands so, or null where it is taken. */
export function whyOrderRefused(graph: RoutineGraph, standing: Standing, order: RunOrder): Refusal | null {
  if (standing.status === 'ended') {
    return { code: 'wrong-state', message: 'The run has ended.', cure: 'Start a new run.' };
  }
  if (order.order === 'decide') return whyDecisionRefused(graph, standing, order);
  if (order.order === 'retry' && standing.status !== 'stopped-at-step') {
    return {
      code: 'wrong-state',
      message: `The run is ${standing.status}: there is no stopped step to retry.`,
      cure: 'Retry when a step was stopped by a refusal.',
    };
  }
  if (order.order === 'continue' && standing.status !== 'paused' && standing.status !== 'stopped-at-step') {
    return {
      code: 'wrong-state',
      message: `The run is ${standing.status}, neither paused nor stopped at a step.`,
      cure: 'Pause it first, or start it step by step.',
    };
  }
  if (order.order === 'end' && !graph.resident) {
    return { code: 'wrong-state', message: `${graph.title} ends by itself.`, cure: 'To give it up, abort the run.' };
  }
  return null;
}

function whyDecisionRefused(
  graph: RoutineGraph,
  standing: Standing,
  order: Extract<RunOrder, { order: 'decide' }>,
): Refusal | null {
  if (standing.status !== 'waiting-decision' || standing.currentStep !== order.step) {
    const place = standing.currentStep ? `${standing.status} at ${standing.currentStep}` : standing.status;
    return {
      code: 'wrong-state',
      message: `${order.step} asks for no decision now; the run is ${place}.`,
      cure: 'Look at the run again and decide at the step that asks.',
    };
  }
  const step = graph.steps.find((candidate) => candidate.id === order.step);
  const option = optionOf(step, order.choice);
  if (!option) return unknownChoice(step, order.step, order.choice);
  if (option.dangerous && order.typedName !== standing.group) {
    return {
      code: 'not-confirmed',
      message: `“${option.label}” is dangerous: ${option.consequence}`,
      cure: `Type the group's name, ${standing.group}, to confirm it.`,
    };
  }
  if (option.attests && !order.attestation?.text.trim()) return attestationMissing(option);
  return null;
}

function attestationMissing(option: DecisionOption): Refusal {
  return {
    code: 'not-confirmed',
    message: `“${option.label}” needs your word in writing.`,
    cure: 'State what was destroyed, and when.',
  };
}

/** The option called `choice` of a decision step, or null. */
export function optionOf(step: RoutineStep | undefined, choice: string): DecisionOption | null {
  return step?.decision?.options.find((option) => option.id === choice) ?? null;
}

function unknownChoice(step: RoutineStep | undefined, id: string, choice: string): Refusal {
  if (!step?.decision)
    return {
      code: 'bad-request',
      message: `${id} is not a step that asks for a decision.`,
      cure: 'Name a decision step of this routine.',
    };
  const known = step.decision.options.map((option) => option.id).join(', ');
  return { code: 'bad-request', message: `${id} has no choice ${choice}.`, cure: `Choose one of: ${known}.` };
}

/** Why a run may not start so: a decision given in advance that no step asks for. Null where it may. */
export function whyStartRefused(
  graph: RoutineGraph,
  start: Pick<RunStart, 'decisions' | 'attestation'>,
): Refusal | null {
  for (const [id, choice] of Object.entries(start.decisions)) {
    const step = graph.steps.find((candidate) => candidate.id === id);
    const option = optionOf(step, choice);
    if (!option) return unknownChoice(step, id, choice);
    if (option.attests && !start.attestation?.text.trim()) return attestationMissing(option);
  }
  return null;
}
