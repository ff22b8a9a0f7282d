'use client';

import { useQuery } from '@tanstack/react-query';
import type { GroupStatus } from '../../server/domain/group-status.ts';
import { useLive } from '../live/live-provider.tsx';
import { useTRPC } from '../live/trpc.ts';
import { type StepMark, stepMarkOf } from './derive.ts';

/** Where the run under way in this group stands, so that the graph can outline it. */
export function useStepMark(status: GroupStatus): StepMark | null {
  const trpc = useTRPC();
  const runs = useLive((state) => state.runs);
  const active = status.activeRun;
  const graphs = useQuery({
    ...trpc.runs.routines.queryOptions({ group: status.name }),
    enabled: active !== null,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const run = active ? (runs[active.run] ?? null) : null;
  const graph = graphs.data?.find((each) => each.id === run?.routine);
  return stepMarkOf(run, graph?.steps.find((step) => step.id === run?.currentStep) ?? null);
}
