/**
 * A routine is a graph of steps held as data (003 Fig. 5–9). The runner walks it, the wizard draws it, the docs print it,
 * and the tests enumerate its every path and restart from its every step.
 */
import type { Operation } from '../domain/group-status.ts';
import type { HostName, PairName, SystemName } from '../domain/names.ts';
import type { PairStateOrAbsent } from '../domain/pair-states.ts';
import type { Refusal } from '../domain/refusal.ts';
import type { Verdict } from '../domain/verdict.ts';
import type { TestFindings } from './action-types.ts';

export type Ending = 'done' | 'failed' | 'unknown' | 'aborted';

/** Where an outcome leads: another step, or an ending with what it means for the operator. */
export type Next = { step: string } | { ending: Ending; state: string };

export interface StepOutcome {
  next: Next;
  /** What the outcome means, in the operator's words. */
  text: string;
}

export interface PairExpectation {
  pair: PairName;
  before: readonly PairStateOrAbsent[];
  during: PairStateOrAbsent | null;
  after: readonly PairStateOrAbsent[];
}

export interface DecisionOption {
  id: string;
  label: string;
  /** Consequence in one or two sentences. */
  consequence: string;
  /** The group's name must be typed; never chosen by `--yes` or by "run through". */
  dangerous: boolean;
  /** The operator must also state in words, with a time, that the site was destroyed (spec: The verdict). */
  attests?: boolean;
}

export interface RoutineStep {
  /** The source's id (`S230`), or one of ours between them (`S205`), which `ours` marks. */
  id: string;
  ours: boolean;
  title: string;
  /** What it does, to which system, in one or two sentences. */
  text: string;
  /** Host that runs it; null where the control plane itself does (announcements, decisions). */
  host: HostName | null;
  target: SystemName | null;
  /** Name of the action in the routine's action table. */
  action: string;
  /** What the action needs to know beyond host and target: pair, peer, role of each system. */
  parameters: Readonly<Record<string, string>>;
  expects: readonly PairExpectation[];
  /** A decision step asks; its outcomes are the option ids. */
  decision: { question: string; options: readonly DecisionOption[]; default: string | null } | null;
  /** Outcome name → what follows. Total: an action may return nothing else. */
  outcomes: Readonly<Record<string, StepOutcome>>;
  /** Named safe state in which the group is left when the operator aborts at this step. */
  abortState: string;
}

export interface RoutineGraph {
  /** `failover`, `initial-copy`, … */
  id: string;
  arrangement: string;
  title: string;
  /** *planned switch-over*, *failover*, *test* are told apart everywhere. */
  intent: 'planned' | 'failover' | 'test' | 'maintenance';
  /** Host whose copy control program runs it. */
  host: HostName;
  /** A routine that goes either way: the host that runs it where the other side is lost. */
  orHost?: HostName;
  /** Operations it is meant for: in others it ends at its first step, having changed nothing. All where it names none. */
  meantFor?: readonly Operation[];
  /** What it brings about that the operator should know before it starts. */
  effects?: readonly string[];
  /** Resident routines repeat until ended by the operator. */
  resident: boolean;
  first: string;
  /** Step that clears away what a run has made by then, where the operator gives it up. */
  onAbort?: string;
  steps: readonly RoutineStep[];
}

/** A change of a pair's state; `from` and `to` differ. */
export interface Transition {
  pair: PairName;
  from: PairStateOrAbsent;
  to: PairStateOrAbsent;
}

/** One walked step, as recorded, shown and printed. */
export interface StepRecord {
  id: string;
  /** Times this step was entered in this run (resident routines repeat), from 1. */
  round: number;
  outcome: string | null;
  startedAt: number;
  /** Null while it is under way, a decision waited for among that. */
  endedAt: number | null;
  transitions: Transition[];
  /** What was seen, each with its observer. */
  evidence: string[];
  refusal: Refusal | null;
  /** Choice taken, and by whom, at a decision step. */
  decision: { choice: string; by: string } | null;
  progress: { doneBytes: number; totalBytes: number; rateBytesPerSecond: number | null } | null;
}

export type RunStatus = 'running' | 'waiting-decision' | 'paused' | 'stopped-at-step' | 'ended';

/** How a run was asked for. */
export interface RunStart {
  run: string;
  group: string;
  routine: string;
  by: string;
  /** Wall clock, ms. */
  at: number;
  /** Decisions take their default where it is not dangerous (`--yes`). */
  yes: boolean;
  /** Step id → choice (`--decide STEP=CHOICE`): explicit consent, also to a dangerous choice. */
  decisions: Readonly<Record<string, string>>;
  /** What the operator attests, for a choice given in advance that asks for it. */
  attestation: { text: string; destroyedAt: number } | null;
  /** Wait for `continue` before every step but the first (`--step`). */
  stepByStep: boolean;
  settings: RunSettings;
}

/** Bounds of a run, all in milliseconds but the last. */
export interface RunSettings {
  /** For one answer. */
  askTimeoutMs: number;
  /** For the answer of a system that may well be dead: no answer is an outcome. */
  fenceTimeoutMs: number;
  /** How long a step goes on asking a system it cannot do without, before the run stops at the step. */
  patienceMs: number;
  /** A drain that takes longer ends in failure-suspend (1b rule 19). */
  drainDeadlineMs: number;
  /** How long the restart of the work waits for the resync of the reversed pair. */
  restartWaitMs: number;
  /** A heartbeat older than this is lost, and storage whose last I/O is older has failed. */
  heartbeatBoundMs: number;
  /** Reverse copy control: pause between two cycles. */
  cycleIntervalMs: number;
  /** … cut short when the source's journal is filled beyond this share, 0…1. */
  cycleJournalLevel: number;
}

export const DEFAULT_SETTINGS: RunSettings = {
  askTimeoutMs: 3_000,
  fenceTimeoutMs: 1_500,
  patienceMs: 60_000,
  drainDeadlineMs: 120_000,
  restartWaitMs: 30_000,
  heartbeatBoundMs: 5_000,
  cycleIntervalMs: 10_000,
  cycleJournalLevel: 0.5,
};

export interface RunView {
  run: string;
  group: string;
  routine: string;
  intent: RoutineGraph['intent'];
  status: RunStatus;
  currentStep: string | null;
  ending: Ending | null;
  /** Named state the group was left in, in the operator's words. */
  endingText: string | null;
  steps: StepRecord[];
  verdict: Verdict | null;
  /** Of a test; null for any other routine. */
  test: TestFindings | null;
  startedAt: number;
  endedAt: number | null;
  startedBy: string;
  generation: number;
  /** The operator took over although P is not proven fenced: two writers were possible, knowingly. */
  forced: boolean;
  /** Records of earlier rounds of a resident routine that are no longer kept in `steps`. */
  droppedSteps: number;
  /** Set while a step is stopped by a refusal: retry, resume or abort is asked for. */
  stoppedBy: Refusal | null;
}

/** Orders the operator gives to a run under way. */
export type RunOrder =
  | {
      order: 'decide';
      step: string;
      choice: string;
      by: string;
      typedName: string | null;
      attestation: { text: string; destroyedAt: number } | null;
    }
  | { order: 'continue'; by: string }
  | { order: 'run-through'; by: string }
  | { order: 'pause'; by: string }
  | { order: 'retry'; by: string }
  | { order: 'abort'; by: string }
  /** Ends a resident routine after its current cycle. */
  | { order: 'end'; by: string };
