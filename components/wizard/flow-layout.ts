/**
 * Layered layout of a routine's flow chart. Pure and small: rows by longest path from the first step, the main way (first
 * outcome of each step) straight down the first column, branches beside it. Units are pixels of the chart.
 */
import type { RoutineGraph, RoutineStep } from '../../server/routines/step-graph.ts';

export const FLOW = { width: 160, height: 72, columnGap: 20, rowGap: 48, lane: 12, pad: 16, labelRoom: 140 } as const;

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
  labelAnchor: 'start' | 'middle' | 'end';
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
  // Long ways run in lanes at the left, so that none is drawn through a step; ways to the same step share one.
  const inLane = links.filter((link) => needsLane(link, rows, columns, back));
  const lanes = [...new Set(inLane.map((link) => link.to))];
  const left = Math.max(FLOW.pad + lanes.length * FLOW.lane, FLOW.labelRoom);
  const nodes = graph.steps.map((step): FlowNode => {
    const column = columns.get(step.id) ?? 0;
    const row = rows.get(step.id) ?? 0;
    const x = left + column * (FLOW.width + FLOW.columnGap);
    const y = FLOW.pad + row * (FLOW.height + FLOW.rowGap);
    return { step, column, row, x, y, endings: endingsOf(step) };
  });
  const byId = new Map(nodes.map((node) => [node.step.id, node]));
  const slots = gapSlots(links, byId, inLane);
  const edges = links.flatMap((link): FlowEdge[] => {
    const from = byId.get(link.from);
    const to = byId.get(link.to);
    if (!from || !to) return [];
    const laneX = inLane.includes(link) ? FLOW.pad / 2 + lanes.indexOf(link.to) * FLOW.lane : null;
    // Several ways to the left out of one step leave it one beside the other.
    const place = links
      .filter((each) => each.from === link.from && (inLane.includes(each) || leads(each, byId) < 0))
      .indexOf(link);
    const arrival = links.filter((each) => each.to === link.to && leads(each, byId) > 0).indexOf(link);
    const course = { laneX, place: Math.max(0, place), arrival: Math.max(0, arrival), down: slots.get(link) ?? 0.5 };
    return [{ ...link, back: back.has(link), ...route(from, to, course) }];
  });
  const right = Math.max(...nodes.map((node) => node.x)) + FLOW.width + FLOW.pad;
  const bottom = Math.max(...nodes.map((node) => node.y)) + FLOW.height + FLOW.pad;
  return { nodes, edges, width: right, height: bottom };
}

/** Columns a way goes to the right (positive) or left. */
function leads(link: Link, nodes: ReadonlyMap<string, FlowNode>): number {
  return (nodes.get(link.to)?.column ?? 0) - (nodes.get(link.from)?.column ?? 0);
}

/** Height, as a share of the gap below a row, at which each way that crosses columns there runs: one line per goal. */
function gapSlots(
  links: readonly Link[],
  nodes: ReadonlyMap<string, FlowNode>,
  inLane: readonly Link[],
): ReadonlyMap<Link, number> {
  const crossing = links.filter((link) =>
    inLane.includes(link) ? (nodes.get(link.from)?.column ?? 0) > 0 : leads(link, nodes) !== 0,
  );
  const slots = new Map<Link, number>();
  for (const row of new Set(crossing.map((link) => nodes.get(link.from)?.row))) {
    const here = crossing.filter((link) => nodes.get(link.from)?.row === row);
    const goals = [...new Set(here.map((link) => link.to))];
    for (const link of here) slots.set(link, (goals.indexOf(link.to) + 1) / (goals.length + 1));
  }
  return slots;
}

function needsLane(
  link: Link,
  rows: ReadonlyMap<string, number>,
  columns: ReadonlyMap<string, number>,
  back: ReadonlySet<Link>,
): boolean {
  if (back.has(link)) return true;
  const rowOf = (id: string) => rows.get(id) ?? 0;
  if (rowOf(link.to) - rowOf(link.from) <= 1) return false;
  const target = columns.get(link.to) ?? 0;
  const inTheWay = ([id, column]: [string, number]) =>
    column === target && rowOf(id) > rowOf(link.from) && rowOf(id) < rowOf(link.to);
  return [...columns].some(inTheWay) || (columns.get(link.from) ?? 0) > target;
}

type Route = Pick<FlowEdge, 'path' | 'labelX' | 'labelY' | 'labelAnchor'>;

interface Course {
  laneX: number | null;
  place: number;
  /** Ordinal among the ways that come to the same step from the left, whose names would else coincide. */
  arrival: number;
  /** Share of the gap below the row. */
  down: number;
}

function route(from: FlowNode, to: FlowNode, course: Course): Route {
  const middle = FLOW.width / 2;
  const fromX = from.x + middle;
  const fromY = from.y + FLOW.height;
  const toX = to.x + middle;
  const y = Math.round(fromY + FLOW.rowGap * course.down);
  if (course.laneX !== null) return laneRoute(from, to, y, course.laneX, course.place);
  if (from.column === to.column) {
    // Branches leave the first column at the right of its middle, so its own label stands at the left.
    const side = from.column === 0 ? -1 : 1;
    const labelAnchor = side < 0 ? 'end' : 'start';
    return { path: `M${fromX} ${fromY}V${to.y}`, labelX: fromX + side * 6, labelY: fromY + 13, labelAnchor };
  }
  if (to.column > from.column) {
    const path = `M${fromX + 24} ${fromY}V${y}H${toX}V${to.y}`;
    return { path, labelX: toX - 5, labelY: to.y - 6 - course.arrival * 11, labelAnchor: 'end' };
  }
  const outX = fromX - 24 - course.place * 16;
  const path = `M${outX} ${fromY}V${y}H${toX}V${to.y}`;
  return { path, labelX: outX - 4, labelY: fromY + 12 + course.place * 11, labelAnchor: 'end' };
}

/** Through a lane at the left. Out of another column the way first goes down into the gap below its row, where nothing stands. */
function laneRoute(from: FlowNode, to: FlowNode, y: number, laneX: number, place: number): Route {
  const into = to.y + FLOW.height * 0.25;
  if (from.column === 0) {
    const out = from.y + 20 + place * 22;
    return {
      path: `M${from.x} ${out}H${laneX}V${into}H${to.x}`,
      labelX: from.x - 4,
      labelY: out - 4,
      labelAnchor: 'end',
    };
  }
  const outX = from.x + FLOW.width / 2 - 24 - place * 16;
  const fromY = from.y + FLOW.height;
  return {
    path: `M${outX} ${fromY}V${y}H${laneX}V${into}H${to.x}`,
    labelX: outX - 4,
    labelY: fromY + 12 + place * 11,
    labelAnchor: 'end',
  };
}
