/** What an action of a step is given, and what it gives back. */
import type { Arrangement, GroupDefinition } from '../domain/arrangement.ts';
import type { DriverToken, Generation, RegisterRecord } from '../domain/generation.ts';
import type { HeartbeatView, HostInstruction, HostReply } from '../domain/host.ts';
import type { HostName, PairName, SystemName } from '../domain/names.ts';
import type { PairStateOrAbsent } from '../domain/pair-states.ts';
import type { Clock } from '../domain/ports.ts';
import type { FenceEvidence, PairFacts } from '../domain/storage-controller.ts';
import type { Verdict } from '../domain/verdict.ts';
import type { RoutineStep, RunSettings, StepRecord, Transition } from './step-graph.ts';

/** What a test on a clone has found (ADR 0012). */
export interface TestFindings {
  /** Each end of each pair when the test began: none of them may change. */
  baseline: { system: SystemName; pair: PairName; state: PairStateOrAbsent; version: number }[];
  clone: { number: number; at: number; roomTracks: number } | null;
  /** At most so much the writer had completed and the clone lacked; null where the writer did not answer. */
  behind: { updates: number; ms: number | null } | null;
  /** Transaction at which the ledger was found; null where there is no ledger. */
  recoveredAt: number | null;
  /** Transactions completed on the clone; times the ledger was found whole. */
  worked: number;
  verified: number;
  /** Updates by which the survivor had gone on at the end; null before. */
  wentOn: number | null;
  /** Had a pair changed by then? Null before. */
  disturbed: boolean | null;
}

/** What earlier steps of the run found out. Recorded with each step's outcome, and so the same after every resume. */
export interface RunFindings {
  /** Generation under which the run gives its instructions; null until it was read or raised. */
  generation: Generation | null;
  /** The register as the compare-and-set that raised the generation answered it. */
  register: RegisterRecord | null;
  fences: FenceEvidence[];
  heartbeats: HeartbeatView[];
  /** Null before the step that judges. */
  verdict: Verdict | null;
  /** Of a test; null for any other routine. */
  test: TestFindings | null;
  /** What was seen of each pair, by pair key, so that the next look can tell what is new. */
  seen: Record<string, SeenPair>;
}

export interface SeenPair {
  /** The transitions told last, in order, whoever told them; `dropped` older ones are not kept. */
  told: Transition[];
  dropped: number;
  ends: Record<SystemName, SeenEnd>;
}

/** An end of a pair as it was when it was last asked. */
export interface SeenEnd {
  name: PairName | null;
  state: PairStateOrAbsent;
  version: number;
  changedAt: number;
  /** So many of the transitions ever told had happened at this end too. */
  upTo: number;
}

export interface ActionResult {
  /** One of the step's outcomes; at a decision step `ask`. */
  outcome: string;
  findings?: Partial<RunFindings>;
}

export interface ActionContext {
  readonly step: RoutineStep;
  readonly definition: GroupDefinition;
  readonly arrangement: Arrangement;
  readonly run: string;
  readonly settings: RunSettings;
  readonly findings: Readonly<RunFindings>;
  /** The operator has asked a resident routine to end. */
  readonly endRequested: boolean;
  readonly clock: Clock;
  /** Token of this step, under the run's generation as known now. */
  token(): DriverToken;
  /** From here on tokens carry this generation. */
  adopt(generation: Generation): void;
  /** Hands `instruction` to a host and resolves with its reply; throws `RefusedError`. */
  perform(host: HostName, instruction: HostInstruction, timeoutMs: number): Promise<HostReply>;
  /** A sentence for the step's record: what was seen or done, and by whom. */
  note(sentence: string): void;
  /**
   * Reports a pair as `observer` sees it; the record's transitions come from these. Null: it has none. `isEqual`: it was
   * formed without a copy.
   */
  sawPair(observer: SystemName, key: { a: SystemName; b: SystemName }, pair: PairFacts | null, isEqual?: boolean): void;
  progress(progress: NonNullable<StepRecord['progress']>): void;
  /** Throws `Interrupted` where the operator's order waits: long steps call it at each turn. */
  yieldToOrders(): Promise<void>;
}

export type Action = (context: ActionContext) => Promise<ActionResult>;
export type ActionTable = Readonly<Record<string, Action>>;

/** Thrown through a long step when an order waits; the runner takes the order and enters the step again. */
export class Interrupted extends Error {
  constructor() {
    super('an order of the operator waits');
    this.name = 'Interrupted';
  }
}

/** A parameter of the step, which the graph's well-formedness test proves to be there. */
export function parameter(context: ActionContext, name: string): string {
  const value = context.step.parameters[name];
  if (value === undefined)
    throw new Error(`step ${context.step.id}: action ${context.step.action} needs the parameter ${name}`);
  return value;
}

/** The names a parameter lists; none where it is empty. */
export function namesIn(context: ActionContext, name: string): string[] {
  return parameter(context, name)
    .split(' ')
    .filter((each) => each !== '');
}

/** Host that runs the step. */
export function stepHost(context: ActionContext): HostName {
  if (!context.step.host) throw new Error(`step ${context.step.id}: action ${context.step.action} needs a host`);
  return context.step.host;
}

/** Storage system the step is about. */
export function stepTarget(context: ActionContext): SystemName {
  if (!context.step.target) throw new Error(`step ${context.step.id}: action ${context.step.action} needs a target`);
  return context.step.target;
}
