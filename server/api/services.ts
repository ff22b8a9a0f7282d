/** What the procedures stand on. The web process hands in the real ones (PostgreSQL behind each). */
import type { CommandKind, CommandParams, CommandResult } from '../control/commands.ts';
import type { GroupDefinition } from '../domain/arrangement.ts';
import type { GroupStatus } from '../domain/group-status.ts';
import type { RoutineGraph, RunOrder, RunView } from '../routines/step-graph.ts';
import type {
  AuditEntryView,
  AuditReport,
  CronView,
  DrillEntry,
  DrillReplay,
  DrillReport,
  EventQuery,
  EventView,
  FaultOption,
  FaultView,
  FleetRow,
  LiveMessage,
  PreflightView,
  Role,
  RollupPoint,
  RunbookEntry,
  ScheduleView,
  SystemView,
} from './views.ts';

export interface Actor {
  name: string;
  role: Role;
}

/** Reads. Each refuses with `unknown-group` / `unknown-run` where there is no such thing. */
export interface ReadServices {
  statuses(): Promise<GroupStatus[]>;
  status(group: string): Promise<GroupStatus>;
  fleet(): Promise<FleetRow[]>;
  definition(group: string): Promise<GroupDefinition>;
  rollups(group: string, from: number, to: number): Promise<RollupPoint[]>;
  routines(group: string): Promise<RoutineGraph[]>;
  preflight(group: string, routine: string): Promise<PreflightView>;
  runs(filter: {
    group: string | null;
    active: boolean | null;
    before: number | null;
    limit: number;
  }): Promise<RunView[]>;
  run(id: string): Promise<RunView>;
  runbooks(): Promise<RunbookEntry[]>;
  drills(filter: { group: string | null; limit: number }): Promise<DrillEntry[]>;
  drill(id: string): Promise<DrillEntry>;
  verifyDrill(id: string): Promise<DrillReport>;
  replayDrill(id: string): Promise<DrillReplay>;
  schedules(group: string | null): Promise<ScheduleView[]>;
  readCron(cron: string, zone: string): Promise<CronView>;
  events(query: EventQuery): Promise<EventView[]>;
  /** The newest event about each thing that stands, up to event `seq`. */
  standing(group: string, seq: number): Promise<EventView[]>;
  faults(filter: { group: string | null; active: boolean }): Promise<FaultView[]>;
  faultOptions(group: string): Promise<FaultOption[]>;
  audit(filter: { group: string | null; before: number | null; limit: number }): Promise<AuditEntryView[]>;
  verifyAudit(): Promise<AuditReport>;
  system(actor: Actor): Promise<SystemView>;
}

export interface ChangeServices {
  /** Resolves with the worker's result; rejects with its refusal, `unreachable` where no worker took it, `timeout` where its outcome is unknown. */
  command<K extends CommandKind>(kind: K, params: CommandParams<K>, actor: Actor): Promise<CommandResult<K>>;
  /** Persisted before it resolves; giving the same `key` twice gives one order. */
  order(run: string, order: RunOrder, key: string, actor: Actor): Promise<RunView>;
  /** Waits until the pair is in `state`; refuses with `timeout`. */
  waitPair(
    group: string,
    pair: string,
    state: string,
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<{ pair: string; state: string }>;
}

export interface LiveServices {
  /** Ends when `signal` does. `after`: sequence of the last event the subscriber has, null for "from now on". */
  subscribe(
    group: string | null,
    after: number | null,
    signal: AbortSignal,
  ): AsyncIterable<{ seq: number; message: LiveMessage }>;
}

export interface ApiServices {
  read: ReadServices;
  change: ChangeServices;
  live: LiveServices;
}
