/** One line of the fleet page, from the one status. */
import { findArrangement } from '../domain/arrangement.ts';
import type { GroupStatus, PairStatus } from '../domain/group-status.ts';
import type { RunView } from '../routines/step-graph.ts';
import type { FleetRow } from './views.ts';

/** From furthest from protection to fully protected; what is not known comes first. */
const WORST_FIRST: readonly PairStatus['state'][] = [
  'unknown',
  'absent',
  'failure-suspend',
  'simplex',
  'suspend',
  'initial-copying',
  'duplex-pending',
  'suspending',
  'duplex',
];

function worstHopOf(pairs: readonly PairStatus[]): FleetRow['worstHop'] {
  const [worst] = [...pairs].sort(
    (a, b) => WORST_FIRST.indexOf(a.state) - WORST_FIRST.indexOf(b.state) || (b.lag?.ms ?? 0) - (a.lag?.ms ?? 0),
  );
  return worst ? { pair: worst.name, state: worst.state, lagMs: worst.lag?.ms ?? null } : null;
}

/** `proven` is the group's latest ended run that said a verdict. */
export function fleetRow(status: GroupStatus, proven: RunView | null): FleetRow {
  return {
    group: status.name,
    arrangement: status.arrangement,
    arrangementTitle: findArrangement(status.arrangement)?.title ?? status.arrangement,
    operation: status.operation,
    severity: status.severity,
    summary: status.summary,
    powered: status.powered,
    holder: status.holder,
    generation: status.generation,
    rpo: status.rpo,
    worstHop: worstHopOf(status.pairs),
    pairs: status.pairs.map(({ name, kind, state }) => ({ name, kind, state })),
    exposure: status.exposure.text,
    alarms: status.alarms,
    activeRun: status.activeRun,
    lastProven:
      proven?.verdict && proven.ending && proven.endedAt !== null
        ? {
            run: proven.run,
            routine: proven.routine,
            endedAt: proven.endedAt,
            ending: proven.ending,
            verdict: proven.verdict.kind,
          }
        : null,
    lastDrill: status.lastDrill,
    observedAt: status.observedAt,
  };
}
