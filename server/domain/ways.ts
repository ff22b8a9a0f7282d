/**
 * Which systems of a group speak to each other, and what lies between them: lines and switching devices. Read from the
 * arrangement alone, so that real processes and simulated ones are joined alike.
 */
import type { Arrangement, ArrangementLine } from './arrangement.ts';
import type { LineName, SystemName } from './names.ts';

/** One step of the way from one system to another. */
export interface Hop {
  from: string;
  to: string;
  /** Null inside a site: from a switching device to its system or back. */
  line: LineName | null;
}

/**
 * Every two systems that speak to each other. Without switching devices these are the ends of each line, the first of which
 * calls. Where systems share a line, they are those that any pair of the arrangement joins, the one further to the front
 * calling.
 */
export function linkedSystems(arrangement: Arrangement): [SystemName, SystemName][] {
  if (!arrangement.switches?.length) return arrangement.lines.map(({ ends }) => [...ends]);
  const order = arrangement.systems.map(({ name }) => name);
  const links = new Map<string, [SystemName, SystemName]>();
  for (const { source, destination } of [...arrangement.normal.pairs, ...arrangement.reverse.pairs]) {
    const ends: [SystemName, SystemName] =
      order.indexOf(source) < order.indexOf(destination) ? [source, destination] : [destination, source];
    links.set(ends.join('-'), ends);
  }
  return [...links.values()];
}

/** The processes at the two ends of a line: a switching device where one stands before the system the line is named after. */
export function lineEnds(arrangement: Arrangement, line: ArrangementLine): [string, string] {
  const at = (system: SystemName) => arrangement.switches?.find((device) => device.system === system)?.name ?? system;
  return [at(line.ends[0]), at(line.ends[1])];
}

/** The way from `from` to `to`, over the fewest lines; empty where none leads there. */
export function hopsBetween(arrangement: Arrangement, from: SystemName, to: SystemName): Hop[] {
  const lines = linesBetween(arrangement, from, to);
  const hops: Hop[] = [];
  let at = from;
  for (const line of lines) {
    const [first, second] = lineEnds(arrangement, line);
    const [near, far] = line.ends[0] === systemBefore(arrangement, at) ? [first, second] : [second, first];
    if (near !== at) hops.push({ from: at, to: near, line: null });
    hops.push({ from: near, to: far, line: line.name });
    at = far;
  }
  if (at !== to && lines.length > 0) hops.push({ from: at, to, line: null });
  return hops;
}

/** The system a process of the way stands for: a switching device for the one behind it. */
function systemBefore(arrangement: Arrangement, process: string): SystemName {
  return arrangement.switches?.find((device) => device.name === process)?.system ?? process;
}

function linesBetween(arrangement: Arrangement, from: SystemName, to: SystemName): ArrangementLine[] {
  const ways = new Map<SystemName, ArrangementLine[]>([[from, []]]);
  // The map grows while it is walked: nearer systems come first, so each is found over the fewest lines.
  for (const [at, way] of ways) {
    for (const line of arrangement.lines) {
      const next = line.ends[0] === at ? line.ends[1] : line.ends[1] === at ? line.ends[0] : null;
      if (next !== null && !ways.has(next)) ways.set(next, [...way, line]);
    }
  }
  return ways.get(to) ?? [];
}

/** The lines between two linked systems, nearest to `from` first. */
export function linesOfLink(arrangement: Arrangement, from: SystemName, to: SystemName): LineName[] {
  return hopsBetween(arrangement, from, to).flatMap(({ line }) => line ?? []);
}

/**
 * Linked systems through which instructions for every other system may go, the shortest way first: at R of chain-3 both I
 * and P are reached through I alone.
 */
export function nextHops(arrangement: Arrangement, system: SystemName): Record<SystemName, SystemName[]> {
  const links = linkedSystems(arrangement);
  const hops: Record<SystemName, SystemName[]> = {};
  for (const { name } of arrangement.systems) {
    if (name === system) continue;
    const reached = neighboursOf(links, system)
      .map((hop) => ({ hop, links: linksTo(links, hop, name, [system]) }))
      .filter((way) => way.links !== null);
    reached.sort((a, b) => (a.links ?? 0) - (b.links ?? 0));
    hops[name] = reached.map(({ hop }) => hop);
  }
  return hops;
}

function neighboursOf(links: readonly [SystemName, SystemName][], system: SystemName): SystemName[] {
  return links.flatMap(([a, b]) => (a === system ? [b] : b === system ? [a] : []));
}

/** Fewest links from `from` to `to` without touching `closed`; null where there is no way. */
function linksTo(
  links: readonly [SystemName, SystemName][],
  from: SystemName,
  to: SystemName,
  closed: readonly SystemName[],
): number | null {
  const reached = new Map<SystemName, number>([[from, 0]]);
  for (const [at, count] of reached) {
    for (const next of neighboursOf(links, at))
      if (!closed.includes(next) && !reached.has(next)) reached.set(next, count + 1);
  }
  return reached.get(to) ?? null;
}

/** Where a switching device sends a stream for `recipient`: its neighbour on the way, and whether that is the recipient itself. */
export function onwardFrom(
  arrangement: Arrangement,
  device: string,
  recipient: SystemName,
): { neighbour: string; isLast: boolean } | null {
  const own = arrangement.switches?.find(({ name }) => name === device)?.system;
  if (own === undefined) return null;
  if (recipient === own) return { neighbour: own, isLast: true };
  const next = hopsBetween(arrangement, own, recipient).find(({ from }) => from === device)?.to;
  return next === undefined ? null : { neighbour: next, isLast: next === recipient };
}

/** Everything a process of the group touches: the near ends of its lines, and inside its site a switching device or the system behind it. */
export function stretchesFrom(
  arrangement: Arrangement,
  process: string,
): { neighbour: string; line: LineName | null }[] {
  const onLines = arrangement.lines.flatMap((line) => {
    const [a, b] = lineEnds(arrangement, line);
    return a === process
      ? [{ neighbour: b, line: line.name }]
      : b === process
        ? [{ neighbour: a, line: line.name }]
        : [];
  });
  const inside = (arrangement.switches ?? []).flatMap(({ name, system }) =>
    name === process ? [system] : system === process ? [name] : [],
  );
  return [...onLines, ...inside.map((neighbour) => ({ neighbour, line: null }))];
}

/** Shortest way over the lines between two systems, km by `lengthOf`; 0 where no line leads there. */
export function kmBetween(
  arrangement: Arrangement,
  lengthOf: (line: ArrangementLine) => number,
  from: SystemName,
  to: SystemName,
): number {
  const reached = new Map<SystemName, number>([[from, 0]]);
  const relax = (a: SystemName, b: SystemName, km: number): void => {
    const base = reached.get(a);
    if (base !== undefined) reached.set(b, Math.min(reached.get(b) ?? Number.POSITIVE_INFINITY, base + km));
  };
  // As many rounds as there are systems settle every distance, whatever the order of the lines.
  for (let round = 0; round < arrangement.systems.length; round += 1) {
    for (const line of arrangement.lines) {
      relax(line.ends[0], line.ends[1], lengthOf(line));
      relax(line.ends[1], line.ends[0], lengthOf(line));
    }
  }
  return reached.get(to) ?? 0;
}
