/** Routines whose every way is walked by the tests. */
import { findArrangement } from '../../domain/arrangement.ts';
import { ROUTINES } from '../find-routine.ts';
import type { RoutineGraph } from '../step-graph.ts';

/**
 * All of them but repetitions of steps: what is done for a second backup does not hang on the mode of the first, and what is
 * done for a third is what is done for the second. So each mode is walked with one backup, and one mode with two. A test on a clone
 * has the same steps in every arrangement but for the names: it is walked in one.
 */
export const WALKED: readonly (readonly [title: string, graph: RoutineGraph])[] = ROUTINES.filter(
  ({ arrangement, intent }) => {
    if (intent === 'test') return arrangement === 'chain-3';
    const variation = findArrangement(arrangement)?.variation;
    return !variation || variation.backups === 1 || (variation.backups === 2 && variation.mode === 'merge');
  },
).map((graph) => [`${graph.arrangement} ${graph.id}`, graph]);
