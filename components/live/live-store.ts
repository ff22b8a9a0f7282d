/**
 * What this tab knows, folded from the one stream it listens to. Pure: time comes in as an argument, so that every case
 * (gap, resumption, change of group) is a row of a test.
 */
import { replaceEqualDeep } from '@tanstack/react-query';
import type { EventView, FaultView, FleetRow, LiveMessage } from '../../server/api/views.ts';
import type { GroupStatus } from '../../server/domain/group-status.ts';
import type { RunView } from '../../server/routines/step-graph.ts';

/** Silence after which the stream counts as lost, ms. The server ticks once a second. */
export const SILENCE_MS = 3000;
/** Events kept for the screens that show the newest ones; the history screen reads the rest from the server. */
export const KEPT_EVENTS = 500;

export interface LiveState {
  group: string | null;
  fleet: readonly FleetRow[] | null;
  status: GroupStatus | null;
  /** Newest last, as the server sent them. */
  runs: Readonly<Record<string, RunView>>;
  faults: readonly FaultView[];
  events: readonly EventView[];
  lastSeq: number;
  /** This machine's clock when anything was heard last; null before the first message. */
  heardAt: number | null;
  /** Server clock minus ours, ms. */
  offsetMs: number | null;
  caughtUp: { events: number; transitions: number; at: number } | null;
}

export const EMPTY_LIVE: LiveState = {
  group: null,
  fleet: null,
  status: null,
  runs: {},
  faults: [],
  events: [],
  lastSeq: 0,
  heardAt: null,
  offsetMs: null,
  caughtUp: null,
};

/** Forgets what belonged to the group left behind; the fleet and the last event seen stay. */
export function watchGroup(state: LiveState, group: string | null): LiveState {
  if (state.group === group) return state;
  return { ...state, group, status: null, runs: {}, faults: [] };
}

function serverNowOf(message: LiveMessage): number | null {
  if (message.kind === 'tick') return message.now;
  return message.kind === 'snapshot' || message.kind === 'status' || message.kind === 'fleet' ? message.at : null;
}

function mergeFleet(rows: readonly FleetRow[], changed: FleetRow[], removed: string[]): FleetRow[] {
  const next = rows.filter((row) => !removed.includes(row.group));
  for (const row of changed) {
    const index = next.findIndex((known) => known.group === row.group);
    const known = next[index];
    if (known) next[index] = replaceEqualDeep(known, row);
    else next.push(row);
  }
  return next;
}

function addEvent(state: LiveState, event: EventView): LiveState {
  if (event.seq <= state.lastSeq) return state;
  return { ...state, lastSeq: event.seq, events: [...state.events.slice(1 - KEPT_EVENTS), event] };
}

function fold(state: LiveState, message: LiveMessage, heardAt: number): LiveState {
  switch (message.kind) {
    case 'snapshot':
      return {
        ...state,
        fleet: replaceEqualDeep(state.fleet, message.fleet),
        status: replaceEqualDeep(state.status, message.status),
        runs: replaceEqualDeep(state.runs, Object.fromEntries(message.runs.map((run) => [run.run, run]))),
        faults: replaceEqualDeep(state.faults, message.faults),
        lastSeq: Math.max(state.lastSeq, message.lastSeq),
      };
    case 'caught-up':
      return { ...state, caughtUp: { events: message.events, transitions: message.transitions, at: heardAt } };
    case 'fleet':
      return { ...state, fleet: mergeFleet(state.fleet ?? [], message.rows, message.removed) };
    case 'status':
      if (!state.status || state.status.name !== message.group) return state;
      return { ...state, status: replaceEqualDeep(state.status, { ...state.status, ...message.set }) };
    case 'event':
      return addEvent(state, message.event);
    case 'run':
      return {
        ...state,
        runs: { ...state.runs, [message.run.run]: replaceEqualDeep(state.runs[message.run.run], message.run) },
      };
    case 'faults':
      return { ...state, faults: replaceEqualDeep(state.faults, message.faults) };
    case 'tick':
      return state;
  }
}

/** Beyond this difference a clock was set, on one side or the other, and the old offset is worth nothing, ms. */
const CLOCK_SET_MS = 5000;

/** Delay on the way only ever makes an offset smaller, so the largest is the best, until a clock is set. */
function betterOffset(known: number | null, seen: number): number {
  return known === null || Math.abs(known - seen) > CLOCK_SET_MS ? seen : Math.max(known, seen);
}

/** State after `message` was heard at `heardAt` (this machine's clock, ms). */
export function applyMessage(state: LiveState, message: LiveMessage, heardAt: number): LiveState {
  const next = fold(state, message, heardAt);
  const server = serverNowOf(message);
  return {
    ...next,
    heardAt,
    offsetMs: server === null ? state.offsetMs : betterOffset(state.offsetMs, server - heardAt),
  };
}

/** Milliseconds of silence by this machine's clock, or null before anything was heard. */
export function silenceMs(state: LiveState, now: number): number | null {
  return state.heardAt === null ? null : Math.max(0, now - state.heardAt);
}

/** True once the stream has been silent for longer than `SILENCE_MS`. */
export function isLost(state: LiveState, now: number): boolean {
  const silence = silenceMs(state, now);
  return silence !== null && silence > SILENCE_MS;
}
