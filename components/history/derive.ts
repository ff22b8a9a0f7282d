/** Runs and events as the screens list them. Pure. */
import type { EventKind, EventView } from '../../server/api/views.ts';
import type { RunView } from '../../server/routines/step-graph.ts';

/** Runs read and runs heard, each once, the heard one counting for more; newest first. */
export function mergeRuns(
  read: readonly RunView[],
  live: Readonly<Record<string, RunView>>,
  group: string | null,
): RunView[] {
  const all = new Map(read.map((run) => [run.run, run]));
  for (const run of Object.values(live)) if (group === null || run.group === group) all.set(run.run, run);
  return [...all.values()].sort((a, b) => b.startedAt - a.startedAt);
}

export const KIND_GROUPS = {
  pairs: ['pair-transition'],
  runs: ['run-started', 'run-step', 'run-order', 'run-taken-over', 'run-ended', 'verdict'],
  faults: ['fault-injected', 'fault-cleared'],
  processes: [
    'process-started',
    'process-exited',
    'process-event',
    'heartbeat-lost',
    'heartbeat-found',
    'agent-lost',
    'agent-found',
    'worker-started',
    'worker-lost',
  ],
  groups: ['group-created', 'group-changed', 'group-deleted', 'instruction'],
} as const satisfies Record<string, readonly EventKind[]>;

export type KindGroup = keyof typeof KIND_GROUPS;

export interface EventFilter {
  group: string | null;
  kinds: KindGroup | null;
}

/** Does the filter let the event through? The same rule the server applies to what is read. */
export function passes(event: EventView, filter: EventFilter): boolean {
  if (filter.group !== null && event.group !== filter.group) return false;
  return filter.kinds === null || (KIND_GROUPS[filter.kinds] as readonly EventKind[]).includes(event.kind);
}

/** Events read and events heard since, each once, newest first. */
export function mergeEvents(read: readonly EventView[], heard: readonly EventView[], filter: EventFilter): EventView[] {
  const all = new Map(read.map((event) => [event.seq, event]));
  for (const event of heard) if (passes(event, filter)) all.set(event.seq, event);
  return [...all.values()].sort((a, b) => b.seq - a.seq);
}
