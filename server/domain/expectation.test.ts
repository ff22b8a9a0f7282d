import { describe, expect, it } from 'vitest';
import { ARRANGEMENTS, defaultGroup, findArrangement } from './arrangement.ts';
import { type ExpectedLoad, expectationOf, HEARTBEAT } from './expectation.ts';

const MIB = 1024 * 1024;
const FENCE_MS = 1500;
const LIGHT: ExpectedLoad = { bytesPerSecond: 0, writeBytes: 4096 };

function bench(id: string, change: Partial<{ pullIntervalMs: number; rate: Record<string, number> }> = {}) {
  const arrangement = findArrangement(id);
  if (!arrangement) throw new Error(`${id} is gone`);
  const definition = defaultGroup('g', arrangement);
  if (change.pullIntervalMs !== undefined) definition.pullIntervalMs = change.pullIntervalMs;
  for (const [name, rate] of Object.entries(change.rate ?? {})) {
    const line = definition.lines[name];
    if (!line) throw new Error(name);
    line.rateBytesPerSecond = rate;
  }
  return (load: ExpectedLoad = LIGHT) => expectationOf(arrangement, definition, load, FENCE_MS);
}

describe('expectationOf', () => {
  it('counts delay from distance: a round trip per sync write, pull and travel for the async hop', () => {
    const expected = bench('chain-3')();
    expect(expected.addedWriteMs).toBe(1);
    // Pulled every 50 ms over 5 ms.
    expect(expected.behind).toEqual([
      { system: 'I', ms: 0 },
      { system: 'R', ms: 55 },
    ]);
    expect(expected).toMatchObject({ rpoMs: 0, rpoFarthestMs: 55, journalFullInMs: null });
  });

  it('counts the way over all lines between two systems, and adds hop to hop', () => {
    expect(bench('chain-4-bypass')().behind).toEqual([
      { system: 'I', ms: 0 },
      { system: 'R', ms: 50 + 5.5 },
    ]);
    expect(bench('chain-4')().behind).toEqual([
      { system: 'I', ms: 0 },
      { system: 'J', ms: 55 },
      { system: 'R', ms: 55 + 50.5 },
    ]);
  });

  it('a pull cannot come round faster than the line lets it', () => {
    expect(bench('chain-3', { pullIntervalMs: 2 })().rpoFarthestMs).toBe(15);
  });

  it('what is written meanwhile takes its time on a narrow line, and a sync write with it', () => {
    const expected = bench('chain-3', { rate: { 'P-I': 4_096_000, 'I-R': 2 * MIB } });
    expect(expected().addedWriteMs).toBe(2);
    expect(expected({ bytesPerSecond: MIB, writeBytes: 4096 }).rpoFarthestMs).toBe(50 + 25 + 5);
  });

  it('says that a line is too narrow, and when its journal is full', () => {
    const expected = bench('chain-4', { rate: { 'J-R': MIB } })({ bytesPerSecond: 3 * MIB, writeBytes: 4096 });
    expect(expected.behind.at(-1)).toEqual({ system: 'R', ms: null });
    expect(expected).toMatchObject({ rpoMs: 0, rpoFarthestMs: null, rto: null, journalFullInMs: 64_000 });
  });

  it('the RTO holds the heartbeat’s bound, the fence and three round trips for every hop that is drained', () => {
    expect(bench('chain-3')().rto).toEqual({ lowMs: 3000 + 10 + 30 + 55, highMs: 3000 + 10 + 30 + 55 + 1000 + 1500 });
    const four = bench('chain-4')().rto;
    expect(four?.lowMs).toBe(HEARTBEAT.lostAfterMs + 1 + 33 + 105.5);
  });

  it.each(ARRANGEMENTS.map(({ id }) => id))('is finite for %s as it is made by default', (id) => {
    const { behind, rto, rpoMs } = bench(id)({ bytesPerSecond: MIB, writeBytes: 4096 });
    expect(behind.length).toBeGreaterThan(0);
    expect(behind.every(({ ms }) => ms !== null && ms >= 0)).toBe(true);
    expect(rpoMs).not.toBeNull();
    expect(rto).not.toBeNull();
  });
});
