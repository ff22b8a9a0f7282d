/**
 * The one shape every screen, the command line, the API and the metrics show (contract: `status --json`).
 * Derived by one function from one facts object; no reader adds its own judgement.
 */
import type { Generation } from './generation.ts';
import type { HeartbeatView, TestWork, WorkState } from './host.ts';
import type { HostName, PairName, SiteName, SystemName } from './names.ts';
import type { PairKind, PairState, PairStateOrAbsent } from './pair-states.ts';
import type { CloneFacts, FenceLevel, Transport } from './storage-controller.ts';

export type Operation = 'normal' | 'degraded' | 'failed-over' | 'reverse' | 'forming' | 'stopped' | 'unknown';
export type Severity = 'none' | 'minor' | 'major' | 'critical';

export interface SystemStatus {
  name: SystemName;
  site: SiteName;
  role: string;
  /** null: unknown, the last observation is older than its bound. */
  up: boolean | null;
  pid: number | null;
  /** NBD port; null while it does not listen. */
  port: number | null;
  observer: string;
  observedAt: number | null;
  generation: Generation | null;
  hostWrites: { accepted: boolean; reason: string } | null;
  lastNumber: number | null;
  completedNumber: number | null;
  consistent: boolean | null;
  volumes: { index: number; sizeBytes: number; dirtyTracks: number }[];
  journal: {
    usedBytes: number;
    sizeBytes: number;
    fullInMs: number | null;
    /** Numbers up to this one are no longer held. */
    trimmedTo: number;
    /** Held for systems that may have to go on from here: everything above `number`. */
    kept: { consumer: SystemName; number: number; bytes: number }[];
  } | null;
  writesPerSecond: number | null;
  bytesPerSecond: number | null;
  clients: number | null;
  /** Disk or process fault injected now, in words. */
  fault: string | null;
  /** Clone on which somebody tests; null for none. */
  clone: Omit<CloneFacts, 'lineage'> | null;
}

export interface PairStatus {
  name: PairName;
  kind: PairKind;
  transport: Transport;
  /** The destination asks for what is new so often; null where the source pushes. */
  pullIntervalMs: number | null;
  /** Difference snapshots: the source freezes one so often at most; null for any other transport. */
  snapshotIntervalMs: number | null;
  /** The difference snapshot on its way; null where none is. */
  set: { id: number; number: number; tracks: number; bytes: number; doneBytes: number } | null;
  fence: FenceLevel | null;
  /** Both ends agree → that state; else the worse of the two; `unknown` past its bound. */
  state: PairStateOrAbsent | 'unknown';
  stateAtSource: PairState | 'absent' | 'unknown';
  stateAtDestination: PairState | 'absent' | 'unknown';
  /** Last state known and when, shown only as "last …, ago". */
  lastKnown: { state: PairState; at: number } | null;
  reason: string;
  observer: string;
  observedAt: number | null;
  givenNumber: number | null;
  appliedNumber: number | null;
  lag: { updates: number; bytes: number; ms: number | null } | null;
  rateBytesPerSecond: number | null;
  /** Data that the source has sent to the destination since its process began, copies included; null where it is not heard. */
  movedBytes: number | null;
  /** What the last copy that ended took of them; null before the first since the source started. */
  lastCopyBytes: number | null;
  dirtyTracks: number | null;
  trackBytes: number;
  copy: { doneBytes: number; totalBytes: number; startedAt: number } | null;
  consistentAtDestination: boolean | null;
  gold: { number: number; usedBytes: number } | null;
  journal: { usedBytes: number; sizeBytes: number; fullInMs: number | null } | null;
  /** Operator's instructions: allowed, or why not and what would cure it. */
  actions: { instruction: string; allowed: boolean; reason: string | null; cure: string | null }[];
}

export interface HostStatus {
  name: HostName;
  site: SiteName;
  role: string;
  up: boolean | null;
  pid: number | null;
  observer: string;
  observedAt: number | null;
  work: WorkState | null;
  /** What its test host does; null where nothing is tested. */
  test: TestWork | null;
  heartbeats: HeartbeatView[];
}

export interface SwitchStatus {
  name: string;
  site: SiteName;
  role: string;
  /** The system it stands before. */
  system: SystemName;
  up: boolean | null;
  pid: number | null;
  observer: string;
  observedAt: number | null;
}

export interface LineStatus {
  name: string;
  /** What it is named after; a switching device may stand before a system. */
  ends: [string, string];
  km: number;
  connected: boolean | null;
  rttMs: number | null;
  /** Injected: null where the line is as defined. */
  fault: string | null;
}

export interface Alarm {
  /** Stable id, so that one disaster is one alarm. */
  id: string;
  severity: Exclude<Severity, 'none'>;
  /** One sentence: what was seen, by whom. */
  text: string;
  /** What the operator can do about it. */
  response: string;
  /** Routine to open, where one answers it. */
  routine: string | null;
  since: number;
}

/** The latest drill of the group that was walked to its end. */
export interface ProvenDrill {
  bundle: string;
  runbook: string;
  title: string;
  endedAt: number;
  /** Why it no longer proves anything of the group as it is; empty where it does. */
  stale: string[];
}

/** How a system that pulls from the holder would come to follow the other side. */
export interface JoinForecast {
  /** The holder. */
  lost: SystemName;
  system: SystemName;
  source: SystemName;
  kind: 'none' | 'delta' | 'differ' | 'full' | 'unknown';
  /** Bytes to be sent, at most; null where that is not known. */
  bytes: number | null;
  text: string;
}

export interface GroupStatus {
  name: string;
  arrangement: string;
  operation: Operation;
  severity: Severity;
  /** One sentence an on-call operator understands in five seconds. */
  summary: string;
  generation: number | null;
  holder: SystemName | null;
  powered: boolean;
  systems: SystemStatus[];
  pairs: PairStatus[];
  hosts: HostStatus[];
  /** Switching devices, where the arrangement has any. */
  switches: SwitchStatus[];
  lines: LineStatus[];
  witness: {
    up: boolean | null;
    observedAt: number | null;
    register: { state: 'joined' | 'alone'; epoch: number; generation: number } | null;
  };
  rpo: { nowMs: number | null; objectiveMs: number };
  /** Surviving consistent images if the holder's site is lost now. */
  exposure: { text: string; survivors: SystemName[] };
  /** For each system that either side can feed; none in a chain. */
  forecasts: JoinForecast[];
  alarms: Alarm[];
  /** `changing`: it excludes every other that changes the group; a test does not. */
  activeRun: { run: string; routine: string; step: string | null; status: string; changing: boolean } | null;
  /** null: no drill was walked to its end yet. */
  lastDrill: ProvenDrill | null;
  observedAt: number;
}
