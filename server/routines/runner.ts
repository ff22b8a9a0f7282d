/**
 * The runner walks any step graph over a `RunStore`. It decides only from what the store recorded, so that another driver
 * started for the same run walks the same way, repeats the step that was under way, and never skips one (1b rules 8, 9).
 */
import type { Arrangement, GroupDefinition } from '../domain/arrangement.ts';
import type { HostInstruction, HostReply } from '../domain/host.ts';
import type { HostName } from '../domain/names.ts';
import type { Clock } from '../domain/ports.ts';
import { withAttestation } from '../domain/verdict-text.ts';
import type { ActionTable } from './action-types.ts';
import { type Attempt, attemptStep } from './attempt.ts';
import { optionOf, whyOrderRefused } from './order-rules.ts';
import { enterStep, newState, type RunState, viewOf } from './run-state.ts';
import type { DriverClaim, RunStore } from './run-store.ts';
import type {
  DecisionOption,
  Next,
  RoutineGraph,
  RoutineStep,
  RunOrder,
  RunStart,
  RunView,
  StepRecord,
} from './step-graph.ts';

export interface WalkInput {
  graph: RoutineGraph;
  actions: ActionTable;
  definition: GroupDefinition;
  arrangement: Arrangement;
  start: RunStart;
  store: RunStore;
  clock: Clock;
  /** Of this driver. */
  claim: DriverClaim;
  perform: (host: HostName, instruction: HostInstruction, timeoutMs: number) => Promise<HostReply>;
  /** Where an earlier walk of the same run left off; null to begin. */
  from: RunState | null;
}

/** `view` of a run that ended, or `checkpoint` of a resident one, to be walked on under a fresh record. */
export type WalkEnd = { view: RunView; checkpoint: null } | { view: RunView; checkpoint: RunState };

/** Steps of a resident routine after which its record is begun anew, so that a resume need not replay weeks. */
const STEPS_PER_WALK = 400;

/** Walks until the run ends, or a resident run has filled its record. Rejects only where the store does. */
export async function walk(input: WalkInput): Promise<WalkEnd> {
  const runner = new Runner(input);
  return runner.walk();
}

class Runner {
  private readonly state: RunState;
  /** The view published last. */
  private shown: RunView | null = null;
  /** The operator has let the run go on: what was told by hand until then is not to lock it out. */
  private mustRenewClaim = false;

  constructor(private readonly input: WalkInput) {
    this.state = input.from ? structuredClone(input.from) : newState(input.graph, input.start);
  }

  async walk(): Promise<WalkEnd> {
    const { state } = this;
    const begunAt = state.ordinal;
    for (;;) {
      if (state.hold) await this.heldBeforeStep();
      if (state.ending) break;
      const step = this.currentStep();
      const record = enterStep(state, step.id, this.input.clock.now());
      this.publish();
      await this.runStep(step, record);
      if (state.ending) break;
      if (state.stepByStep) state.hold = true;
      if (this.input.graph.resident && state.ordinal - begunAt >= STEPS_PER_WALK) {
        return { view: viewOf(this.input.graph, state), checkpoint: structuredClone(state) };
      }
    }
    this.publish();
    return { view: viewOf(this.input.graph, state), checkpoint: null };
  }

  /** One step, from its first attempt to the choice of what follows. */
  private async runStep(step: RoutineStep, record: StepRecord): Promise<void> {
    const { state } = this;
    let first = true;
    for (;;) {
      state.attempt += 1;
      const attempt = await this.attempt(step, record);
      if (first) record.startedAt = attempt.startedAt;
      first = false;
      this.takeOver(record, attempt);
      if (attempt.kind === 'outcome' && !step.decision) {
        // The step is done: an order that came meanwhile finds the run before its next step, or ended.
        this.conclude(step, record, attempt.outcome ?? '', attempt.endedAt);
        if (attempt.ordersWaiting && !state.ending)
          await this.takeWaitingOrders(this.currentStep(), null, attempt.endedAt);
        return;
      }
      if (attempt.ordersWaiting) await this.takeWaitingOrders(step, record, attempt.endedAt);
      if (this.hasLeft(step)) return;
      if (attempt.kind === 'interrupted') continue;
      if (attempt.kind === 'outcome') return this.decideAndConclude(step, record, attempt.endedAt);
      record.refusal = attempt.refusal;
      state.stoppedBy = attempt.refusal;
      await this.waitFor('stopped-at-step', step, record);
      if (this.hasLeft(step)) return;
      record.refusal = null;
    }
  }

  private attempt(step: RoutineStep, record: StepRecord): Promise<Attempt> {
    const { state, input } = this;
    const key = `${state.ordinal}/${step.id}/${state.attempt}`;
    return input.store.record(key, async () => {
      if (this.mustRenewClaim) await input.claim.renew();
      this.mustRenewClaim = false;
      return attemptStep({ ...input, step, state, show: (live) => this.publishLive(record, live) });
    });
  }

  /** Takes over what an attempt found out. Evidence of one that was interrupted will be gathered again. */
  private takeOver(record: StepRecord, attempt: Attempt): void {
    record.transitions.push(...attempt.transitions);
    if (attempt.kind !== 'interrupted') record.evidence.push(...attempt.evidence);
    record.progress = attempt.progress;
    Object.assign(this.state.findings, attempt.findings);
  }

  private conclude(step: RoutineStep, record: StepRecord, outcome: string, at: number): void {
    const following = step.outcomes[outcome];
    if (!following) throw new Error(`step ${step.id} has no outcome ${outcome}`);
    record.outcome = outcome;
    record.endedAt = at;
    this.goOn(following.next, at);
  }

  private async decideAndConclude(step: RoutineStep, record: StepRecord, at: number): Promise<void> {
    if (!this.decideInAdvance(step, record)) await this.waitFor('waiting-decision', step, record);
    if (this.hasLeft(step)) return;
    this.conclude(step, record, record.decision?.choice ?? '', record.endedAt ?? at);
  }

  private goOn(next: Next, at: number): void {
    if ('step' in next) this.state.current = next.step;
    else this.end(next.ending, next.state, at);
  }

  private end(ending: NonNullable<RunState['ending']>, text: string, at: number): void {
    const { state } = this;
    const how = state.aborting ? 'aborted' : ending;
    Object.assign(state, { ending: how, endingText: text, endedAt: at, status: 'ended', stoppedBy: null });
  }

  /** The run has ended, or was given up and clears away what it made. */
  private hasLeft(step: RoutineStep): boolean {
    return this.state.ending !== null || this.state.current !== step.id;
  }

  /** Takes the choice given in advance, or the harmless default where `--yes` was said; false where the operator must be asked. */
  private decideInAdvance(step: RoutineStep, record: StepRecord): boolean {
    const { start } = this.state;
    const given = optionOf(step, start.decisions[step.id] ?? '');
    if (given && (!given.attests || start.attestation)) {
      this.decided(record, given, start.by, start.attestation);
      return true;
    }
    const byDefault = optionOf(step, step.decision?.default ?? '');
    if (!start.yes || !byDefault || byDefault.dangerous) return false;
    this.decided(record, byDefault, `${start.by} (default)`, null);
    return true;
  }

  private decided(record: StepRecord, option: DecisionOption, by: string, attestation: RunStart['attestation']): void {
    const { findings } = this.state;
    record.decision = { choice: option.id, by };
    if (option.attests && attestation && findings.verdict)
      findings.verdict = withAttestation(findings.verdict, { by, ...attestation });
    // Before a verdict there is nothing to force; after it, a dangerous choice with P at large may make two writers.
    if (option.dangerous && findings.verdict && !findings.verdict.fenced) this.state.forced = true;
  }

  /** Waits at the current step in `status` until an order lets it go on or ends the run. */
  private async waitFor(
    status: 'waiting-decision' | 'stopped-at-step',
    step: RoutineStep,
    record: StepRecord,
  ): Promise<void> {
    const { state } = this;
    state.status = status;
    this.publish();
    while (state.status === status) {
      const { order, at } = await this.nextOrder(null);
      if (order) this.obey(order, step, record, at);
    }
    this.publish();
  }

  /** Paused between two steps. */
  private async heldBeforeStep(): Promise<void> {
    const { state } = this;
    state.status = 'paused';
    this.publish();
    while (state.hold && !state.ending) {
      const { order, at } = await this.nextOrder(null);
      if (order) this.obey(order, this.currentStep(), null, at);
    }
    if (!state.ending) state.status = 'running';
  }

  private async takeWaitingOrders(step: RoutineStep, record: StepRecord | null, at: number): Promise<void> {
    for (;;) {
      const { order } = await this.nextOrder(0);
      if (!order) return;
      this.obey(order, step, record, at);
      if (this.state.ending) return;
    }
  }

  /** The order and the time it was taken; the time is recorded with it, so that a replay shows the same. */
  private async nextOrder(waitMs: number | null): Promise<{ order: RunOrder | null; at: number }> {
    const { store, clock } = this.input;
    this.state.orders += 1;
    const key = `order/${this.state.orders}`;
    const order = await store.awaitOrder(key, waitMs);
    if (waitMs === 0) return { order, at: 0 };
    return { order, at: await store.record(`${key}/at`, async () => clock.now()) };
  }

  /** Carries out an order. One that makes no sense now is dropped: whoever gave it was told so when it was given. */
  private obey(order: RunOrder, step: RoutineStep, record: StepRecord | null, at: number): void {
    const { state, input } = this;
    const standing = { group: state.start.group, status: state.status, currentStep: state.current };
    if (whyOrderRefused(input.graph, standing, order)) return;
    switch (order.order) {
      case 'abort':
        return this.abort(step, record, at);
      case 'pause':
        state.hold = true;
        return;
      case 'continue':
        state.hold = false;
        return this.goOnAsTold();
      case 'run-through':
        state.hold = false;
        state.stepByStep = false;
        return this.goOnAsTold();
      case 'end':
        state.endRequested = true;
        return;
      case 'retry':
        return this.goOnAsTold();
      case 'decide': {
        const option = optionOf(step, order.choice);
        if (!record || !option) return;
        this.decided(record, option, order.by, order.attestation);
        record.endedAt = at;
        state.status = 'running';
      }
    }
  }

  /** From a pause, or from a step that was stopped. */
  private goOnAsTold(): void {
    const { state } = this;
    this.mustRenewClaim = true;
    if (state.status !== 'stopped-at-step') return;
    state.stoppedBy = null;
    state.status = 'running';
  }

  /** A step whose last instruction had no answer may or may not have taken effect: that ending is called unknown. */
  private abort(step: RoutineStep, record: StepRecord | null, at: number): void {
    const { state, input } = this;
    const doubtful = state.stoppedBy?.code === 'timeout';
    if (record) record.endedAt = at;
    const { first, onAbort } = input.graph;
    if (onAbort && step.id !== first && !(step.id === onAbort && record)) {
      // What it has made is cleared away before it ends; nothing is asked any more on the way.
      Object.assign(state, { aborting: true, current: onAbort, status: 'running', stoppedBy: null });
      Object.assign(state, { hold: false, stepByStep: false });
      this.mustRenewClaim = true;
      return;
    }
    if (!doubtful) return this.end('aborted', step.abortState, at);
    const doubt = `whether ${step.id} took effect${step.target ? ` at ${step.target}` : ''} is not known, look at the status of the group`;
    this.end('unknown', `${step.abortState}; ${doubt}`, at);
  }

  private currentStep(): RoutineStep {
    const step = this.input.graph.steps.find((candidate) => candidate.id === this.state.current);
    if (!step) throw new Error(`routine ${this.input.graph.id} has no step ${this.state.current}`);
    return step;
  }

  private publish(): void {
    this.state.revision += 1;
    this.shown = viewOf(this.input.graph, this.state);
    this.input.store.publish(this.state.revision, this.shown, false);
  }

  /** Shows the step under way as far as it got. Only its record is made anew: this is called for every sentence of it. */
  private publishLive(record: StepRecord, live: Pick<Attempt, 'transitions' | 'evidence' | 'progress'>): void {
    const open = this.shown?.steps.at(-1);
    if (!this.shown || !open) return;
    const current: StepRecord = {
      ...open,
      transitions: [...record.transitions, ...live.transitions],
      evidence: [...record.evidence, ...live.evidence],
      progress: live.progress,
    };
    const view = { ...this.shown, steps: [...this.shown.steps.slice(0, -1), current] };
    this.input.store.publish(this.state.revision, view, true);
  }
}
