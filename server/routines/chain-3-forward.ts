/** Initial copy of the chains whose log goes from I straight to R (003 Fig. 5): chain-3, chain-3-direct, chain-4-bypass. */
import { type ForwardPair, initialCopy } from './parts/initial-copy.ts';
import type { RoutineGraph } from './step-graph.ts';

/** P⇒I, then I→R. */
export const FORWARD_PAIRS: readonly [ForwardPair, ForwardPair] = [
  {
    id: 'S100',
    pair: 'P-I',
    kind: 'sync',
    text: 'P forms the sync pair with I; formation copy, by difference where the bitmaps allow it.',
    hold: { id: 'S095', downstream: 'I-R', kind: 'async' },
  },
  {
    id: 'S110',
    pair: 'I-R',
    kind: 'async',
    text: 'Host P has I, reached through P, form the async pair with R; formation copy, by difference where the bitmaps allow it.',
    hold: null,
  },
];

export function initialCopyOfThree(arrangement: string): RoutineGraph {
  return initialCopy({ arrangement, compared: ['I', 'R'], pairs: FORWARD_PAIRS });
}
