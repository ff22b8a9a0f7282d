import { describe, expect, it } from 'vitest';
import type { FleetRow } from '../../server/api/views.ts';
import { normalStatus, rowOf } from '../testing/group-fixture.ts';
import { holdOrder, matches, orderFleet, wouldMove } from './derive.ts';

const AT = 1_700_000_000_000;
const row = (group: string, change: Partial<FleetRow> = {}): FleetRow => ({
  ...rowOf(normalStatus(AT)),
  group,
  ...change,
});
const names = (rows: readonly FleetRow[]) => rows.map((each) => each.group);

describe('order of the fleet', () => {
  it('puts exceptions first, then groups being worked on, then names', () => {
    const activeRun = { run: 'r', routine: 'failover', step: 'S230', status: 'running' };
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
