'use client';

import { useQuery } from '@tanstack/react-query';
import type { RoutineGraph, RunView } from '../../server/routines/step-graph.ts';
import { useLive } from '../live/live-provider.tsx';
import { useTRPC } from '../live/trpc.ts';

/** Step graphs of a group's routines. They are data of this build, so they are asked for once. */
export function useRoutines(group: string) {
  const trpc = useTRPC();
  return useQuery({ ...trpc.runs.routines.queryOptions({ group }), staleTime: Number.POSITIVE_INFINITY });
}

/** Graph of one routine; null while it is not known. */
export function useGraph(group: string, routine: string | null): RoutineGraph | null {
  const routines = useRoutines(group);
  return routines.data?.find((graph) => graph.id === routine) ?? null;
}

/** A run as it stands: from the live stream where it is carried there, else as it was last read. */
export function useRun(id: string): { run: RunView | null; error: unknown } {
  const trpc = useTRPC();
  const live = useLive((state) => state.runs[id] ?? null);
  const read = useQuery({ ...trpc.runs.get.queryOptions({ run: id }), enabled: live === null });
  return { run: live ?? read.data ?? null, error: live ? null : read.error };
}
