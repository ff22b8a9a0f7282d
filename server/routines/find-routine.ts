/** All routines of all arrangements. Adding an arrangement adds its table here. */
import { refuse } from '../domain/refusal.ts';
import { CHAIN_3_ROUTINES } from './chain-3.ts';
import { CHAIN_3_DIRECT_ROUTINES } from './chain-3-direct.ts';
import { CHAIN_4_ROUTINES } from './chain-4.ts';
import { CHAIN_4_BYPASS_BACKUP_ROUTINES, CHAIN_4_BYPASS_ROUTINES } from './chain-4-bypass.ts';
import { FAN_ROUTINES } from './fan.ts';
import type { RoutineGraph, RoutineStep } from './step-graph.ts';
import { TWIN_ROUTINES } from './twin.ts';

export const ROUTINES: readonly RoutineGraph[] = [
  ...CHAIN_3_ROUTINES,
  ...CHAIN_3_DIRECT_ROUTINES,
  ...CHAIN_4_BYPASS_ROUTINES,
  ...CHAIN_4_BYPASS_BACKUP_ROUTINES,
  ...CHAIN_4_ROUTINES,
  ...FAN_ROUTINES,
  ...TWIN_ROUTINES,
];

/** The routine called `id` of an arrangement. Refuses with `unknown-routine`, naming those there are. */
export function findRoutine(arrangement: string, id: string): RoutineGraph {
  const found = ROUTINES.find((graph) => graph.arrangement === arrangement && graph.id === id);
  if (found) return found;
  const known = ROUTINES.filter((graph) => graph.arrangement === arrangement).map((graph) => graph.id);
  throw refuse(
    'unknown-routine',
    `Arrangement ${arrangement} has no routine ${id}.`,
    `Choose one of: ${known.join(', ')}.`,
  );
}

/** The routine by which an arrangement is tested without being disturbed, or null where it has none. */
export function testOf(arrangement: string): RoutineGraph | null {
  return ROUTINES.find((graph) => graph.arrangement === arrangement && graph.intent === 'test') ?? null;
}

/** The step called `id`, or null: a reader shows "Unknown step" rather than the first one. */
export function findStep(graph: RoutineGraph, id: string): RoutineStep | null {
  return graph.steps.find((step) => step.id === id) ?? null;
}
