/** Where a run stands: plain data that survives JSON, from which the view is made. */

import type { Refusal } from '../domain/refusal.ts';
import type { RunFindings } from './action-types.ts';
import type { Ending, RoutineGraph, RunStart, RunStatus, RunView, StepRecord } from './step-graph.ts';

export interface RunState {
  start: RunStart;
  status: RunStatus;
  current: string | null;
  /** Steps entered so far, over all rounds; also the ordinal in tokens. */
  ordinal: number;
  /** Attempts at the current step so far. */
  attempt: number;
  /** Answers of `awaitOrder` so far, for their keys. */
  orders: number;
  revision: number;
  rounds: Record<string, number>;
  steps: StepRecord[];
  droppedSteps: number;
  findings: RunFindings;
  /** Wait for an order before the next step. */
  hold: boolean;
  stepByStep: boolean;
  endRequested: boolean;
  forced: boolean;
  stoppedBy: Refusal | null;
  /** The operator has given the run up, and it clears away what it made. */
  aborting: boolean;
  ending: Ending | null;
  endingText: string | null;
  endedAt: number | null;
}

/** Records kept of a resident routine, which would otherwise grow without end. */
const KEPT_RECORDS = 60;

export function newState(graph: RoutineGraph, start: RunStart): RunState {
  return {
    start,
    status: 'running',
    current: graph.first,
    ordinal: 0,
    attempt: 0,
    orders: 0,
    revision: 0,
    rounds: {},
    steps: [],
    droppedSteps: 0,
    findings: { generation: null, register: null, fences: [], heartbeats: [], verdict: null, test: null, seen: {} },
    hold: false,
    stepByStep: start.stepByStep,
    endRequested: false,
    forced: false,
    stoppedBy: null,
    aborting: false,
    ending: null,
    endingText: null,
    endedAt: null,
  };
}

/** Opens the record of the current step. */
export function enterStep(state: RunState, step: string, at: number): StepRecord {
  const round = (state.rounds[step] ?? 0) + 1;
  state.rounds[step] = round;
  state.ordinal += 1;
  state.attempt = 0;
  const record: StepRecord = {
    id: step,
    round,
    outcome: null,
    startedAt: at,
    endedAt: null,
    transitions: [],
    evidence: [],
    refusal: null,
    decision: null,
    progress: null,
  };
  state.steps.push(record);
  const excess = state.steps.length - KEPT_RECORDS;
  if (excess > 0) {
    state.steps.splice(0, excess);
    state.droppedSteps += excess;
  }
  return record;
}

/** What everybody is shown. A copy: the state goes on changing. */
export function viewOf(graph: RoutineGraph, state: RunState): RunView {
  const { start } = state;
  return structuredClone({
    run: start.run,
    group: start.group,
    routine: graph.id,
    intent: graph.intent,
    status: state.status,
    currentStep: state.status === 'ended' ? null : state.current,
    ending: state.ending,
    endingText: state.endingText,
    steps: state.steps,
    verdict: state.findings.verdict,
    // A run of an older version has no such finding.
    test: state.findings.test ?? null,
    startedAt: start.at,
    endedAt: state.endedAt,
    startedBy: start.by,
    generation: state.findings.generation?.number ?? 0,
    forced: state.forced,
    droppedSteps: state.droppedSteps,
    stoppedBy: state.stoppedBy,
  });
}
