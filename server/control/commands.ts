/**
 * What the web process asks of the control worker. A command is a row; the worker that claims it carries it out and writes
 * its result into the same row, so the two processes may live and die apart.
 */

import type { GroupDefinition } from '../domain/arrangement.ts';
import type { DifferenceMap, DifferenceMapQuery } from '../domain/difference-map.ts';
import type { LedgerReport, WorkState } from '../domain/host.ts';
import type { JournalEntryFacts, OperatorPairInstruction } from '../domain/storage-controller.ts';
import type { ScheduleOrder } from './drills/schedule-records.ts';
import type { DrillView, FaultInput, FaultView, ScheduleView } from './views.ts';

/** How a run is asked for. */
export interface RunRequest {
  group: string;
  routine: string;
  /** `step`: waits for `continue` before each step. `through`: goes on by itself except at decisions. */
  mode: 'step' | 'through';
  /** Takes the default at every decision that has one and is not dangerous. */
  acceptDefaults: boolean;
  /** Choices given beforehand, by step id: explicit consent, to dangerous ones too. */
  decisions: Record<string, string>;
  /** What the operator attests, for a choice given beforehand that asks for it. */
  attestation: { text: string; destroyedAt: number } | null;
}

export interface Commands {
  'group.create': { params: { definition: GroupDefinition }; result: { group: string } };
  'group.delete': { params: { group: string }; result: { group: string } };
  'group.power': { params: { group: string; powered: boolean }; result: { group: string; powered: boolean } };
  'pair.instruct': {
    params: { group: string; pair: string; instruction: OperatorPairInstruction };
    result: { pair: string; state: string };
  };
  'journal.read': {
    params: { group: string; system: string; after: number; limit: number };
    result: { entries: JournalEntryFacts[]; trimmedTo: number; lastNumber: number };
  };
  'differences.read': {
    params: { group: string; system: string; query: DifferenceMapQuery };
    result: DifferenceMap;
  };
  'run.start': { params: RunRequest; result: { run: string } };
  'drill.start': { params: { runbook: string; group: string; approvedBy: string | null }; result: DrillView };
  'schedule.put': { params: ScheduleOrder; result: ScheduleView };
  'schedule.remove': { params: { group: string; runbook: string }; result: { group: string; runbook: string } };
  'drill.abort': { params: { drill: string }; result: DrillView };
  'fault.inject': { params: FaultInput; result: FaultView };
  'fault.clear': { params: { fault: string }; result: FaultView };
  'ledger.start': { params: { group: string }; result: WorkState };
  'ledger.stop': { params: { group: string }; result: WorkState };
  'ledger.rate': { params: { group: string; transactionsPerSecond: number }; result: WorkState };
  'ledger.verify': { params: { group: string; on: string | null }; result: LedgerReport };
}

export type CommandKind = keyof Commands;
export type CommandParams<K extends CommandKind> = Commands[K]['params'];
export type CommandResult<K extends CommandKind> = Commands[K]['result'];
