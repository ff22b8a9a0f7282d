import { describe, expect, it } from 'vitest';
import { ARRANGEMENTS, defaultGroup, findArrangement, transportOfAll } from './arrangement.ts';
import { type ExpectedLoad, expectationOf, HEARTBEAT, SNAPSHOT_INTERVAL_MS } from './expectation.ts';
import { TRANSPORTS, type Transport } from './storage-controller.ts';

const MIB = 1024 * 1024;
const FENCE_MS = 1500;
const LIGHT: ExpectedLoad = { bytesPerSecond: 0, writeBytes: 4096 };

interface Change {
  pullIntervalMs?: number;
  transport?: Transport;
  rate?: Record<string, number>;
}

function bench(id: string, change: Change = {}) {
  const arrangement = findArrangement(id);
  if (!arrangement) throw new Error(`${id} is gone`);
  const definition = defaultGroup('g', arrangement);
  if (change.pullIntervalMs !== undefined) definition.pullIntervalMs = change.pullIntervalMs;
  definition.transport = transportOfAll(arrangement, change.transport ?? 'journal');
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

  it('counts what snapshots cost: the interval, offer and answer, the set, and its travel', () => {
    const sets = (change: Parameters<typeof bench>[1] = {}) =>
      bench('chain-3', { ...change, transport: 'difference-snapshot' });
    expect(sets()().rpoFarthestMs).toBe(SNAPSHOT_INTERVAL_MS + 15);
    // 16 writes per second change 16 tracks of 64 KiB: half a MiB per half second, on a line of 4 MiB/s.
    const load = { bytesPerSecond: 16 * 4096, writeBytes: 4096 };
    expect(sets({ rate: { 'I-R': 4 * MIB } })(load).rpoFarthestMs).toBe(SNAPSHOT_INTERVAL_MS + 15 + 125);
    // Wider than the line, yet never for good: a set has no more tracks than there are.
    const flooded = sets({ rate: { 'I-R': 4 * MIB } })({ bytesPerSecond: 8 * MIB, writeBytes: 4096 });
    expect(flooded.rpoFarthestMs).toBe(20 + 32_000 + 15 + 32_000);
    expect(flooded.rto).not.toBeNull();
  });

  it('the RTO holds the heartbeat’s bound, the fence and three round trips for every hop that is drained', () => {
    expect(bench('chain-3')().rto).toEqual({ lowMs: 3000 + 10 + 30 + 55, highMs: 3000 + 10 + 30 + 55 + 1000 + 1500 });
    const four = bench('chain-4')().rto;
    expect(four?.lowMs).toBe(HEARTBEAT.lostAfterMs + 1 + 33 + 105.5);
  });

  const each = ARRANGEMENTS.flatMap(({ id }) => TRANSPORTS.map((transport) => [id, transport] as const));
  it.each(each)('is finite for %s with %s as it is made by default', (id, transport) => {
    const { behind, rto, rpoMs } = bench(id, { transport })({ bytesPerSecond: MIB, writeBytes: 4096 });
    expect(behind.length).toBeGreaterThan(0);
    expect(behind.every(({ ms }) => ms !== null && ms >= 0)).toBe(true);
    expect(rpoMs).not.toBeNull();
    expect(rto).not.toBeNull();
  });
});
