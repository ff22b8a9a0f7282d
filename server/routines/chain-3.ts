/** The routines of chain-3, in the order an operator meets them. */
import { FAILBACK } from './chain-3-failback.ts';
import { initialCopyOfThree } from './chain-3-forward.ts';
import { REVERSE_COPY, REVERSE_COPY_CONTROL } from './chain-3-reverse.ts';
import { FAILOVER, SWITCH_OVER } from './chain-3-takeover.ts';
import { testFailover } from './parts/test-failover.ts';
import type { RoutineGraph } from './step-graph.ts';

export const CHAIN_3_ROUTINES: readonly RoutineGraph[] = [
  initialCopyOfThree('chain-3'),
  FAILOVER,
  SWITCH_OVER,
  REVERSE_COPY,
  REVERSE_COPY_CONTROL,
  FAILBACK,
  testFailover('chain-3'),
];
