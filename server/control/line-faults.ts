/** What the active line faults of a group amount to at each end of each line. Pure: facts in, conditions out. */

import type { Arrangement, GroupDefinition } from '../domain/arrangement.ts';
import { refuse } from '../domain/refusal.ts';
import { lineEnds } from '../domain/ways.ts';
import type { LineConditions } from '../network/channel-types.ts';
import { connectionsOf, stretchesOf } from '../network/connections.ts';
import { processesOf } from './agents.ts';
import type { FaultInput } from './views.ts';

/** One direction of a line: what leaves `process` for `peer`, the next process on the way. */
export interface Edge {
  process: string;
  peer: string;
}

export const edgeKey = ({ process, peer }: Edge) => `${process}>${peer}`;

/** The line called `name` (`P-I`, `host-P-host-R`, `host-P-witness`), whichever end is named first. */
export function lineCalled(arrangement: Arrangement, definition: GroupDefinition, name: string): NamedLine {
  const lines = namesOfLines(arrangement, definition);
  const found = lines.find((line) => line.name === name || line.reversed === name);
  if (found) return found;
  throw refuse(
    'unknown-line',
    `group ${definition.name} has no line ${name}`,
    `Lines: ${lines.map((line) => line.name).join(' ')}.`,
  );
}

interface NamedLine {
  name: string;
  reversed: string;
  /** The two systems or processes it is named after. */
  ends: [string, string];
  /** The processes at its ends: a switching device may stand before a system. */
  at: [string, string];
}

/** Every line of a group once, named by its ends: systems' lines by the arrangement, others with the calling end first. */
export function namesOfLines(arrangement: Arrangement, definition: GroupDefinition): NamedLine[] {
  const between = arrangement.lines.map((line): NamedLine => {
    const [first, second] = line.ends;
    return { name: line.name, reversed: `${second}-${first}`, ends: [first, second], at: lineEnds(arrangement, line) };
  });
  const others = processesOf(arrangement).flatMap(({ name: process }) =>
    connectionsOf(arrangement, definition, process)
      .filter((connection) => connection.dials && connection.kind === 'local')
      .map(
        ({ peer }): NamedLine => ({
          name: `${process}-${peer}`,
          reversed: `${peer}-${process}`,
          ends: [process, peer],
          at: [process, peer],
        }),
      ),
  );
  return [...between, ...others];
}

/** Directions a fault changes. */
function edgesOf(arrangement: Arrangement, definition: GroupDefinition, fault: FaultInput): Edge[] {
  if (fault.kind === 'isolate') {
    return stretchesOf(arrangement, definition, fault.target).flatMap(({ neighbour }) => [
      { process: fault.target, peer: neighbour },
      { process: neighbour, peer: fault.target },
    ]);
  }
  if (fault.kind !== 'cut' && fault.kind !== 'degrade') return [];
  const { at, ends } = lineCalled(arrangement, definition, fault.target);
  const [a, b] = at;
  const both = [
    { process: a, peer: b },
    { process: b, peer: a },
  ];
  if (fault.from === undefined) return both;
  const from = fault.from === ends[0] ? a : fault.from === ends[1] ? b : fault.from;
  const oneWay = both.filter((edge) => edge.process === from);
  if (oneWay.length > 0) return oneWay;
  throw refuse('bad-request', `${fault.from} is no end of line ${fault.target}`, `Name ${ends[0]} or ${ends[1]}.`);
}

function conditionsOf(fault: FaultInput, base: LineConditions): Partial<LineConditions> {
  if (fault.kind !== 'degrade') return { cut: true };
  const { delayMs, loss, rateBytesPerSecond, jitterMs } = fault.conditions ?? {};
  return {
    ...(delayMs === undefined ? {} : { delayMs: base.delayMs + delayMs }),
    ...(jitterMs === undefined ? {} : { jitterMs }),
    ...(loss === undefined ? {} : { loss }),
    ...(rateBytesPerSecond === undefined ? {} : { rateBytesPerSecond }),
  };
}

/** Conditions by direction for the faults given, oldest first: where two touch one direction, both apply, the newer over the older. */
export function lineConditions(
  arrangement: Arrangement,
  definition: GroupDefinition,
  faults: readonly FaultInput[],
): Map<string, { edge: Edge; conditions: Partial<LineConditions> }> {
  const wanted = new Map<string, { edge: Edge; conditions: Partial<LineConditions> }>();
  for (const fault of faults) {
    for (const edge of edgesOf(arrangement, definition, fault)) {
      const base = stretchesOf(arrangement, definition, edge.process).find(
        (stretch) => stretch.neighbour === edge.peer,
      );
      if (!base) continue;
      const before = wanted.get(edgeKey(edge))?.conditions;
      wanted.set(edgeKey(edge), { edge, conditions: { ...before, ...conditionsOf(fault, base.conditions) } });
    }
  }
  return wanted;
}

/**
 * What every direction that `touched` is about is to be, given the faults that stand; `{}` returns it to its definition. Whole
 * conditions, not differences: so it can be said again, whatever a worker that died had done of it.
 */
export function linesOf(
  arrangement: Arrangement,
  definition: GroupDefinition,
  touched: readonly FaultInput[],
  standing: readonly FaultInput[],
): { edge: Edge; conditions: Partial<LineConditions> }[] {
  const wanted = lineConditions(arrangement, definition, standing);
  const edges = touched.flatMap((fault) => edgesOf(arrangement, definition, fault));
  const unique = new Map(edges.map((edge) => [edgeKey(edge), edge]));
  return [...unique].map(([key, edge]) => ({ edge, conditions: wanted.get(key)?.conditions ?? {} }));
}
