/**
 * Who talks to whom in a group, who calls, and over what. Read from the arrangement: its lines between storage systems,
 * which may pass switching devices, a host and its system, hosts among each other, and everybody with the witness.
 */
import { type Arrangement, delayMsOfKm, type GroupDefinition, type LineSettings } from '../domain/arrangement.ts';
import { pairName, WITNESS } from '../domain/names.ts';
import { hopsBetween, kmBetween, linkedSystems, stretchesFrom } from '../domain/ways.ts';
import type { LineConditions } from './channel-types.ts';

/** What lies between a process and the next one on the line. */
export interface Stretch {
  neighbour: string;
  /** `line` leads over a distance to another site, `local` all others. */
  kind: 'line' | 'local';
  /** What it does to bytes leaving this end while no fault is on it. */
  conditions: LineConditions;
}

export interface Connection {
  peer: string;
  /** `line` joins two storage systems, `local` all others. */
  kind: 'line' | 'local';
  /** This end calls; the other is called. */
  dials: boolean;
  paths: number;
  /** The near end of the way there: the peer itself, or a switching device that passes on to it. */
  via: string;
}

const UNSHAPED: LineConditions = { delayMs: 0, jitterMs: 0, rateBytesPerSecond: null, loss: 0, cut: false };

/** Connections of `process`, none if the arrangement does not have it. The first end of a line dials. */
export function connectionsOf(arrangement: Arrangement, definition: GroupDefinition, process: string): Connection[] {
  if (process === WITNESS) return [...arrangement.systems, ...arrangement.hosts].map(({ name }) => local(name, false));
  const host = arrangement.hosts.find(({ name }) => name === process);
  if (host) return [local(host.system, true), ...hostLines(arrangement, process), local(WITNESS, true)];
  if (!arrangement.systems.some(({ name }) => name === process)) return [];
  return [
    ...systemLines(arrangement, definition, process),
    ...arrangement.hosts.filter(({ system }) => system === process).map(({ name }) => local(name, false)),
    local(WITNESS, true),
  ];
}

/** Every stretch that begins at `process`: the distance and the faults of what leaves it belong to these. */
export function stretchesOf(arrangement: Arrangement, definition: GroupDefinition, process: string): Stretch[] {
  const lines = stretchesFrom(arrangement, process).map(({ neighbour, line }): Stretch => {
    const known = arrangement.lines.find(({ name }) => name === line);
    if (!known) return { neighbour, kind: 'local', conditions: UNSHAPED };
    return { neighbour, kind: 'line', conditions: conditionsOf(settingsOf(definition, known)) };
  });
  const others = connectionsOf(arrangement, definition, process)
    .filter(({ kind }) => kind === 'local')
    .map(
      ({ peer }): Stretch => ({
        neighbour: peer,
        kind: 'local',
        conditions: hostConditions(arrangement, definition, process, peer),
      }),
    );
  return [...lines, ...others];
}

function systemLines(arrangement: Arrangement, definition: GroupDefinition, process: string): Connection[] {
  return linkedSystems(arrangement).flatMap(([first, second]): Connection[] => {
    if (first !== process && second !== process) return [];
    const peer = first === process ? second : first;
    const hops = hopsBetween(arrangement, process, peer);
    const lines = arrangement.lines.filter(({ name }) => hops.some((hop) => hop.line === name));
    const paths = Math.min(...lines.map((line) => settingsOf(definition, line).paths));
    return [{ peer, kind: 'line', dials: first === process, paths, via: hops[0]?.to ?? peer }];
  });
}

function settingsOf(definition: GroupDefinition, line: Arrangement['lines'][number]): LineSettings {
  return definition.lines[line.name] ?? { km: line.defaultKm, paths: line.defaultPaths, rateBytesPerSecond: null };
}

function hostLines(arrangement: Arrangement, process: string): Connection[] {
  const names = arrangement.hosts.map(({ name }) => name);
  return names
    .filter((other) => other !== process)
    .map((other) => local(other, names.indexOf(process) < names.indexOf(other)));
}

/** The line between two hosts is as long as its definition says, else as the way between their systems; all else is near. */
function hostConditions(
  arrangement: Arrangement,
  definition: GroupDefinition,
  process: string,
  peer: string,
): LineConditions {
  const own = arrangement.hosts.find(({ name }) => name === process);
  const other = arrangement.hosts.find(({ name }) => name === peer);
  if (!own || !other) return UNSHAPED;
  const names = arrangement.hosts.map(({ name }) => name);
  const [first, second] = names.indexOf(process) < names.indexOf(peer) ? [process, peer] : [peer, process];
  const settings = definition.lines[pairName(first, second)] ?? {
    km: kmBetween(arrangement, (line) => settingsOf(definition, line).km, own.system, other.system),
    paths: 1,
    rateBytesPerSecond: null,
  };
  return conditionsOf(settings);
}

function local(peer: string, dials: boolean): Connection {
  return { peer, kind: 'local', dials, paths: 1, via: peer };
}

function conditionsOf({ km, rateBytesPerSecond }: LineSettings): LineConditions {
  return { ...UNSHAPED, delayMs: delayMsOfKm(km), rateBytesPerSecond };
}
