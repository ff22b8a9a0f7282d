/** From what the database holds of a group to the facts its status is derived from. */

import {
  type ActiveFault,
  type GroupFacts,
  type LastDrill,
  type ObservedProcess,
  STALENESS_BOUND_MS,
} from '../domain/status-facts.ts';
import type { RunView } from '../routines/step-graph.ts';
import { processesOf } from './agents.ts';
import type { GroupRecord } from './groups.ts';
import { namesOfLines } from './line-faults.ts';
import type { Observation } from './observations.ts';
import { NO_RATES, type Rates } from './rate-meter.ts';
import type { FaultView } from './views.ts';

export interface Observed extends Observation {
  rates: Rates | null;
}

function observedProcess({ site, view, observedAt, rates }: Observed): ObservedProcess {
  const { facts } = view;
  const port = view.address?.nbd ? Number(view.address.nbd.slice(view.address.nbd.lastIndexOf(':') + 1)) : null;
  return {
    name: view.name,
    kind: view.kind,
    state: view.state,
    pid: view.pid,
    nbdPort: port,
    observer: `agent of ${site}`,
    observedAt,
    factsAt: view.factsAt,
    storage: facts && 'storage' in facts ? facts.storage : null,
    host: facts && 'host' in facts ? facts.host : null,
    witness: facts && 'witness' in facts ? facts.witness : null,
    downSince: view.lastExit?.at ?? null,
    ...(rates ?? NO_RATES),
  };
}

/** What a standing fault is about: each process it stopped, or the line it changed. */
function activeFaults(record: GroupRecord, fault: FaultView): ActiveFault[] {
  const base = { process: null, line: null, text: fault.text, since: fault.startedAt };
  if (fault.kind === 'site-loss') {
    return processesOf(record.arrangement)
      .filter((process) => process.site === fault.target)
      .map((process) => ({ ...base, process: process.name }));
  }
  if (fault.kind !== 'cut' && fault.kind !== 'degrade') return [{ ...base, process: fault.target }];
  const line = namesOfLines(record.arrangement, record.definition).find(
    ({ name, reversed }) => name === fault.target || reversed === fault.target,
  );
  return [{ ...base, line: line?.name ?? fault.target }];
}

/** `now` is this process's wall clock, ms. */
export function factsOf(
  record: GroupRecord,
  observed: readonly Observed[],
  run: RunView | null,
  faults: readonly FaultView[],
  now: number,
  lastDrill: LastDrill | null,
): GroupFacts {
  return {
    definition: record.definition,
    arrangement: record.arrangement,
    powered: record.powered,
    now,
    boundMs: STALENESS_BOUND_MS,
    processes: observed.map(observedProcess),
    run: run && {
      run: run.run,
      routine: run.routine,
      step: run.currentStep,
      status: run.status,
      changing: run.intent !== 'test',
      since: run.startedAt,
    },
    faults: faults.flatMap((fault) => activeFaults(record, fault)),
    objectives: { rpoMs: record.rpoObjectiveMs },
    lastDrill,
  };
}
