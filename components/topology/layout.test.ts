import { describe, expect, it } from 'vitest';
import { ARRANGEMENTS, type Arrangement, findArrangement, plannedPairs } from '../../server/domain/arrangement.ts';
import {
  arcBetween,
  areNeighbours,
  type Box,
  enclosureOf,
  gapOfKm,
  type LayoutShape,
  layoutTopology,
  SIZE,
  shapeKey,
} from './layout.ts';

const shapeFor = (arrangement: Arrangement): LayoutShape => ({
  sites: arrangement.sites.map((name) => ({
    name,
    systems: arrangement.systems.filter((system) => system.site === name).map((system) => system.name),
    hosts: arrangement.hosts.filter((host) => host.site === name).map((host) => ({ ...host })),
    switches: (arrangement.switches ?? [])
      .filter((device) => device.site === name)
      .map((device) => ({ name: device.name, system: device.system })),
  })),
  couples: plannedPairs(arrangement).map((pair) => [pair.source, pair.destination] as const),
  lines: arrangement.lines.map(({ name, ends, defaultKm }) => ({ name, ends, km: defaultKm })),
  witness: true,
});

const layoutFor = (id: string) => {
  const arrangement = findArrangement(id);
  if (!arrangement) throw new Error(`there is no arrangement ${id}`);
  return layoutTopology(shapeFor(arrangement));
};

const overlap = (a: Box, b: Box) =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

const CHAIN: LayoutShape = {
  sites: [
    { name: 'production', systems: ['P'], hosts: [{ name: 'host-P', system: 'P' }], switches: [] },
    { name: 'intermediate', systems: ['I'], hosts: [], switches: [] },
    { name: 'remote', systems: ['R'], hosts: [{ name: 'host-R', system: 'R' }], switches: [] },
  ],
  couples: [
    ['P', 'I'],
    ['I', 'R'],
  ],
  lines: [
    { name: 'P-I', ends: ['P', 'I'], km: 100 },
    { name: 'I-R', ends: ['I', 'R'], km: 1000 },
  ],
  witness: true,
};

const boxOf = (map: ReadonlyMap<string, { x: number; y: number; width: number; height: number }>, name: string) => {
  const box = map.get(name);
  if (!box) throw new Error(`${name} was not placed`);
  return box;
};

describe('layout of the topology', () => {
  it('spaces lanes by the logarithm of their distance', () => {
    expect(gapOfKm(100)).toBe(200);
    expect(gapOfKm(1000)).toBe(240);
    expect(gapOfKm(0)).toBe(120);
    const { sites } = layoutTopology(CHAIN);
    const [production, intermediate, remote] = ['production', 'intermediate', 'remote'].map((name) =>
      boxOf(sites, name),
    );
    expect((intermediate?.x ?? 0) - (production?.x ?? 0) - SIZE.laneWidth).toBe(200);
    expect((remote?.x ?? 0) - (intermediate?.x ?? 0) - SIZE.laneWidth).toBe(240);
  });

  it('stands hosts above systems above volumes, inside their lane', () => {
    const layout = layoutTopology(CHAIN);
    const host = boxOf(layout.hosts, 'host-P');
    const system = boxOf(layout.systems, 'P');
    const volumes = boxOf(layout.volumes, 'P');
    const lane = boxOf(layout.sites, 'production');
    expect(host.y + host.height).toBeLessThan(system.y);
    expect(system.y + system.height).toBeLessThan(volumes.y);
    for (const box of [host, system, volumes]) {
      expect(box.x).toBeGreaterThan(lane.x);
      expect(box.x + box.width).toBeLessThan(lane.x + lane.width);
      expect(box.y + box.height).toBeLessThan(lane.y + lane.height);
    }
  });

  it('moves nothing when the ends of lines are named the other way round', () => {
    const turned: LayoutShape = {
      ...CHAIN,
      lines: CHAIN.lines.map((line) => ({ ...line, ends: [line.ends[1], line.ends[0]] as const })),
    };
    expect(layoutTopology(turned)).toEqual(layoutTopology(CHAIN));
  });

  it('gives the same places for the same shape, and a new key for another', () => {
    expect(layoutTopology(CHAIN)).toEqual(layoutTopology(structuredClone(CHAIN)));
    expect(shapeKey(CHAIN)).toBe(shapeKey(structuredClone(CHAIN)));
    expect(shapeKey({ ...CHAIN, witness: false })).not.toBe(shapeKey(CHAIN));
  });

  it('measures every line between neighbouring lanes with a ruler', () => {
    expect(layoutTopology(CHAIN).rulers.map((ruler) => [ruler.line, ruler.km, ruler.width])).toEqual([
      ['P-I', 100, 200],
      ['I-R', 1000, 240],
    ]);
  });

  it('nests enclosures that share a system, the same whichever way the pair points', () => {
    const layout = layoutTopology(CHAIN);
    const sync = enclosureOf(layout, 'P', 'I');
    const async = enclosureOf(layout, 'I', 'R');
    expect(sync?.y).toBeLessThan(async?.y ?? 0);
    expect(enclosureOf(layout, 'I', 'P')).toEqual(sync);
    expect(enclosureOf(layout, 'P', 'nowhere')).toBeNull();
  });

  it('knows which systems have another between them', () => {
    const layout = layoutTopology(CHAIN);
    expect(areNeighbours(layout, 'I', 'P')).toBe(true);
    expect(areNeighbours(layout, 'P', 'R')).toBe(false);
  });

  it('places two systems of one site side by side', () => {
    const { systems } = layoutTopology({
      sites: [{ name: 'remote', systems: ['R', 'J'], hosts: [], switches: [] }],
      couples: [],
      lines: [],
      witness: false,
    });
    expect(boxOf(systems, 'J').x).toBe(boxOf(systems, 'R').x + SIZE.nodeWidth + SIZE.pad);
  });
});

describe('layout of the other arrangements', () => {
  const boxesOf = (layout: ReturnType<typeof layoutTopology>) => [
    ...[layout.systems, layout.volumes, layout.hosts, layout.switches].flatMap((map) => [...map.values()]),
    ...layout.rulers,
  ];

  it.each(ARRANGEMENTS.map((arrangement) => arrangement.id))(
    '%s: nothing lies on anything else, and all is in view',
    (id) => {
      const layout = layoutFor(id);
      const boxes = boxesOf(layout);
      for (const [index, box] of boxes.entries()) {
        for (const other of boxes.slice(index + 1)) expect(overlap(box, other)).toBe(false);
        expect(box.x).toBeGreaterThanOrEqual(0);
        expect(box.x + box.width).toBeLessThanOrEqual(layout.bounds.width);
        expect(box.y + box.height).toBeLessThanOrEqual(layout.bounds.height);
      }
    },
  );

  it.each(ARRANGEMENTS.map((arrangement) => arrangement.id))('%s: every pair of either operation has its way', (id) => {
    const layout = layoutFor(id);
    const arrangement = findArrangement(id);
    for (const { source, destination } of arrangement ? plannedPairs(arrangement) : [])
      expect(areNeighbours(layout, source, destination)).toBe(arcBetween(layout, source, destination) === null);
  });

  it('leads the line S5 of chain-3-direct and the pair on it below the lanes, with room for both', () => {
    const layout = layoutFor('chain-3-direct');
    const arc = arcBetween(layout, 'R', 'P');
    const lane = boxOf(layout.sites, 'intermediate');
    const ruler = layout.rulers.find((each) => each.line === 'P-R');
    expect(arc?.low).toBeGreaterThan(lane.y + lane.height);
    expect(ruler?.y).toBeGreaterThan(arc?.low ?? Number.POSITIVE_INFINITY);
    // From middle to middle of the systems it joins.
    expect([ruler?.x, (ruler?.x ?? 0) + (ruler?.width ?? 0)]).toEqual([arc?.to.x, arc?.from.x]);
    expect(layout.below).not.toBeNull();
  });

  it('turns an arc with its pair and moves it nowhere', () => {
    const layout = layoutFor('chain-3-direct');
    const [there, back] = [arcBetween(layout, 'P', 'R'), arcBetween(layout, 'R', 'P')];
    expect(back).toEqual({ ...there, ends: ['R', 'P'], from: there?.to, to: there?.from });
  });

  it('keeps the two bypasses on levels of their own, for both may be drawn while one takes over from the other', () => {
    const layout = layoutFor('chain-4-bypass');
    const lows = [arcBetween(layout, 'I', 'R')?.low, arcBetween(layout, 'J', 'P')?.low];
    expect(new Set(lows).size).toBe(2);
    expect(layout.arcs.map((arc) => arc.ends)).toEqual([
      ['P', 'J'],
      ['I', 'R'],
    ]);
    // Labels stand between lanes, where no arc comes down.
    for (const { labelX } of layout.arcs)
      for (const lane of layout.sites.values()) expect(labelX > lane.x && labelX < lane.x + lane.width).toBe(false);
  });

  it('stands each switching device in the lane of the system it is before, right under it', () => {
    const layout = layoutFor('chain-4-bypass');
    for (const [device, system, site] of [
      ['switch-I', 'I', 'intermediate'],
      ['switch-J', 'J', 'remote-intermediate'],
    ] as const) {
      const [box, lane] = [boxOf(layout.switches, device), boxOf(layout.sites, site)];
      const volumes = boxOf(layout.volumes, system);
      expect(box.x + box.width / 2).toBe(volumes.x + volumes.width / 2);
      expect(box.y).toBeGreaterThan(volumes.y + volumes.height);
      expect(box.y + box.height).toBeLessThan(lane.y + lane.height);
    }
  });

  it('measures all three lines of a chain of four, and draws nothing below it', () => {
    const layout = layoutFor('chain-4');
    expect(layout.rulers.map((ruler) => ruler.line)).toEqual(['P-I', 'I-J', 'J-R']);
    expect(layout.arcs).toEqual([]);
    expect(layout.below).toBeNull();
  });

  it('boxes in neighbours only, every second box nested in the one before it', () => {
    const four = layoutFor('chain-4');
    const tops = [
      ['P', 'I'],
      ['I', 'J'],
      ['J', 'R'],
    ].map(([a = '', b = '']) => enclosureOf(four, a, b)?.y);
    expect(tops[1]).toBeGreaterThan(tops[0] ?? Number.POSITIVE_INFINITY);
    expect(tops[2]).toBe(tops[0]);
    expect(enclosureOf(layoutFor('chain-4-bypass'), 'I', 'R')).toBeNull();
  });
});
