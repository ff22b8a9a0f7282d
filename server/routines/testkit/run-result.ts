/** What a run leaves behind, in words that are the same whether or not a step had to be repeated. */
import type { RunView } from '../step-graph.ts';
import type { FakeWorld } from './fake-world.ts';

export interface RunResult {
  steps: string[];
  ending: RunView['ending'];
  verdict: unknown;
  given: number;
  pairs: string[];
  numbers: number[];
  holders: string[];
  /** What is left of a test. */
  clones: string[];
}

/** A step repeated after it had taken effect says that it found its work done; both outcomes lead the same way. */
export const SAME_WAY: Readonly<Record<string, string>> = {
  already: 'duplex',
  'not-needed': 'split',
  absent: 'deleted',
  'rolled-back': 'consistent',
};

export function resultOf(world: FakeWorld, view: RunView): RunResult {
  const systems = Object.values(world.systems);
  return {
    steps: view.steps.map((step) => `${step.id} ${SAME_WAY[step.outcome ?? ''] ?? step.outcome}`),
    ending: view.ending,
    verdict: view.verdict && { kind: view.verdict.kind, lost: view.verdict.lost, number: view.verdict.survivorNumber },
    given: world.given.length,
    pairs: systems.flatMap((system) =>
      [...system.pairs.values()].map(
        (pair) => `${system.name}: ${pair.definition.source}-${pair.definition.destination} ${pair.state}`,
      ),
    ),
    numbers: systems.map((system) => system.lastNumber),
    holders: systems.filter((system) => system.holdsRole).map((system) => system.name),
    clones: systems.filter((system) => system.clone).map((system) => system.name),
  };
}
