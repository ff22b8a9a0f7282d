/**
 * Layered layout of a routine's flow chart. Pure and small: rows by longest path from the first step, the main way (first
 * outcome of each step) straight down the first column, branches beside it. Units are pixels of the chart.
 */
import type { RoutineGraph, RoutineStep } from '../../server/routines/step-graph.ts';

export const FLOW = { width: 184, height: 72, columnGap: 32, rowGap: 40, lane: 12, pad: 16 } as const;

export interface FlowNode {
  step: RoutineStep;
  column: number;
  row: number;
  x: number;
  y: number;
  /** Endings this step's outcomes lead to, counted: `failed` → 2. */
  endings: ReadonlyMap<string, number>;
}

export interface FlowEdge {
  from: string;
  to: string;
  outcomes: readonly string[];
  /** Leads to an earlier row: a routine that repeats. */
  back: boolean;
  path: string;
  labelX: number;
  labelY: number;
  labelAnchor: 'start' | 'end';
}

export interface FlowLayout {
  nodes: readonly FlowNode[];
  edges: readonly FlowEdge[];
  width: number;
  height: number;
}

interface Link {
  from: string;
  to: string;
  outcomes: string[];
}

function linksOf(graph: RoutineGraph): Link[] {
  const links: Link[] = [];
  for (const step of graph.steps) {
    for (const [outcome, { next }] of Object.entries(step.outcomes)) {
      if (!('step' in next)) continue;
      const known = links.find((link) => link.from === step.id && link.to === next.step);
      if (known) known.outcomes.push(outcome);
      else links.push({ from: step.id, to: next.step, outcomes: [outcome] });
    }
  }
  return links;
}

/** Links that close a circle, found by walking depth first in the order outcomes are written. */
function backLinks(graph: RoutineGraph, links: readonly Link[]): Set<Link> {
  const back = new Set<Link>();
  const state = new Map<string, 'open' | 'closed'>();
  const visit = (id: string): void => {
    state.set(id, 'open');
    for (const link of links.filter((each) => each.from === id)) {
      const seen = state.get(link.to);
      if (seen === 'open') back.add(link);
      else if (seen === undefined) visit(link.to);
    }
    state.set(id, 'closed');
  };
  visit(graph.first);
  for (const step of graph.steps) if (!state.has(step.id)) visit(step.id);
  return back;
}

function rowsOf(graph: RoutineGraph, forward: readonly Link[]): Map<string, number> {
  const rows = new Map(graph.steps.map((step) => [step.id, 0]));
  // A graph without circles settles in as many rounds as it has steps.
  for (let round = 0; round < graph.steps.length; round += 1) {
    for (const link of forward) rows.set(link.to, Math.max(rows.get(link.to) ?? 0, (rows.get(link.from) ?? 0) + 1));
  }
  return rows;
}

function mainWay(graph: RoutineGraph, forward: readonly Link[]): Set<string> {
  const way = new Set<string>();
  let at: string | undefined = graph.first;
  while (at !== undefined && !way.has(at)) {
    way.add(at);
    const here: string = at;
    at = forward.find((link) => link.from === here)?.to;
  }
  return way;
}

function columnsOf(
  graph: RoutineGraph,
  rows: ReadonlyMap<string, number>,
  way: ReadonlySet<string>,
): Map<string, number> {
  const columns = new Map<string, number>();
  const taken = new Set<string>();
  for (const step of [...graph.steps].sort((a, b) => (rows.get(a.id) ?? 0) - (rows.get(b.id) ?? 0))) {
    let column = way.has(step.id) ? 0 : 1;
    while (taken.has(`${column}:${rows.get(step.id)}`)) column += 1;
    taken.add(`${column}:${rows.get(step.id)}`);
    columns.set(step.id, column);
  }
  return columns;
}

function endingsOf(step: RoutineStep): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { next } of Object.values(step.outcomes)) {
    if ('ending' in next) counts.set(next.ending, (counts.get(next.ending) ?? 0) + 1);
  }
  return counts;
}

/** Places every step and draws every way between steps. */
export function layoutFlow(graph: RoutineGraph): FlowLayout {
  const links = linksOf(graph);
  const back = backLinks(graph, links);
  const forward = links.filter((link) => !back.has(link));
  const rows = rowsOf(graph, forward);
  const columns = columnsOf(graph, rows, mainWay(graph, forward));
  // Long ways down run in lanes at the left, so that none is drawn through a step.
  const lanes = links.filter((link) => needsLane(link, rows, columns, back));
  const left = FLOW.pad + lanes.length * FLOW.lane;
  const nodes = graph.steps.map((step): FlowNode => {
    const column = columns.get(step.id) ?? 0;
    const row = rows.get(step.id) ?? 0;
    const x = left + column * (FLOW.width + FLOW.columnGap);
    const y = FLOW.pad + row * (FLOW.height + FLOW.rowGap);
    return { step, column, row, x, y, endings: endingsOf(step) };
  });
  const byId = new Map(nodes.map((node) => [node.step.id, node]));
  const edges = links.flatMap((link): FlowEdge[] => {
    const from = byId.get(link.from);
    const to = byId.get(link.to);
    if (!from || !to) return [];
    const lane = lanes.indexOf(link);
    const laneX = lane === -1 ? null : FLOW.pad / 2 + lane * FLOW.lane;
    return [{ ...link, back: back.has(link), ...route(from, to, laneX) }];
  });
  const right = Math.max(...nodes.map((node) => node.x)) + FLOW.width + FLOW.pad;
  const bottom = Math.max(...nodes.map((node) => node.y)) + FLOW.height + FLOW.pad;
  return { nodes, edges, width: right, height: bottom };
}

function needsLane(
  link: Link,
  rows: ReadonlyMap<string, number>,
  columns: ReadonlyMap<string, number>,
  back: ReadonlySet<Link>,
): boolean {
  if (back.has(link)) return true;
  const down = (rows.get(link.to) ?? 0) - (rows.get(link.from) ?? 0);
  if (down <= 1) return false;
  const from = columns.get(link.from) ?? 0;
  const to = columns.get(link.to) ?? 0;
  // Down a column that is not the first there may be nothing in the way, yet nobody promises it.
  const blocked = [...columns].some(
    ([id, column]) =>
      column === to &&
      (rows.get(id) ?? 0) > (rows.get(link.from) ?? 0) &&
      (rows.get(id) ?? 0) < (rows.get(link.to) ?? 0),
  );
  return blocked || from > to;
}

function route(
  from: FlowNode,
  to: FlowNode,
  laneX: number | null,
): Pick<FlowEdge, 'path' | 'labelX' | 'labelY' | 'labelAnchor'> {
  const middle = FLOW.width / 2;
  const fromX = from.x + middle;
  const fromY = from.y + FLOW.height;
  const toX = to.x + middle;
  if (laneX !== null) {
    const out = from.y + FLOW.height * 0.75;
    const into = to.y + FLOW.height * 0.25;
    // Out of another column the way first goes down into the gap below its row, where nothing stands.
    const path =
      from.column === 0
        ? `M${from.x} ${out}H${laneX}V${into}H${to.x}`
        : `M${fromX - 20} ${fromY}v${FLOW.rowGap / 3}H${laneX}V${into}H${to.x}`;
    return from.column === 0
      ? { path, labelX: from.x - 4, labelY: out - 4, labelAnchor: 'end' }
      : { path, labelX: fromX - 24, labelY: fromY + 10, labelAnchor: 'end' };
  }
  if (from.column === to.column)
    return { path: `M${fromX} ${fromY}V${to.y}`, labelX: fromX + 6, labelY: fromY + 15, labelAnchor: 'start' };
  const down = fromY + FLOW.rowGap * 0.6;
  const shift = Math.sign(to.column - from.column) * 24;
  return {
    path: `M${fromX + shift} ${fromY}V${down}H${toX}V${to.y}`,
    labelX: toX - 4,
    labelY: down - 4,
    labelAnchor: 'end',
  };
}
