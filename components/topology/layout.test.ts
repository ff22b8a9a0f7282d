import { describe, expect, it } from 'vitest';
import { areNeighbours, enclosureOf, gapOfKm, type LayoutShape, layoutTopology, SIZE, shapeKey } from './layout.ts';

const CHAIN: LayoutShape = {
  sites: [
    { name: 'production', systems: ['P'], hosts: [{ name: 'host-P', system: 'P' }] },
    { name: 'intermediate', systems: ['I'], hosts: [] },
    { name: 'remote', systems: ['R'], hosts: [{ name: 'host-R', system: 'R' }] },
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
    const sync = enclosureOf(layout, 'P', 'I', 0);
    const async = enclosureOf(layout, 'I', 'R', 1);
    expect(sync?.y).toBeLessThan(async?.y ?? 0);
    expect(enclosureOf(layout, 'I', 'P', 0)).toEqual(sync);
    expect(enclosureOf(layout, 'P', 'nowhere', 0)).toBeNull();
  });

  it('knows which systems have another between them', () => {
    const layout = layoutTopology(CHAIN);
    expect(areNeighbours(layout, 'I', 'P')).toBe(true);
    expect(areNeighbours(layout, 'P', 'R')).toBe(false);
  });

  it('places two systems of one site side by side', () => {
    const { systems } = layoutTopology({
      sites: [{ name: 'remote', systems: ['R', 'J'], hosts: [] }],
      lines: [],
      witness: false,
    });
    expect(boxOf(systems, 'J').x).toBe(boxOf(systems, 'R').x + SIZE.nodeWidth + SIZE.pad);
  });
});
