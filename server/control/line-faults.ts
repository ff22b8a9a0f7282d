/** What the active line faults of a group amount to at each end of each line. Pure: facts in, conditions out. */

import type { Arrangement, GroupDefinition } from '../domain/arrangement.ts';
import { refuse } from '../domain/refusal.ts';
import type { LineConditions } from '../network/channel-types.ts';
import { connectionsOf } from '../site/processes/connections.ts';
import { processesOf } from './agents.ts';
import type { FaultInput } from './views.ts';

/** One direction of a line: what leaves `process` for `peer`. */
export interface Edge {
  process: string;
  peer: string;
}

export const edgeKey = ({ process, peer }: Edge) => `${process}>${peer}`;

/** Both directions of the line called `name` (`P-I`, `host-P-host-R`, `host-P-witness`), in the order of its name. */
export function endsOfLine(arrangement: Arrangement, definition: GroupDefinition, name: string): [string, string] {
  const lines = namesOfLines(arrangement, definition);
  const found = lines.find((line) => line.name === name || line.reversed === name);
  if (found) return found.ends;
  throw refuse(
    'unknown-line',
    `group ${definition.name} has no line ${name}`,
    `Lines: ${lines.map((line) => line.name).join(' ')}.`,
  );
}

/** Every line of a group once, named by its ends: systems' lines by the arrangement, others with the calling end first. */
export function namesOfLines(
  arrangement: Arrangement,
  definition: GroupDefinition,
): { name: string; reversed: string; ends: [string, string] }[] {
  return processesOf(arrangement).flatMap(({ name: process }) =>
    connectionsOf(arrangement, definition, process)
      .filter((connection) => connection.dials)
      .map(({ peer }) => ({
        name: `${process}-${peer}`,
        reversed: `${peer}-${process}`,
        ends: [process, peer] as [string, string],
      })),
  );
}

/** Directions a fault changes. */
function edgesOf(arrangement: Arrangement, definition: GroupDefinition, fault: FaultInput): Edge[] {
  if (fault.kind === 'isolate') {
    return connectionsOf(arrangement, definition, fault.target).flatMap(({ peer }) => [
      { process: fault.target, peer },
      { process: peer, peer: fault.target },
    ]);
  }
  if (fault.kind !== 'cut' && fault.kind !== 'degrade') return [];
  const [a, b] = endsOfLine(arrangement, definition, fault.target);
  const both = [
    { process: a, peer: b },
    { process: b, peer: a },
  ];
  if (fault.from === undefined) return both;
  const oneWay = both.filter((edge) => edge.process === fault.from);
  if (oneWay.length > 0) return oneWay;
  throw refuse('bad-request', `${fault.from} is no end of line ${fault.target}`, `Name ${a} or ${b}.`);
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
      const base = connectionsOf(arrangement, definition, edge.process).find(
        (connection) => connection.peer === edge.peer,
      );
      if (!base) continue;
      const before = wanted.get(edgeKey(edge))?.conditions;
      wanted.set(edgeKey(edge), { edge, conditions: { ...before, ...conditionsOf(fault, base.conditions) } });
    }
  }
  return wanted;
}

/** Directions whose conditions differ between two sets of faults, with what they become; `{}` returns a line to its definition. */
export function changedLines(
  arrangement: Arrangement,
  definition: GroupDefinition,
  before: readonly FaultInput[],
  after: readonly FaultInput[],
): { edge: Edge; conditions: Partial<LineConditions> }[] {
  const old = lineConditions(arrangement, definition, before);
  const next = lineConditions(arrangement, definition, after);
  const changed = [...next].filter(
    ([key, { conditions }]) => JSON.stringify(old.get(key)?.conditions) !== JSON.stringify(conditions),
  );
  const cleared = [...old].filter(([key]) => !next.has(key)).map(([, { edge }]) => ({ edge, conditions: {} }));
  return [...changed.map(([, value]) => value), ...cleared];
}
