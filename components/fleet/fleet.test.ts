import { describe, expect, it } from 'vitest';
import type { FleetRow } from '../../server/api/views.ts';
import { ARRANGEMENTS, defaultGroup, findArrangement } from '../../server/domain/arrangement.ts';
import { normalStatus, rowOf } from '../testing/group-fixture.ts';
import { holdOrder, matches, orderFleet, wouldMove } from './derive.ts';
import { DEFAULT_VALUES, forecastOf, inputOf, linesFor } from './group-form.ts';
import { sketchOf } from './sketch.ts';

const AT = 1_700_000_000_000;
const CHAIN_3 = findArrangement('chain-3');
if (!CHAIN_3) throw new Error('chain-3 is gone');
const DEFAULTS = defaultGroup('forecast', CHAIN_3);
const row = (group: string, change: Partial<FleetRow> = {}): FleetRow => ({
  ...rowOf(normalStatus(AT)),
  group,
  ...change,
});
const names = (rows: readonly FleetRow[]) => rows.map((each) => each.group);

describe('order of the fleet', () => {
  it('puts exceptions first, then groups being worked on, then names', () => {
    const activeRun = { run: 'r', routine: 'failover', step: 'S230', status: 'running', changing: true };
    const rows = [
      row('b'),
      row('a'),
      row('busy', { activeRun }),
      row('minor', { severity: 'minor' }),
      row('bad', { severity: 'critical' }),
    ];
    expect(names(orderFleet(rows))).toEqual(['bad', 'minor', 'busy', 'a', 'b']);
  });

  it('is held while somebody reads, and says how many rows would move', () => {
    const held = ['a', 'b', 'c'];
    const now = [row('a'), row('b'), row('c', { severity: 'critical' }), row('new')];
    const shown = holdOrder(now, held);
    expect(names(shown)).toEqual(['a', 'b', 'c', 'new']);
    expect(wouldMove(shown, orderFleet(now))).toBe(3);
    expect(names(holdOrder([row('a'), row('c')], held))).toEqual(['a', 'c']);
  });
});

describe('search of the fleet', () => {
  it('finds every word anywhere in what a row shows, in any case', () => {
    expect(matches(row('demo'), 'DEMO duplex')).toBe(true);
    expect(matches(row('demo'), 'chain-3 normal')).toBe(true);
    expect(matches(row('demo'), 'demo suspend')).toBe(false);
    expect(matches(row('demo'), '  ')).toBe(true);
  });
});

describe('choosing an arrangement', () => {
  it('asks for the lines it has, keeping what was typed', () => {
    const direct = findArrangement('chain-3-direct');
    const typed = { km: 42, paths: 1, rateMib: '10' };
    expect(linesFor(direct, { 'P-I': typed, 'I-J': { ...typed, km: 7 } })).toEqual({
      'P-I': typed,
      'I-R': { km: 1000, paths: 2, rateMib: '' },
      'P-R': { km: 1100, paths: 2, rateMib: '' },
    });
    expect(linesFor(null, { 'P-I': typed })).toEqual({});
  });

  it('asks the server for what was typed, and for no line of another arrangement', () => {
    const lines = { ...DEFAULT_VALUES.lines, 'P-I': { km: 10, paths: 1, rateMib: '2.5' } };
    expect(inputOf({ ...DEFAULT_VALUES, name: 'g', arrangement: 'chain-4', lines })).toMatchObject({
      km: { 'P-I': 10, 'I-J': 1000, 'J-R': 100 },
      paths: { 'P-I': 1, 'I-J': 2, 'J-R': 2 },
      rateBytesPerSecond: { 'P-I': 2.5 * 1024 * 1024, 'I-J': null, 'J-R': null },
    });
  });

  it('forecasts older data where pairs carry difference snapshots', () => {
    const journal = forecastOf(DEFAULT_VALUES, DEFAULTS)?.rpoFarthestMs ?? 0;
    const sets = forecastOf({ ...DEFAULT_VALUES, transport: 'difference-snapshot' }, DEFAULTS)?.rpoFarthestMs ?? 0;
    expect(sets).toBeGreaterThan(journal + 400);
  });

  it('forecasts while the form is filled in, and not from what is no number', () => {
    expect(forecastOf(DEFAULT_VALUES, DEFAULTS)?.rpoFarthestMs).toBeGreaterThan(55);
    const lines = { ...DEFAULT_VALUES.lines, 'P-I': { km: Number.NaN, paths: 1, rateMib: '' } };
    expect(forecastOf({ ...DEFAULT_VALUES, lines }, DEFAULTS)).toBeNull();
  });

  it.each(ARRANGEMENTS.map((arrangement) => arrangement.id))('draws %s in both operations, all of it in view', (id) => {
    const arrangement = findArrangement(id);
    if (!arrangement) throw new Error('not found');
    const drawings = [arrangement.normal, arrangement.reverse].map((operation) => sketchOf(arrangement, operation));
    expect(drawings[0]?.height).toBe(drawings[1]?.height);
    for (const [index, drawing] of drawings.entries()) {
      const operation = index === 0 ? arrangement.normal : arrangement.reverse;
      expect(drawing.pairs.map((each) => each.pair)).toEqual(operation.pairs);
      expect(drawing.systems.filter((system) => system.holder).map((system) => system.name)).toEqual([
        operation.holder,
      ]);
      const ys = drawing.pairs.flatMap((each) => [each.from.y, each.to.y, each.arc?.low ?? 0]);
      for (const y of ys) expect(y).toBeLessThan(drawing.height);
    }
  });

  it('leads what passes a system over below it, and shows who is left out', () => {
    const bypass = findArrangement('chain-4-bypass');
    if (!bypass) throw new Error('not found');
    const drawing = sketchOf(bypass, bypass.normal);
    expect(drawing.pairs.map((each) => each.arc !== null)).toEqual([false, true]);
    expect(drawing.systems.filter((system) => !system.used).map((system) => system.name)).toEqual(['J']);
    expect(drawing.switches.map((device) => device.name)).toEqual(['switch-I', 'switch-J']);
  });
});
