/**
 * Who talks to whom in a group, and who calls. Read from the arrangement: its lines between storage systems, a host and
 * its system, hosts among each other, and everybody with the witness.
 */
import { type Arrangement, delayMsOfKm, type GroupDefinition, type LineSettings } from '../../domain/arrangement.ts';
import { pairName, WITNESS } from '../../domain/names.ts';
import type { LineConditions } from '../../network/channel-types.ts';

export interface Connection {
  peer: string;
  /** `line` joins two storage systems over a distance, `local` all others. */
  kind: 'line' | 'local';
  /** This end calls; the other is called. */
  dials: boolean;
  paths: number;
  /** What the line does to bytes leaving this end while no fault is on it. */
  conditions: LineConditions;
}

const UNSHAPED: LineConditions = { delayMs: 0, jitterMs: 0, rateBytesPerSecond: null, loss: 0, cut: false };

/** Connections of `process`, none if the arrangement does not have it. The first end of a line dials. */
export function connectionsOf(arrangement: Arrangement, definition: GroupDefinition, process: string): Connection[] {
  if (process === WITNESS) return [...arrangement.systems, ...arrangement.hosts].map(({ name }) => local(name, false));
  const host = arrangement.hosts.find(({ name }) => name === process);
  if (host) {
    return [local(host.system, true), ...hostLines(arrangement, definition, process), local(WITNESS, true)];
  }
  if (!arrangement.systems.some(({ name }) => name === process)) return [];
  return [
    ...systemLines(arrangement, definition, process),
    ...arrangement.hosts.filter(({ system }) => system === process).map(({ name }) => local(name, false)),
    local(WITNESS, true),
  ];
}

/** Next hop from a storage system towards every other one of the group, over the fewest lines: `{ P: 'I', I: 'I' }` at R. */
export function routesOf(arrangement: Arrangement, system: string): Record<string, string> {
  const routes: Record<string, string> = {};
  const reached = [system];
  // `reached` grows while it is walked: nearer systems come first, so each is found over the fewest lines.
  for (const at of reached) {
    for (const { ends } of arrangement.lines) {
      const next = ends[0] === at ? ends[1] : ends[1] === at ? ends[0] : null;
      if (next === null || reached.includes(next)) continue;
      reached.push(next);
      routes[next] = routes[at] ?? next;
    }
  }
  return routes;
}

function systemLines(arrangement: Arrangement, definition: GroupDefinition, process: string): Connection[] {
  const connections: Connection[] = [];
  for (const line of arrangement.lines) {
    const [first, second] = line.ends;
    if (first !== process && second !== process) continue;
    const settings = definition.lines[line.name] ?? {
      km: line.defaultKm,
      paths: line.defaultPaths,
      rateBytesPerSecond: null,
    };
    connections.push({
      peer: first === process ? second : first,
      kind: 'line',
      dials: first === process,
      paths: settings.paths,
      conditions: conditionsOf(settings),
    });
  }
  return connections;
}

/** The line between two hosts is as long as its definition says, else as the lines between their systems together. */
function hostLines(arrangement: Arrangement, definition: GroupDefinition, process: string): Connection[] {
  const names = arrangement.hosts.map(({ name }) => name);
  const own = arrangement.hosts[names.indexOf(process)];
  return arrangement.hosts.flatMap((other) => {
    if (!own || other.name === process) return [];
    const dials = names.indexOf(process) < names.indexOf(other.name);
    const line = dials ? pairName(process, other.name) : pairName(other.name, process);
    const settings = definition.lines[line] ?? {
      km: distanceKm(arrangement, definition, own.system, other.system),
      paths: 1,
      rateBytesPerSecond: null,
    };
    return [
      { peer: other.name, kind: 'local', dials, paths: 1, conditions: conditionsOf(settings) } satisfies Connection,
    ];
  });
}

function local(peer: string, dials: boolean): Connection {
  return { peer, kind: 'local', dials, paths: 1, conditions: UNSHAPED };
}

function conditionsOf({ km, rateBytesPerSecond }: LineSettings): LineConditions {
  return { ...UNSHAPED, delayMs: delayMsOfKm(km), rateBytesPerSecond };
}

/** Shortest way over the arrangement's lines, km; 0 where no line leads there. */
function distanceKm(arrangement: Arrangement, definition: GroupDefinition, from: string, to: string): number {
  const reached = new Map([[from, 0]]);
  // As many rounds as there are systems settle every distance, whatever the order of the lines.
  for (let round = 0; round < arrangement.systems.length; round += 1) {
    for (const line of arrangement.lines) {
      const km = definition.lines[line.name]?.km ?? line.defaultKm;
      const [a, b] = line.ends;
      relax(reached, a, b, km);
      relax(reached, b, a, km);
    }
  }
  return reached.get(to) ?? 0;
}

function relax(reached: Map<string, number>, from: string, to: string, km: number): void {
  const base = reached.get(from);
  if (base !== undefined) reached.set(to, Math.min(reached.get(to) ?? Number.POSITIVE_INFINITY, base + km));
}
