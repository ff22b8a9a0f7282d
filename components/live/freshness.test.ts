import { describe, expect, it } from 'vitest';
import { STALENESS_BOUND_MS } from '../../server/domain/status-facts.ts';
import { normalStatus, pairFixture, rowOf, systemFixture } from '../testing/group-fixture.ts';
import { ageFleetRow, ageStatus } from './freshness.ts';

const AT = 1_700_000_000_000;

describe('ageing without updates', () => {
  it('leaves what is within its bound as it is', () => {
    expect(ageStatus(normalStatus(AT), AT + 1000)).toEqual(normalStatus(AT));
  });

  it('turns each value unknown at its own bound, not all at once', () => {
    const status = {
      ...normalStatus(AT),
      pairs: [pairFixture('P-I', AT, { observedAt: AT - 4000 }), pairFixture('I-R', AT, { observedAt: AT })],
      systems: [systemFixture('P', AT, { observedAt: AT - 4000 }), systemFixture('I', AT, { observedAt: AT })],
    };
    const aged = ageStatus(status, AT + 2000);
    expect(aged.pairs.map((pair) => pair.state)).toEqual(['unknown', 'duplex']);
    expect(aged.systems.map((system) => system.up)).toEqual([null, true]);
  });

  it('shows no last value as a current one, and says what was known last', () => {
    const aged = ageStatus(normalStatus(AT), AT + STALENESS_BOUND_MS + 2000);
    for (const pair of aged.pairs) {
      expect(pair).toMatchObject({
        state: 'unknown',
        stateAtSource: 'unknown',
        stateAtDestination: 'unknown',
        lag: null,
      });
      expect(pair).toMatchObject({ givenNumber: null, appliedNumber: null, journal: null, rateBytesPerSecond: null });
      expect(pair.lastKnown).toEqual({ state: 'duplex', at: AT - 800 });
    }
    for (const system of aged.systems) expect(system).toMatchObject({ up: null, hostWrites: null, journal: null });
    for (const host of aged.hosts) expect(host).toMatchObject({ up: null, work: null });
    expect(aged).toMatchObject({ operation: 'unknown', holder: null, generation: null, rpo: { nowMs: null } });
    expect(aged.witness).toMatchObject({ up: null, register: null });
    expect(aged.exposure.survivors).toEqual([]);
  });

  it('keeps the last known state of a pair that was unknown already', () => {
    const lastKnown = { state: 'suspend', at: AT - 90_000 } as const;
    const status = { ...normalStatus(AT), pairs: [pairFixture('P-I', AT, { state: 'unknown', lastKnown })] };
    expect(ageStatus(status, AT + 60_000).pairs[0]?.lastKnown).toEqual(lastKnown);
  });

  it('ages a row of the fleet in the same way', () => {
    const row = rowOf(normalStatus(AT));
    expect(ageFleetRow(row, AT + 1000)).toBe(row);
    const aged = ageFleetRow(row, AT + 60_000);
    expect(aged).toMatchObject({ operation: 'unknown', rpo: { nowMs: null }, worstHop: { state: 'unknown' } });
    expect(aged.pairs.every((pair) => pair.state === 'unknown')).toBe(true);
  });
});
