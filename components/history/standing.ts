/**
 * How a group stood at one event of the history, from nothing but what the history tells. What somebody told is taken for
 * unknown from the moment on in which he was gone himself. Pure.
 */
import type { EventView } from '../../server/api/views.ts';
import type { Arrangement, ArrangementPair } from '../../server/domain/arrangement.ts';
import { pairKey, parsePairName } from '../../server/domain/names.ts';

export interface StandingProcess {
  name: string;
  /** Null: nothing was told of it yet, or its agent had gone. */
  up: boolean | null;
  since: number | null;
}

export interface StandingEnd {
  system: string;
  /** A pair state, `absent`, or `unknown` where the system itself was down or not heard. */
  state: string;
  /** What it had told last, and when. */
  told: string;
  at: number;
}

export interface StandingPair {
  /** As it was named last: source first. */
  name: string;
  pair: ArrangementPair;
  ends: readonly StandingEnd[];
}

export interface Standing {
  processes: readonly StandingProcess[];
  pairs: readonly StandingPair[];
  /** Heartbeats lost: who no longer heard whom. */
  unheard: readonly { by: string; of: string; since: number }[];
  faults: readonly { target: string; text: string; since: number }[];
  /** The routine under way, at the step that had ended last. */
  routine: { text: string; run: string | null } | null;
}

/** What an event has to say for this, wherever it is kept. */
export type ToldEvent = Pick<EventView, 'at' | 'subject' | 'observer' | 'text' | 'run' | 'facts'> & { kind: string };

const isAbout = (prefix: string) => (event: ToldEvent) => event.kind.startsWith(prefix);

function textOf(event: ToldEvent, fact: string): string {
  const value = event.facts[fact];
  return typeof value === 'string' ? value : '';
}

/** `events`: the newest of each thing, as the server answers them. */
export function standingOf(arrangement: Arrangement, events: readonly ToldEvent[]): Standing {
  const processes = processesOf(arrangement, events);
  const isUp = (name: string) => processes.find((process) => process.name === name)?.up === true;
  const lastOfRun = events.findLast(isAbout('run-'));
  return {
    processes,
    pairs: pairsOf(arrangement, events, isUp),
    unheard: events
      .filter((event) => event.kind === 'heartbeat-lost')
      .map((event) => ({ by: event.observer, of: event.subject, since: event.at })),
    faults: events
      .filter((event) => event.kind === 'fault-injected')
      .map((event) => ({ target: event.subject, text: event.text, since: event.at })),
    routine: lastOfRun && lastOfRun.kind !== 'run-ended' ? { text: lastOfRun.text, run: lastOfRun.run } : null,
  };
}

function processesOf(arrangement: Arrangement, events: readonly ToldEvent[]): StandingProcess[] {
  const parts = [...arrangement.hosts, ...arrangement.systems, ...(arrangement.switches ?? [])];
  const lost = new Set(events.filter((event) => event.kind === 'agent-lost').map((event) => event.subject));
  const told = events.filter(isAbout('process-'));
  return [...parts.map(({ name, site }) => ({ name, site: String(site) })), { name: 'witness', site: 'witness' }].map(
    ({ name, site }) => {
      const last = told.findLast((event) => event.subject === name);
      const up = last === undefined || lost.has(site) ? null : last.kind === 'process-started';
      return { name, up, since: last?.at ?? null };
    },
  );
}

function pairsOf(
  arrangement: Arrangement,
  events: readonly ToldEvent[],
  isUp: (name: string) => boolean,
): StandingPair[] {
  const planned = [...arrangement.normal.pairs, ...arrangement.reverse.pairs];
  const byKey = new Map<string, ToldEvent[]>();
  for (const event of events.filter(isAbout('pair-'))) {
    const ends = parsePairName(event.subject);
    if (!ends) continue;
    const key = pairKey(ends.source, ends.destination);
    byKey.set(key, [...(byKey.get(key) ?? []), event]);
  }
  return [...byKey.values()].flatMap((told): StandingPair[] => {
    const name = told.at(-1)?.subject ?? '';
    const names = parsePairName(name);
    if (!names) return [];
    const { source, destination } = names;
    const ends = [source, destination].flatMap((system): StandingEnd[] => {
      const last = told.findLast((event) => event.observer === system);
      if (!last) return [];
      const state = textOf(last, 'to');
      return [{ system, state: isUp(system) ? state : 'unknown', told: state, at: last.at }];
    });
    if (ends.length === 0 || ends.every((end) => end.told === 'absent')) return [];
    const shape =
      planned.find((pair) => pair.source === source && pair.destination === destination) ??
      planned.find((pair) => pairKey(pair.source, pair.destination) === pairKey(source, destination));
    return [{ name, pair: { source, destination, kind: shape?.kind ?? 'async' }, ends }];
  });
}

/** Kinds that say how something stands from then on. */
const STANDS = [
  'pair-transition',
  'process-started',
  'process-exited',
  'heartbeat-',
  'agent-',
  'run-started',
  'run-step',
  'run-ended',
  'fault-',
];

function thingOf(event: ToldEvent): string {
  const family = event.kind.split('-')[0] ?? '';
  if (family === 'run') return family;
  if (family === 'fault') return `${family} ${textOf(event, 'fault')}`;
  if (family === 'process' || family === 'agent') return `${family} ${event.subject}`;
  return `${family} ${event.subject}@${event.observer}`;
}

/** Of events in the order they were recorded, the newest about each thing that stands: what the server answers for the history. */
export function newestOfEach<E extends ToldEvent>(events: readonly E[]): E[] {
  const newest = new Map<string, E>();
  for (const event of events) {
    if (!STANDS.some((kind) => event.kind.startsWith(kind))) continue;
    const thing = thingOf(event);
    // Taken out first, so that it comes last again.
    newest.delete(thing);
    newest.set(thing, event);
  }
  return [...newest.values()];
}

/** One word for a pair: what both ends told, or `unknown` where they did not tell the same. */
export function stateOf({ ends }: StandingPair): string {
  const states = [...new Set(ends.map((end) => end.state))];
  return states.length === 1 && states[0] !== undefined ? states[0] : 'unknown';
}
