/**
 * Places of everything on the topology graph: a pure function of what the group is made of, never of its state. A reversal
 * therefore turns arrows and moves nothing. Site lanes stand left to right in topology order, further apart the longer the
 * line between them; in a lane hosts stand above systems above volumes above switching devices. Whatever passes a system over,
 * a pair or a line, runs below the lanes. Units are the graph's own pixels.
 */

export const SIZE = {
  laneWidth: 232,
  laneHeader: 36,
  nodeWidth: 188,
  hostHeight: 76,
  systemHeight: 124,
  volumesHeight: 48,
  witnessHeight: 56,
  switchHeight: 44,
  rulerHeight: 40,
  rowGap: 36,
  pad: 22,
} as const;

export interface LayoutSite {
  name: string;
  systems: readonly string[];
  hosts: readonly { name: string; system: string }[];
  switches: readonly { name: string; system: string }[];
}

export interface LayoutShape {
  /** In topology order; the witness' site is not among them. */
  sites: readonly LayoutSite[];
  /** Every two systems that are paired in some operation, in whichever direction: room is kept for those that pass others over. */
  couples: readonly (readonly [string, string])[];
  lines: readonly { name: string; ends: readonly [string, string]; km: number }[];
  witness: boolean;
}

export interface Point {
  x: number;
  y: number;
}

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Ruler extends Box {
  line: string;
  km: number;
}

/** A run below the lanes between two systems that have others between them. */
export interface Arc {
  ends: readonly [string, string];
  /** Where it leaves either end, below its volumes. */
  from: Point;
  to: Point;
  /** How far down it runs. */
  low: number;
  /** Middle of the room for its label, where nothing else comes down from a lane. */
  labelX: number;
  labelRoom: number;
}

export interface Layout {
  sites: ReadonlyMap<string, Box>;
  systems: ReadonlyMap<string, Box>;
  volumes: ReadonlyMap<string, Box>;
  hosts: ReadonlyMap<string, Box>;
  switches: ReadonlyMap<string, Box>;
  arcs: readonly Arc[];
  /** The room all arcs take together; null where there are none. */
  below: Box | null;
  witness: Box | null;
  rulers: readonly Ruler[];
  bounds: Box;
}

/** Gap between two neighbouring lanes: `120 + 40·log10(km)`, and never less than 120. */
export function gapOfKm(km: number): number {
  return 120 + 40 * Math.log10(Math.max(1, km));
}

const ROW = {
  witness: 0,
  lanes: SIZE.witnessHeight + 20,
} as const;
const HOST_Y = ROW.lanes + SIZE.laneHeader;
const SYSTEM_Y = HOST_Y + SIZE.hostHeight + SIZE.rowGap;
const VOLUMES_Y = SYSTEM_Y + SIZE.systemHeight + 8;
const SWITCHES_Y = VOLUMES_Y + SIZE.volumesHeight + 16;
/** One arc: its state above it, up to four gauges under it. */
const ARC = { height: 100, above: 36 } as const;
const RULER_ROW = SIZE.rulerHeight + 6;

function laneHeightOf(shape: LayoutShape): number {
  const switched = shape.sites.some((site) => site.switches.length > 0);
  const bottom = switched ? SWITCHES_Y + SIZE.switchHeight : VOLUMES_Y + SIZE.volumesHeight;
  return bottom + SIZE.pad - ROW.lanes;
}

/** Systems of one site stand side by side; most sites have one. */
function laneWidthOf(site: LayoutSite): number {
  const columns = Math.max(1, site.systems.length);
  return SIZE.laneWidth + (columns - 1) * (SIZE.nodeWidth + SIZE.pad);
}

interface Placed {
  sites: Map<string, Box>;
  systems: Map<string, Box>;
  volumes: Map<string, Box>;
  hosts: Map<string, Box>;
  switches: Map<string, Box>;
}

function placeSite(site: LayoutSite, x: number, into: Placed) {
  const columnX = (column: number) => x + SIZE.pad + Math.max(0, column) * (SIZE.nodeWidth + SIZE.pad);
  const width = SIZE.nodeWidth;
  site.systems.forEach((name, column) => {
    into.systems.set(name, { x: columnX(column), y: SYSTEM_Y, width, height: SIZE.systemHeight });
    into.volumes.set(name, { x: columnX(column), y: VOLUMES_Y, width, height: SIZE.volumesHeight });
  });
  site.hosts.forEach((host, index) => {
    const column = site.systems.indexOf(host.system);
    into.hosts.set(host.name, {
      x: columnX(column === -1 ? index : column),
      y: HOST_Y,
      width,
      height: SIZE.hostHeight,
    });
  });
  for (const { name, system } of site.switches) {
    const left = columnX(site.systems.indexOf(system));
    into.switches.set(name, { x: left, y: SWITCHES_Y, width, height: SIZE.switchHeight });
  }
}

function lengthBetween(shape: LayoutShape, left: LayoutSite, right: LayoutSite): number {
  const line = shape.lines.find(
    ({ ends: [a, b] }) =>
      (left.systems.includes(a) && right.systems.includes(b)) ||
      (left.systems.includes(b) && right.systems.includes(a)),
  );
  return line?.km ?? 100;
}

/** Lanes from left to right; answers the gaps between them and how wide all is. */
function placeLanes(shape: LayoutShape, into: Placed): { gaps: Gap[]; width: number } {
  const gaps: Gap[] = [];
  const height = laneHeightOf(shape);
  let x = 0;
  shape.sites.forEach((site, index) => {
    const width = laneWidthOf(site);
    into.sites.set(site.name, { x, y: ROW.lanes, width, height });
    placeSite(site, x, into);
    x += width;
    const right = shape.sites[index + 1];
    if (!right) return;
    const gap = gapOfKm(lengthBetween(shape, site, right));
    gaps.push({ x, width: gap });
    x += gap;
  });
  return { gaps, width: x };
}

interface Gap {
  x: number;
  width: number;
}

/** Couples that have systems between them, shortest first, each on a level of its own so that none lie on each other. */
function placeArcs(shape: LayoutShape, placed: Placed, gaps: readonly Gap[], top: number): Arc[] {
  const known = new Set<string>();
  const runs: { left: string; right: string; from: number; to: number }[] = [];
  for (const [a, b] of shape.couples) {
    const [boxA, boxB] = [placed.systems.get(a), placed.systems.get(b)];
    if (!boxA || !boxB || areNeighbours(placed, a, b)) continue;
    const [left, right] = boxA.x < boxB.x ? [a, b] : [b, a];
    if (known.has(`${left}~${right}`)) continue;
    known.add(`${left}~${right}`);
    runs.push({ left, right, from: Math.min(boxA.x, boxB.x), to: Math.max(boxA.x, boxB.x) });
  }
  runs.sort((one, other) => one.to - one.from - (other.to - other.from) || one.from - other.from);
  const leavesAt = VOLUMES_Y + SIZE.volumesHeight;
  return runs.map((run, level): Arc => {
    const legOf = (system: string, x: number) => {
      const here = runs.filter((other) => other.left === system || other.right === system);
      return x + SIZE.nodeWidth / 2 + (here.indexOf(run) - (here.length - 1) / 2) * 36;
    };
    const gap = gaps.filter(({ x }) => x > run.from && x < run.to).sort((one, other) => other.width - one.width)[0];
    const [from, to] = [legOf(run.left, run.from), legOf(run.right, run.to)];
    return {
      ends: [run.left, run.right],
      from: { x: from, y: leavesAt },
      to: { x: to, y: leavesAt },
      low: top + level * ARC.height + ARC.above,
      labelX: gap ? gap.x + gap.width / 2 : (from + to) / 2,
      labelRoom: gap ? gap.width + SIZE.laneWidth / 2 : to - from,
    };
  });
}

/** A line between neighbours is measured in the gap it crosses; one that passes systems over, below everything else. */
function placeRulers(shape: LayoutShape, placed: Placed, lanesEnd: number, arcsEnd: number): Ruler[] {
  const rulers: Ruler[] = [];
  let skipping = 0;
  for (const { name, ends, km } of shape.lines) {
    const boxes = ends.map((end) => placed.systems.get(end));
    const lanes = ends.map((end) =>
      placed.sites.get(shape.sites.find((site) => site.systems.includes(end))?.name ?? ''),
    );
    const [left, right] = sorted(lanes);
    const [first, last] = sorted(boxes);
    if (!left || !right || !first || !last || left === right) continue;
    if (areNeighbours(placed, ...ends)) {
      const x = left.x + left.width;
      rulers.push({ line: name, km, x, y: lanesEnd + 6, width: right.x - x, height: SIZE.rulerHeight });
    } else {
      const x = first.x + first.width / 2;
      const width = last.x + last.width / 2 - x;
      rulers.push({ line: name, km, x, y: arcsEnd + skipping * RULER_ROW + 6, width, height: SIZE.rulerHeight });
      skipping += 1;
    }
  }
  return rulers.sort((one, other) => one.y - other.y || one.x - other.x);
}

function sorted(boxes: readonly (Box | undefined)[]): Box[] {
  return boxes.filter((box) => box !== undefined).sort((one, other) => one.x - other.x);
}

/** Places everything of `shape`. The same shape always gives the same places. */
export function layoutTopology(shape: LayoutShape): Layout {
  const placed: Placed = {
    sites: new Map(),
    systems: new Map(),
    volumes: new Map(),
    hosts: new Map(),
    switches: new Map(),
  };
  const { gaps, width } = placeLanes(shape, placed);
  const lanesEnd = ROW.lanes + laneHeightOf(shape);
  const rulersEnd = lanesEnd + (shape.lines.length > 0 ? RULER_ROW : 0);
  const arcs = placeArcs(shape, placed, gaps, rulersEnd);
  const arcsEnd = rulersEnd + arcs.length * ARC.height;
  const rulers = placeRulers(shape, placed, lanesEnd, arcsEnd);
  const witnessWidth = 264;
  const witness = shape.witness
    ? { x: width / 2 - witnessWidth / 2, y: ROW.witness, width: witnessWidth, height: SIZE.witnessHeight }
    : null;
  return {
    ...placed,
    arcs,
    below: arcs.length > 0 ? { x: 0, y: rulersEnd, width, height: arcsEnd - rulersEnd } : null,
    witness,
    rulers,
    bounds: {
      x: 0,
      y: 0,
      width,
      height: Math.max(arcsEnd, lanesEnd, ...rulers.map((ruler) => ruler.y + ruler.height)),
    },
  };
}

/** The arc between two systems, turned the way from `source` to `destination`; null where they are neighbours. */
export function arcBetween(layout: Layout, source: string, destination: string): Arc | null {
  const arc = layout.arcs.find(({ ends }) => ends.includes(source) && ends.includes(destination));
  if (!arc || arc.ends[0] === source) return arc ?? null;
  return { ...arc, ends: [source, destination], from: arc.to, to: arc.from };
}

/**
 * The box round both ends of a pair that carries its kind (dashed for sync, chain-dot for async). Boxes of neighbouring
 * couples share a system, so every second one is nested in the one before it and their lines never coincide. Null where other
 * systems stand between the ends: a box would take those in.
 */
export function enclosureOf(layout: Layout, source: string, destination: string): Box | null {
  const a = layout.systems.get(source);
  const b = layout.systems.get(destination);
  const volumes = layout.volumes.get(source);
  if (!a || !b || !volumes || !areNeighbours(layout, source, destination)) return null;
  const place = [...layout.systems.values()].filter((box) => box.x < Math.min(a.x, b.x)).length;
  const inset = place % 2 === 0 ? 13 : 7;
  const left = Math.min(a.x, b.x) - inset;
  const right = Math.max(a.x + a.width, b.x + b.width) + inset;
  const top = Math.min(a.y, b.y) - inset;
  return { x: left, y: top, width: right - left, height: volumes.y + volumes.height + inset - top };
}

/** Two systems are neighbours where no other system stands between them; all other lines go below. */
export function areNeighbours({ systems }: Pick<Layout, 'systems'>, a: string, b: string): boolean {
  const from = systems.get(a);
  const to = systems.get(b);
  if (!from || !to) return false;
  const [low, high] = from.x < to.x ? [from.x, to.x] : [to.x, from.x];
  return ![...systems.values()].some((box) => box.x > low && box.x < high);
}

/** Of what a group's layout depends on: while this text stays the same nothing is placed anew. */
export function shapeKey(shape: LayoutShape): string {
  return JSON.stringify(shape);
}
