/** One attempt at a step: the action is run once, and whatever comes of it is a value that can be recorded. */
import type { Generation } from '../domain/generation.ts';
import type { Refusal } from '../domain/refusal.ts';
import { refusalOf } from '../domain/refusal.ts';
import type { ActionContext, RunFindings } from './action-types.ts';
import { Interrupted } from './action-types.ts';
import type { RunState } from './run-state.ts';
import type { WalkInput } from './runner.ts';
import type { RoutineStep, StepRecord } from './step-graph.ts';
import { TransitionLog } from './transitions.ts';

export interface Attempt {
  kind: 'outcome' | 'refused' | 'interrupted';
  outcome: string | null;
  refusal: Refusal | null;
  startedAt: number;
  endedAt: number;
  evidence: string[];
  transitions: StepRecord['transitions'];
  progress: StepRecord['progress'];
  findings: Partial<RunFindings>;
  /** Orders had come in by the end: the runner takes them before it goes on. */
  ordersWaiting: boolean;
}

export interface AttemptInput extends WalkInput {
  step: RoutineStep;
  state: RunState;
  /** Called whenever there is more to show. */
  show: (live: Pick<Attempt, 'transitions' | 'evidence' | 'progress'>) => void;
}

/** Runs the step's action. Never rejects: a refusal, and even a defect, stops the run at this step with a reason. */
export async function attemptStep(input: AttemptInput): Promise<Attempt> {
  const { step, state, clock, store } = input;
  const log = new TransitionLog(structuredClone(state.findings.seen));
  const attempt: Attempt = {
    kind: 'outcome',
    outcome: null,
    refusal: null,
    startedAt: clock.now(),
    endedAt: 0,
    evidence: [],
    transitions: log.list,
    progress: null,
    findings: {},
    ordersWaiting: false,
  };
  try {
    const action = input.actions[step.action];
    if (!action) throw new Error(`step ${step.id} names an action that is not in the table: ${step.action}`);
    const result = await action(contextOf(input, attempt, log));
    const known = step.decision ? result.outcome === 'ask' : result.outcome in step.outcomes;
    if (!known) throw new Error(`action ${step.action} answered ${result.outcome}, which is no outcome of ${step.id}`);
    attempt.outcome = result.outcome;
    attempt.findings = { ...result.findings };
  } catch (error) {
    if (error instanceof Interrupted) attempt.kind = 'interrupted';
    else Object.assign(attempt, { kind: 'refused', refusal: refusalOf(error) });
  }
  attempt.findings.seen = log.seen;
  attempt.endedAt = clock.now();
  attempt.ordersWaiting = attempt.kind === 'interrupted' || (await store.orderWaiting());
  return attempt;
}

function contextOf(input: AttemptInput, attempt: Attempt, log: TransitionLog): ActionContext {
  const { step, state, store } = input;
  let adopted: Generation | null = state.findings.generation;
  const show = () =>
    input.show({ transitions: attempt.transitions, evidence: attempt.evidence, progress: attempt.progress });
  return {
    step,
    definition: input.definition,
    arrangement: input.arrangement,
    run: state.start.run,
    settings: state.start.settings,
    findings: state.findings,
    endRequested: state.endRequested,
    clock: input.clock,
    token: () => ({
      generation: adopted?.number ?? 0,
      runId: state.start.run,
      claimEpoch: input.claim.epoch,
      step: state.ordinal,
    }),
    adopt: (generation) => {
      adopted = generation;
    },
    perform: input.perform,
    note: (sentence) => {
      attempt.evidence.push(sentence);
      show();
    },
    sawPair: (observer, key, pair, isEqual) => {
      if (log.look(observer, key, pair, isEqual)) show();
    },
    progress: (progress) => {
      attempt.progress = progress;
      show();
    },
    yieldToOrders: async () => {
      if (await store.orderWaiting()) throw new Interrupted();
    },
  };
}
