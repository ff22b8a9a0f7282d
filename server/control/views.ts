/**
 * What the control plane keeps and shows besides the domain's own shapes: history, faults, preflight, charts, audit.
 * All times are wall-clock milliseconds since 1970 UTC; everything here is plain JSON.
 */

import type { GroupDefinition } from '../domain/arrangement.ts';
import type { WayOn } from '../domain/evidence/aftermath.ts';
import type { DrillNote, DrillProgress } from '../domain/evidence/drill-notes.ts';
import type { Finding } from '../domain/evidence/judge.ts';
import type { DrillOutcome } from '../domain/evidence/manifest.ts';
import type { Phase, PhaseFigures } from '../domain/evidence/phases.ts';
import type { ProofBasis, StaleReason } from '../domain/evidence/staleness.ts';
import type { Severity } from '../domain/group-status.ts';
import type { PairState } from '../domain/pair-states.ts';
import type { Refusal } from '../domain/refusal.ts';
import type { Verdict } from '../domain/verdict.ts';
import type { DecisionOption } from '../routines/step-graph.ts';

export type EventKind =
  | 'pair-transition'
  | 'process-started'
  | 'process-exited'
  | 'process-event'
  | 'heartbeat-lost'
  | 'heartbeat-found'
  | 'agent-lost'
  | 'agent-found'
  | 'run-started'
  | 'run-step'
  | 'run-order'
  | 'run-taken-over'
  | 'run-ended'
  | 'verdict'
  | 'fault-injected'
  | 'fault-cleared'
  | 'group-created'
  | 'group-changed'
  | 'group-deleted'
  | 'instruction'
  | 'drill-started'
  | 'drill-sealed'
  | 'drill-skipped'
  | 'drill-missed'
  | 'worker-started'
  | 'worker-lost';

export interface DrillView {
  id: string;
  group: string;
  runbook: string;
  title: string;
  status: 'recording' | 'sealing' | 'sealed';
  /** Known once the recording has ended. */
  outcome: DrillOutcome | null;
  startedAt: number;
  endedAt: number | null;
  startedBy: string;
  /** As stated by whoever started it. */
  approvedBy: string | null;
  /** Name of the bundle. */
  bundle: string;
  /** Its place in the group’s chain. */
  sequence: number;
  /** SHA-256 of its manifest; null until it is sealed. */
  manifestHash: string | null;
  progress: DrillProgress;
  /** What it was recorded on; null where that was not written down. */
  basis: ProofBasis | null;
  /** What it achieved; null until it is sealed. */
  phases: PhaseFigures[] | null;
}

/** A drill as it is listed. */
export interface DrillEntry extends DrillView {
  /** Why it no longer proves anything; empty where it does, and where it never did. */
  stale: StaleReason[];
}

/** A moment at which a schedule was due, and what became of it. */
export interface FiringView {
  id: string;
  dueAt: number;
  /** How many moments it stands for: those missed in a row are one entry, at the last of them. */
  count: number;
  status: 'claimed' | 'started' | 'skipped' | 'missed';
  reason: string | null;
  /** Of the drill that it started. */
  bundle: string | null;
}

/** When a runbook is recorded on a group by itself. */
export interface ScheduleView {
  group: string;
  runbook: string;
  /** Null where the runbook is no longer in the library. */
  title: string | null;
  cron: string;
  zone: string;
  /** The expression in words. */
  words: string;
  enabled: boolean;
  /** Why it was disabled, where nobody did that. */
  disabledBecause: string | null;
  approvedBy: string | null;
  changedAt: number;
  changedBy: string;
  /** The next three moments; none while it is disabled. */
  next: number[];
  /** Why a drill that were due now would be skipped; null where it would begin. */
  hindrance: string | null;
  /** The latest moments, newest first. */
  firings: FiringView[];
}

/** An event as a bundle keeps it. */
export interface SealedEvent extends Pick<EventView, 'seq' | 'at' | 'subject' | 'observer' | 'text' | 'run' | 'facts'> {
  kind: string;
}

/** What the player shows, all of it from the sealed files. */
export interface DrillReplay {
  notes: DrillNote[];
  topology: Pick<GroupDefinition, 'arrangement' | 'volumeCount' | 'volumeBytes' | 'journalBytes'> & {
    lines: Record<string, { km: number }>;
  };
  /** The newest event about each thing that stood when the drill began; empty in bundles of earlier versions. */
  standing: SealedEvent[];
  timeline: SealedEvent[];
  seconds: {
    at: number;
    rpoMs: number | null;
    systems: RollupPoint['systems'];
    pairs: Record<string, { lagMs: number | null; lagBytes: number; bytesPerSecond: number }>;
  }[];
  phases: (Pick<
    Phase,
    'run' | 'routine' | 'startedAt' | 'endedAt' | 'ending' | 'durationMs' | 'outageMs' | 'lost' | 'worstRpoMs'
  > & { verdict: { kind: Verdict['kind'] } | null })[];
  runs: {
    run: string;
    routine: string;
    steps: { id: string; outcome: string | null; startedAt: number; endedAt: number | null }[];
  }[];
  aftermath: { summary: string; goOn: WayOn[] };
  /** Which of the larger files there are. */
  holds: { film: boolean; pdf: boolean; trace: boolean; archive: boolean };
}

/** What a check of a bundle found. */
export interface DrillReport {
  bundle: string;
  intact: boolean;
  /** About this bundle. */
  findings: Finding[];
  /** About the bundles of its group. */
  chain: Finding[];
  /** Of its manifest; null where it cannot be read. */
  sha256: string | null;
  /** The key that its manifest names; null where that cannot be read. */
  publicKey: string | null;
}

/** One entry of the history. `seq` has no gaps that are filled later: reading on from the last seen misses nothing. */
export interface EventView {
  seq: number;
  /** When it happened, by the observer's clock. */
  at: number;
  group: string | null;
  kind: EventKind;
  /** Process, pair, line, run or fault it is about. */
  subject: string;
  /** Who saw it. */
  observer: string;
  text: string;
  severity: Severity;
  run: string | null;
  /** Stable number of the rule that fired, where one did. */
  rule: string | null;
  facts: Record<string, unknown>;
}

/** Which part of the history is wanted. */
export interface EventQuery {
  group: string | null;
  run: string | null;
  kinds: EventKind[] | null;
  /** Newest first below this number, or oldest first above `after`. */
  before: number | null;
  after: number | null;
  limit: number;
}

export type FaultKind =
  | 'kill'
  | 'restart'
  | 'cut'
  | 'degrade'
  | 'restore'
  | 'disk-full'
  | 'write-error'
  | 'site-loss'
  | 'site-return'
  | 'isolate';

/** A fault that was injected. Active until it is cleared (`restart`, `restore`, `site-return` clear what they undo). */
export interface FaultView {
  id: string;
  group: string | null;
  kind: FaultKind;
  /** Process, line, site or host. */
  target: string;
  /** What was done, in words: `SIGKILL pid 4121, held down`. */
  text: string;
  startedAt: number;
  startedBy: string;
  clearedAt: number | null;
  clearedBy: string | null;
  /** What clearing will do, or why it clears by itself. */
  cure: string;
}

/** One button of the faults screen. */
export interface FaultOption {
  site: string;
  kind: FaultKind;
  target: string;
  label: string;
  /** What pressing it will do now: `SIGKILL pid 4121; heartbeat loss within 3 s`. */
  preview: string;
  disabled: Refusal | null;
  /** Ready to be handed to `faults.inject`. */
  input: FaultInput;
}

export interface LineFaultInput {
  /** One-way delay added to the line's own, ms. */
  delayMs?: number;
  /** Share of chunks lost, 0…1. */
  loss?: number;
  rateBytesPerSecond?: number;
  jitterMs?: number;
}

export interface FaultInput {
  kind: FaultKind;
  /** Absent for `control` only. */
  group?: string;
  /** `P`, `host-P`, `witness`, `control`, `P-I`, `production`, … by kind. */
  target: string;
  /** Cut and degrade: only the direction that leaves this end; both without it. */
  from?: string;
  conditions?: LineFaultInput;
}

export interface PreflightCheck {
  id: string;
  title: string;
  observed: string;
  observer: string;
  /** Age of the observation, ms; null where nothing was ever observed. */
  ageMs: number | null;
  /** null: cannot be told, because the observation is missing or too old. */
  ok: boolean | null;
  /** A failed blocking check refuses the start. */
  blocking: boolean;
  cure: string | null;
}

export interface PreflightView {
  group: string;
  routine: string;
  at: number;
  checks: PreflightCheck[];
  /** Why the routine cannot be started now, or null. */
  refusal: Refusal | null;
  predicted: {
    /** Verdict as the facts stand now; null for routines that end without one. */
    verdict: { kind: Verdict['kind']; text: string } | null;
    /** Time until the work runs again (or the routine ends); null where there is no basis for an estimate. */
    rtoMs: { low: number; high: number } | null;
    bytes: number | null;
  };
  sideEffects: string[];
  /** Decisions the run will or may ask. */
  decisions: { step: string; question: string; options: readonly DecisionOption[]; default: string | null }[];
  /** The same as a command line. */
  command: string;
}

/** One second of one group, for charts. */
export interface RollupPoint {
  /** Start of the second. */
  at: number;
  rpoMs: number | null;
  /** By system. */
  systems: Record<string, { writesPerSecond: number; bytesPerSecond: number; journalUsedBytes: number }>;
  /** By pair. */
  pairs: Record<
    string,
    { state: PairState | 'absent' | 'unknown'; lagMs: number | null; lagBytes: number; bytesPerSecond: number }
  >;
}

export interface WorkerView {
  id: string;
  pid: number;
  machine: string;
  startedAt: number;
  heartbeatAt: number;
  alive: boolean;
  /** It holds the lease that lets it write observations and reconcile groups. */
  leads: boolean;
}

export interface AuditEntryView {
  id: number;
  at: number;
  actor: string;
  action: string;
  group: string | null;
  subject: string;
  outcome: 'done' | 'refused' | 'failed';
  before: unknown;
  after: unknown;
  hash: string;
  previousHash: string;
}

export interface AuditReport {
  entries: number;
  intact: boolean;
  /** First entry whose hash or link does not fit. */
  brokenAt: number | null;
  text: string;
  lastHash: string;
}
