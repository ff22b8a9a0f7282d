/**
 * What the screens, the command line and scripts read besides the domain's own shapes (GroupStatus, RunView, …).
 * All times are wall-clock milliseconds since 1970 UTC; everything here is plain JSON.
 */
import type { EventView, FaultView, WorkerView } from '../control/views.ts';
import type { Alarm, GroupStatus, Operation, PairStatus, ProvenDrill, Severity } from '../domain/group-status.ts';
import type { Verdict } from '../domain/verdict.ts';
import type { Ending, RunView } from '../routines/step-graph.ts';

export type { RunbookEntry } from '../control/drills/runbook-library.ts';
export type { CronView } from '../control/drills/schedule-times.ts';
/** What the control plane itself keeps is handed out as it is. */
export type {
  AuditEntryView,
  AuditReport,
  DrillEntry,
  DrillReplay,
  DrillReport,
  DrillView,
  EventKind,
  EventQuery,
  EventView,
  FaultInput,
  FaultKind,
  FaultOption,
  FaultView,
  LineFaultInput,
  PreflightCheck,
  PreflightView,
  RollupPoint,
  ScheduleView,
  SealedEvent,
  WorkerView,
} from '../control/views.ts';

/** Roles from least to most; each may do all that those before it may. */
export const ROLES = ['viewer', 'operator', 'approver', 'administrator'] as const;
export type Role = (typeof ROLES)[number];

/** One line of the fleet page. */
export interface FleetRow {
  group: string;
  arrangement: string;
  arrangementTitle: string;
  operation: Operation;
  severity: Severity;
  summary: string;
  powered: boolean;
  holder: string | null;
  generation: number | null;
  rpo: { nowMs: number | null; objectiveMs: number };
  /** The pair furthest from duplex, or behind by most; null where the group has no pairs yet. */
  worstHop: { pair: string; state: PairStatus['state']; lagMs: number | null } | null;
  pairs: { name: string; kind: PairStatus['kind']; state: PairStatus['state'] }[];
  exposure: string;
  alarms: Alarm[];
  activeRun: GroupStatus['activeRun'];
  /** The last routine that ended with a verdict. */
  lastProven: { run: string; routine: string; endedAt: number; ending: Ending; verdict: Verdict['kind'] } | null;
  /** The last drill that was walked to its end, and whether it still proves anything. */
  lastDrill: ProvenDrill | null;
  observedAt: number;
}

export interface AgentView {
  site: string;
  address: string;
  connected: boolean;
  changedAt: number;
  reason: string | null;
}

export interface SystemView {
  version: string;
  startedAt: number;
  now: number;
  actor: { name: string; role: Role };
  workers: WorkerView[];
  agents: AgentView[];
  ready: { ready: boolean; text: string };
}

/**
 * What the one stream of a tab carries. The tracked id of each message is the sequence number of the last event sent, so
 * that a stream resumed with it misses no event; status and runs are sent whole again after each (re)connection.
 */
export type LiveMessage =
  /** First message of every connection, and again whenever patches could not be relied on. */
  | {
      kind: 'snapshot';
      at: number;
      lastSeq: number;
      fleet: FleetRow[];
      status: GroupStatus | null;
      runs: RunView[];
      faults: FaultView[];
    }
  /** After a resumption: what was missed and has just been delivered. */
  | { kind: 'caught-up'; events: number; transitions: number }
  /** Rows of the fleet that changed, at most twice a second. */
  | { kind: 'fleet'; at: number; rows: FleetRow[]; removed: string[] }
  /** Top-level fields of the watched group's status that changed: `{ ...previous, ...set }`. At most ten a second. */
  | { kind: 'status'; at: number; group: string; set: Partial<GroupStatus> }
  | { kind: 'event'; event: EventView }
  /** A run of the watched group (of any group where none is watched) as it stands now. */
  | { kind: 'run'; run: RunView }
  /** Faults of the watched group (of all where none is watched), whole, whenever one is injected or cleared. */
  | { kind: 'faults'; faults: FaultView[] }
  /** Once a second, so that silence is noticed. `now` is the server's wall clock. */
  | { kind: 'tick'; now: number };
