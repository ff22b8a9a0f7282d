/** Turns a status and a layout into the nodes and edges of the graph. Pure. */
import { findArrangement, guardedPairOf } from '../../server/domain/arrangement.ts';
import type { GroupStatus, HostStatus } from '../../server/domain/group-status.ts';
import { parsePairName } from '../../server/domain/names.ts';
import { appearanceOf } from '../pair-state/appearance.ts';
import { routes, type Selection } from '../shell/routes.ts';
import { drawnPairs, heartbeatSeen, type StepMark, statesAt } from './derive.ts';
import type { HeartbeatData, TopologyEdge } from './edges.tsx';
import { arcBetween, type Box, enclosureOf, type Layout } from './layout.ts';
import type { TopologyNode } from './nodes.tsx';

/** Moving dashes cost a repaint each frame, so no more than this many edges ever move at once. */
export const MOVING_EDGES = 12;

export interface GraphInput {
  status: GroupStatus;
  layout: Layout;
  selection: Selection | null;
  step: StepMark | null;
}

/** Boxes that only frame others must not catch a press meant for what stands in them. */
const BACKGROUND = 'pointer-events-none';

const fixed = { draggable: false, selectable: false, focusable: false, connectable: false } as const;

function place(box: Box, zIndex: number) {
  return { position: { x: box.x, y: box.y }, width: box.width, height: box.height, zIndex, ...fixed };
}

function isSelected(selection: Selection | null, kind: Selection['kind'], name: string): boolean {
  return selection?.kind === kind && selection.name === name;
}

/** All boxes, hindmost first. */
/** Does the system that takes host writes wait for the answers of another? */
export function isGuarded({ arrangement, holder }: GroupStatus): boolean {
  const known = findArrangement(arrangement);
  return known !== null && holder !== null && guardedPairOf(known, holder) !== null;
}

export function graphNodes({ status, layout, selection, step }: GraphInput): TopologyNode[] {
  const nodes: TopologyNode[] = [];
  for (const [site, box] of layout.sites)
    nodes.push({ id: `site:${site}`, type: 'site', data: { site }, ...place(box, 0), className: BACKGROUND });
  // Takes up the room of the arcs, so that they are in view when everything is fitted into it.
  if (layout.below)
    nodes.push({ id: 'below', type: 'room', data: {}, ...place(layout.below, 0), className: BACKGROUND });
  drawnPairs(status.pairs).forEach((pair) => {
    const ends = parsePairName(pair.name);
    const box = ends ? enclosureOf(layout, ends.source, ends.destination) : null;
    if (box)
      nodes.push({
        id: `enclosure:${pair.name}`,
        type: 'enclosure',
        data: { kind: pair.kind },
        ...place(box, 1),
        className: BACKGROUND,
      });
  });
  for (const system of status.systems) nodes.push(...systemNodes({ status, layout, selection, step }, system.name));
  for (const host of status.hosts) {
    const box = layout.hosts.get(host.name);
    if (!box) continue;
    const href = routes.inspect(status.name, { kind: 'host', name: host.name });
    nodes.push({
      id: host.name,
      type: 'host',
      data: { host, href, selected: isSelected(selection, 'host', host.name) },
      ...place(box, 3),
    });
  }
  for (const device of status.switches) {
    const box = layout.switches.get(device.name);
    if (!box) continue;
    const href = routes.inspect(status.name, { kind: 'switch', name: device.name });
    const selected = isSelected(selection, 'switch', device.name);
    // Before the arcs that come down through it.
    nodes.push({ id: device.name, type: 'switch', data: { device, href, selected }, ...place(box, 5) });
  }
  if (layout.witness) {
    const href = routes.inspect(status.name, { kind: 'witness', name: 'witness' });
    const selected = selection?.kind === 'witness';
    nodes.push({
      id: 'witness',
      type: 'witness',
      data: { witness: status.witness, isGuarded: isGuarded(status), href, selected },
      ...place(layout.witness, 3),
    });
  }
  for (const ruler of layout.rulers) {
    const line = status.lines.find((each) => each.name === ruler.line);
    if (!line) continue;
    const href = routes.inspect(status.name, { kind: 'line', name: line.name });
    const selected = isSelected(selection, 'line', line.name);
    nodes.push({ id: `line:${line.name}`, type: 'ruler', data: { line, href, selected }, ...place(ruler, 2) });
  }
  return nodes;
}

function systemNodes({ status, layout, selection, step }: GraphInput, name: string): TopologyNode[] {
  const system = status.systems.find((each) => each.name === name);
  const box = layout.systems.get(name);
  const volumes = layout.volumes.get(name);
  if (!system || !box || !volumes) return [];
  return [
    {
      id: name,
      type: 'system',
      data: {
        system,
        states: statesAt(status, name),
        href: routes.inspect(status.name, { kind: 'system', name }),
        selected: isSelected(selection, 'system', name),
        step: step?.system === name ? step.step : null,
        alarmed: status.alarms.length > 0,
        holder: status.holder === name,
        forecast: status.forecasts.find((forecast) => forecast.system === name) ?? null,
      },
      ...place(box, 3),
    },
    { id: `volumes:${name}`, type: 'volumes', data: { system }, ...place(volumes, 3) },
  ];
}

/** All arrows and lines. */
export function graphEdges({ status, layout, selection, step }: GraphInput): TopologyEdge[] {
  let moving = 0;
  const pairs = drawnPairs(status.pairs).flatMap((pair): TopologyEdge[] => {
    const ends = parsePairName(pair.name);
    const from = ends ? layout.systems.get(ends.source) : undefined;
    const to = ends ? layout.systems.get(ends.destination) : undefined;
    if (!ends || !from || !to) return [];
    const arc = arcBetween(layout, ends.source, ends.destination);
    const rightwards = from.x < to.x;
    if (appearanceOf(pair.state).moving) moving += 1;
    return [
      {
        id: `pair:${pair.name}`,
        type: 'pair',
        source: ends.source,
        target: ends.destination,
        sourceHandle: arc ? 'bottom' : rightwards ? 'right' : 'left',
        targetHandle: arc ? 'bottom' : rightwards ? 'left' : 'right',
        zIndex: 4,
        focusable: false,
        data: {
          pair,
          href: routes.inspect(status.name, { kind: 'pair', name: pair.name }),
          selected: isSelected(selection, 'pair', pair.name),
          step: step?.pairs.includes(pair.name) ? step.step : null,
          arc,
          moving: appearanceOf(pair.state).moving && moving <= MOVING_EDGES,
        },
      },
    ];
  });
  return [...pairs, ...attachments(status), ...heartbeats(status)];
}

function attachments(status: GroupStatus): TopologyEdge[] {
  return status.hosts.flatMap((host): TopologyEdge[] => {
    const system = status.systems.find((each) => each.name === host.name.replace(/^host-/, ''));
    if (!system) return [];
    return [
      {
        id: `attachment:${host.name}`,
        type: 'attachment',
        source: host.name,
        target: system.name,
        sourceHandle: 'bottom',
        targetHandle: 'top',
        zIndex: 2,
        focusable: false,
        data: { writes: system.hostWrites?.accepted ?? null },
      },
    ];
  });
}

function seenBy(status: GroupStatus, observer: HostStatus, of: HostStatus): HeartbeatData | null {
  // What an observer says counts only while it is itself heard.
  const view = observer.up === true ? heartbeatSeen(status, observer.name, of.name) : null;
  return view ? { of: of.name, lost: view.lost, ageMs: view.ageMs } : null;
}

function heartbeats(status: GroupStatus): TopologyEdge[] {
  return status.hosts.slice(1).flatMap((right, index): TopologyEdge[] => {
    const left = status.hosts[index];
    if (!left) return [];
    return [
      {
        id: `heartbeat:${left.name}:${right.name}`,
        type: 'heartbeat',
        source: left.name,
        target: right.name,
        sourceHandle: 'right',
        targetHandle: 'left',
        zIndex: 2,
        focusable: false,
        data: { there: seenBy(status, right, left), back: seenBy(status, left, right) },
      },
    ];
  });
}
