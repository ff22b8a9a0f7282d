/** Is a routine well formed, and which ways lead through it? Asked by the tests and by the generator of the docs. */
import type { ActionContract } from './actions/contracts.ts';
import type { RoutineGraph, RoutineStep } from './step-graph.ts';

export interface PathStep {
  step: string;
  outcome: string;
}

/** One way from the first step to an ending. */
export interface Path {
  steps: readonly PathStep[];
  ending: string;
}

/** Everything that is wrong with `graph`, in sentences; empty where it is well formed. */
export function graphFaults(graph: RoutineGraph, contracts: Readonly<Record<string, ActionContract>>): string[] {
  const faults = graph.steps.flatMap((step) => stepFaults(graph, step, contracts));
  const ids = graph.steps.map((step) => step.id);
  for (const id of new Set(ids)) if (ids.filter((other) => other === id).length > 1) faults.push(`${id} stands twice`);
  const reached = reachable(graph);
  for (const id of ids) if (!reached.has(id)) faults.push(`${id} cannot be reached`);
  for (const id of ids) if (!canEnd(graph, id)) faults.push(`no way leads from ${id} to an ending`);
  if (!graph.resident && hasCycle(graph)) faults.push('the routine is not resident, but its steps form a circle');
  return faults;
}

function stepFaults(
  graph: RoutineGraph,
  step: RoutineStep,
  contracts: Readonly<Record<string, ActionContract>>,
): string[] {
  const faults: string[] = [];
  const contract = contracts[step.action];
  if (!contract) return [`${step.id} names an unknown action ${step.action}`];
  if (contract.host && !step.host) faults.push(`${step.id} has no host to run ${step.action}`);
  if (contract.target && !step.target) faults.push(`${step.id} has no target for ${step.action}`);
  for (const name of contract.parameters) {
    if (step.parameters[name] === undefined) faults.push(`${step.id} lacks the parameter ${name} of ${step.action}`);
  }
  const wanted = step.decision ? step.decision.options.map((option) => option.id) : contract.outcomes;
  const has = Object.keys(step.outcomes);
  for (const outcome of wanted) if (!has.includes(outcome)) faults.push(`${step.id} has no outcome ${outcome}`);
  for (const outcome of has)
    if (!wanted.includes(outcome)) faults.push(`${step.id} has an outcome ${outcome} that cannot come about`);
  for (const [outcome, { next, text }] of Object.entries(step.outcomes)) {
    if (!text) faults.push(`${step.id} ${outcome} has no meaning`);
    if ('step' in next && !graph.steps.some((other) => other.id === next.step))
      faults.push(`${step.id} ${outcome} leads to ${next.step}, which is not there`);
    if ('ending' in next && !next.state) faults.push(`${step.id} ${outcome} ends in no named state`);
  }
  if (!step.abortState) faults.push(`${step.id} has no state to abort to`);
  const byDefault = step.decision?.options.find((option) => option.id === step.decision?.default);
  if (step.decision && step.decision.default !== null && !byDefault)
    faults.push(`${step.id} has a default that is no option`);
  if (byDefault?.dangerous) faults.push(`${step.id} has a dangerous default`);
  return faults;
}

function nextSteps(graph: RoutineGraph, id: string): string[] {
  const step = graph.steps.find((candidate) => candidate.id === id);
  return Object.values(step?.outcomes ?? {}).flatMap(({ next }) => ('step' in next ? [next.step] : []));
}

function reachable(graph: RoutineGraph): Set<string> {
  const reached = new Set([graph.first]);
  for (const id of reached) for (const next of nextSteps(graph, id)) reached.add(next);
  return reached;
}

function canEnd(graph: RoutineGraph, from: string): boolean {
  const reached = new Set([from]);
  for (const id of reached) for (const next of nextSteps(graph, id)) reached.add(next);
  return graph.steps.some(
    (step) => reached.has(step.id) && Object.values(step.outcomes).some(({ next }) => 'ending' in next),
  );
}

function hasCycle(graph: RoutineGraph): boolean {
  return graph.steps.some((step) => {
    const reached = new Set(nextSteps(graph, step.id));
    for (const id of reached) for (const next of nextSteps(graph, id)) reached.add(next);
    return reached.has(step.id);
  });
}

/**
 * Every way through the graph, entering no step more than `mostVisits` times (a resident routine has circles; its last
 * visits must still end). Yields in a fixed order.
 */
export function* pathsThrough(graph: RoutineGraph, mostVisits: number): Generator<Path> {
  yield* pathsFrom(graph, graph.first, [], mostVisits);
}

function* pathsFrom(graph: RoutineGraph, id: string, walked: readonly PathStep[], mostVisits: number): Generator<Path> {
  const step = graph.steps.find((candidate) => candidate.id === id);
  if (!step || walked.filter((before) => before.step === id).length >= mostVisits) return;
  for (const [outcome, { next }] of Object.entries(step.outcomes)) {
    const steps = [...walked, { step: id, outcome }];
    if ('ending' in next) yield { steps, ending: next.ending };
    else yield* pathsFrom(graph, next.step, steps, mostVisits);
  }
}
