/**
 * Places of everything on the topology graph: a pure function of what the group is made of, never of its state. A reversal
 * therefore turns arrows and moves nothing. Site lanes stand left to right in topology order, further apart the longer the
 * line between them; in a lane hosts stand above systems above volumes. Units are the graph's own pixels.
 */

export const SIZE = {
  laneWidth: 232,
  laneHeader: 36,
  nodeWidth: 188,
  hostHeight: 76,
  systemHeight: 124,
  volumesHeight: 48,
  witnessHeight: 68,
  rowGap: 44,
  pad: 22,
} as const;

export interface LayoutSite {
  name: string;
  systems: readonly string[];
  hosts: readonly { name: string; system: string }[];
}

export interface LayoutShape {
  /** In topology order; the witness' site is not among them. */
  sites: readonly LayoutSite[];
  lines: readonly { name: string; ends: readonly [string, string]; km: number }[];
  witness: boolean;
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

export interface Layout {
  sites: ReadonlyMap<string, Box>;
  systems: ReadonlyMap<string, Box>;
  volumes: ReadonlyMap<string, Box>;
  hosts: ReadonlyMap<string, Box>;
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
  lanes: SIZE.witnessHeight + 28,
} as const;
const HOST_Y = ROW.lanes + SIZE.laneHeader;
const SYSTEM_Y = HOST_Y + SIZE.hostHeight + SIZE.rowGap;
const VOLUMES_Y = SYSTEM_Y + SIZE.systemHeight + 8;
const LANE_HEIGHT = VOLUMES_Y + SIZE.volumesHeight + SIZE.pad - ROW.lanes;

function lineBetween(shape: LayoutShape, left: LayoutSite, right: LayoutSite) {
  return shape.lines.find(
    ({ ends: [a, b] }) =>
      (left.systems.includes(a) && right.systems.includes(b)) ||
      (left.systems.includes(b) && right.systems.includes(a)),
  );
}

/** Systems of one site stand side by side; most sites have one. */
function laneWidthOf(site: LayoutSite): number {
  const columns = Math.max(1, site.systems.length);
  return SIZE.laneWidth + (columns - 1) * (SIZE.nodeWidth + SIZE.pad);
}

function placeSite(
  site: LayoutSite,
  x: number,
  into: { systems: Map<string, Box>; volumes: Map<string, Box>; hosts: Map<string, Box> },
) {
  site.systems.forEach((name, column) => {
    const left = x + SIZE.pad + column * (SIZE.nodeWidth + SIZE.pad);
    into.systems.set(name, { x: left, y: SYSTEM_Y, width: SIZE.nodeWidth, height: SIZE.systemHeight });
    into.volumes.set(name, { x: left, y: VOLUMES_Y, width: SIZE.nodeWidth, height: SIZE.volumesHeight });
  });
  site.hosts.forEach((host, index) => {
    const column = Math.max(0, site.systems.indexOf(host.system) === -1 ? index : site.systems.indexOf(host.system));
    const left = x + SIZE.pad + column * (SIZE.nodeWidth + SIZE.pad);
    into.hosts.set(host.name, { x: left, y: HOST_Y, width: SIZE.nodeWidth, height: SIZE.hostHeight });
  });
}

/** Places everything of `shape`. The same shape always gives the same places. */
export function layoutTopology(shape: LayoutShape): Layout {
  const placed = { systems: new Map<string, Box>(), volumes: new Map<string, Box>(), hosts: new Map<string, Box>() };
  const sites = new Map<string, Box>();
  const rulers: Ruler[] = [];
  let x = 0;
  shape.sites.forEach((site, index) => {
    const width = laneWidthOf(site);
    sites.set(site.name, { x, y: ROW.lanes, width, height: LANE_HEIGHT });
    placeSite(site, x, placed);
    const right = shape.sites[index + 1];
    if (!right) {
      x += width;
      return;
    }
    const line = lineBetween(shape, site, right);
    const gap = gapOfKm(line?.km ?? 100);
    if (line) {
      rulers.push({
        line: line.name,
        km: line.km,
        x: x + width,
        y: ROW.lanes + LANE_HEIGHT + 6,
        width: gap,
        height: 40,
      });
    }
    x += width + gap;
  });
  const witnessWidth = 264;
  const witness = shape.witness
    ? { x: x / 2 - witnessWidth / 2, y: ROW.witness, width: witnessWidth, height: SIZE.witnessHeight }
    : null;
  return {
    sites,
    ...placed,
    witness,
    rulers,
    bounds: { x: 0, y: 0, width: x, height: ROW.lanes + LANE_HEIGHT + (rulers.length > 0 ? 46 : 0) },
  };
}

/**
 * The box round both ends of a pair that carries its kind (dashed for sync, chain-dot for async). Boxes that share a system
 * are nested by `level`, so that their lines never coincide.
 */
export function enclosureOf(layout: Layout, source: string, destination: string, level: number): Box | null {
  const a = layout.systems.get(source);
  const b = layout.systems.get(destination);
  const volumes = layout.volumes.get(source);
  if (!a || !b || !volumes) return null;
  const inset = 13 - level * 6;
  const left = Math.min(a.x, b.x) - inset;
  const right = Math.max(a.x + a.width, b.x + b.width) + inset;
  const top = Math.min(a.y, b.y) - inset;
  return { x: left, y: top, width: right - left, height: volumes.y + volumes.height + inset - top };
}

/** Two systems are neighbours where no other system stands between them; all other lines go below. */
export function areNeighbours(layout: Layout, a: string, b: string): boolean {
  const from = layout.systems.get(a);
  const to = layout.systems.get(b);
  if (!from || !to) return false;
  const [low, high] = from.x < to.x ? [from.x, to.x] : [to.x, from.x];
  return ![...layout.systems.values()].some((box) => box.x > low && box.x < high);
}

/** Of what a group's layout depends on: while this text stays the same nothing is placed anew. */
export function shapeKey(shape: LayoutShape): string {
  return JSON.stringify(shape);
}
