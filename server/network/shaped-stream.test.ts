/** What a line does to the bytes that leave one end of it: time, order, loss, and the hole a cut leaves. */
import { describe, expect, it } from 'vitest';
import type { ByteStream } from '../domain/ports.ts';
import { WireWorld } from '../simulation/testing/wire-world.ts';
import type { LineConditions } from './channel-types.ts';
import { LineDirection } from './shaped-stream.ts';

const CALM: LineConditions = { delayMs: 0, jitterMs: 0, rateBytesPerSecond: null, loss: 0, cut: false };
const MIB = 1024 * 1024;

/** Streams from P to I whose only distance is the direction under test. */
async function line(seed: string, change: Partial<LineConditions>, count = 1) {
  const wire = new WireWorld(seed);
  const { clock, entropy } = wire.ports('P');
  wire.ports('I');
  wire.distance('P', 'I', 0);
  const direction = new LineDirection(clock, entropy, { ...CALM, ...change });
  const begin = async () => {
    const paths = await Promise.all(Array.from({ length: count }, () => wire.streams('P', 'I')));
    return paths.map(({ near, far }) => {
      const path = { stream: direction.wrap(near), far, heard: arrivals(wire, far), closes: closesOf(far) };
      return { ...path, nearCloses: closesOf(path.stream) };
    });
  };
  return { wire, direction, begin };
}

interface Arrivals {
  bytes: number[];
  /** Instant at which each byte came. */
  atMs: number[];
  count: number;
}

function arrivals(wire: WireWorld, stream: ByteStream): Arrivals {
  const heard: Arrivals = { bytes: [], atMs: [], count: 0 };
  stream.onData = (chunk) => {
    heard.count += chunk.length;
    if (chunk.length > 64) return;
    for (const byte of chunk) {
      heard.bytes.push(byte);
      heard.atMs.push(wire.nowMs);
    }
  };
  return heard;
}

function closesOf(stream: ByteStream): (string | null)[] {
  const closes: (string | null)[] = [];
  stream.onClose = (reason) => closes.push(reason);
  return closes;
}

/** Runs `story` on `count` paths of a line under `change`. */
async function on(
  seed: string,
  change: Partial<LineConditions>,
  story: (parts: {
    wire: WireWorld;
    direction: LineDirection;
    paths: Awaited<ReturnType<Awaited<ReturnType<typeof line>>['begin']>>;
    path: Awaited<ReturnType<Awaited<ReturnType<typeof line>>['begin']>>[number];
  }) => Promise<void>,
  count = 1,
): Promise<void> {
  const { wire, direction, begin } = await line(seed, change, count);
  await wire.run(async () => {
    const paths = await begin();
    const [path] = paths;
    if (!path) throw new Error('no path');
    await story({ wire, direction, paths, path });
  });
}

const send = (stream: ByteStream, ...bytes: number[]): void => {
  for (const byte of bytes) stream.write(Uint8Array.of(byte));
};

describe('the distance of a line', () => {
  it('holds every byte back for the delay, and only that of this direction', () =>
    on('delay', { delayMs: 25 }, async ({ wire, path }) => {
      const back = arrivals(wire, path.stream);
      const begunMs = wire.nowMs;
      send(path.stream, 1);
      send(path.far, 2);
      await wire.sleep(10);
      send(path.stream, 3);
      await wire.sleep(50);
      expect(path.heard.bytes).toEqual([1, 3]);
      expect(path.heard.atMs[0]).toBeCloseTo(begunMs + 25, 2);
      expect(path.heard.atMs[1]).toBeCloseTo(begunMs + 35, 2);
      expect(back.atMs[0]).toBeCloseTo(begunMs, 2);
    }));

  it('is nothing where there is none: bytes leave in the turn they are written', () =>
    on('none', {}, async ({ wire, path }) => {
      send(path.stream, 1);
      expect(path.stream.queuedBytes).toBe(0);
      await wire.sleep(1);
      expect(path.heard.bytes).toEqual([1]);
    }));

  it('lets nothing overtake within one stream, whatever the jitter, and lets streams overtake each other', () =>
    on(
      'jitter',
      { delayMs: 5, jitterMs: 20 },
      async ({ wire, paths }) => {
        const order: number[] = [];
        for (const { far } of paths) far.onData = (chunk) => order.push(...chunk);
        const sent = Array.from({ length: 120 }, (_, index) => index);
        for (const byte of sent) {
          const path = paths[byte % paths.length];
          if (path) send(path.stream, byte);
          await wire.sleep(1);
        }
        await wire.sleep(100);
        expect(order).not.toEqual(sent);
        expect([...order].sort((a, b) => a - b)).toEqual(sent);
        for (let path = 0; path < paths.length; path += 1) {
          const own = order.filter((byte) => byte % paths.length === path);
          expect(own).toEqual([...own].sort((a, b) => a - b));
        }
      },
      4,
    ));

  it('keeps what is on its way in order when the line becomes shorter', () =>
    on('shorter', { delayMs: 50 }, async ({ wire, direction, path }) => {
      send(path.stream, 1);
      direction.set(CALM);
      send(path.stream, 2);
      await wire.sleep(49);
      expect(path.heard.bytes).toEqual([]);
      await wire.sleep(2);
      expect(path.heard.bytes).toEqual([1, 2]);
    }));
});

describe('the bandwidth of a line', () => {
  it('is shared by its paths: together they are no faster than one', () =>
    on(
      'rate',
      { rateBytesPerSecond: 1000 },
      async ({ wire, paths }) => {
        const begunMs = wire.nowMs;
        for (const { stream } of paths) stream.write(new Uint8Array(50));
        await wire.sleep(1000);
        const ends = paths.map(({ heard }) => (heard.atMs.at(-1) ?? 0) - begunMs).sort((a, b) => a - b);
        expect(ends.map(Math.round)).toEqual([50, 100, 150]);
      },
      3,
    ));

  it('is not saved up while nothing is sent', () =>
    on('idle-rate', { rateBytesPerSecond: 1000 }, async ({ wire, path }) => {
      await wire.sleep(10_000);
      const begunMs = wire.nowMs;
      path.stream.write(new Uint8Array(60));
      await wire.sleep(500);
      expect((path.heard.atMs.at(-1) ?? 0) - begunMs).toBeCloseTo(60, 1);
    }));
});

describe('loss on a line', () => {
  it('costs time and no byte: what is lost comes one time-out later, and what follows waits for it', () =>
    on('loss', { delayMs: 10, loss: 0.3 }, async ({ wire, path }) => {
      const delays: number[] = [];
      for (let byte = 0; byte < 200; byte += 1) {
        const sentMs = wire.nowMs;
        send(path.stream, byte);
        await wire.sleep(500);
        delays.push(Math.round((path.heard.atMs[byte] ?? Number.NaN) - sentMs));
      }
      expect(path.heard.bytes).toEqual(Array.from({ length: 200 }, (_, byte) => byte));
      // Once, or sent again after two round trips, once or more.
      expect(delays.every((delayMs) => (delayMs - 10) % 40 === 0)).toBe(true);
      const lost = delays.filter((delayMs) => delayMs > 10).length;
      expect(lost).toBeGreaterThan(30);
      expect(lost).toBeLessThan(90);
      send(path.stream, ...Array.from({ length: 50 }, (_, byte) => byte));
      await wire.sleep(2000);
      expect(path.heard.bytes.slice(200)).toEqual(Array.from({ length: 50 }, (_, byte) => byte));
    }));

  it('of everything still lets the bytes through some day', () =>
    on('total-loss', { loss: 1 }, async ({ wire, path }) => {
      send(path.stream, 1, 2, 3);
      await wire.sleep(10_000);
      expect(path.heard.bytes).toEqual([1, 2, 3]);
    }));
});

describe('a cut of a line', () => {
  it('swallows what is sent and what is on its way, in silence; the healing drops the stream, which has a hole', () =>
    on('cut', { delayMs: 20 }, async ({ wire, direction, path }) => {
      send(path.stream, 1);
      await wire.sleep(30);
      send(path.stream, 2);
      await wire.sleep(10);
      direction.set({ ...CALM, delayMs: 20, cut: true });
      send(path.stream, 3);
      await wire.sleep(5000);
      expect(path.heard.bytes).toEqual([1]);
      expect([path.closes, path.nearCloses]).toEqual([[], []]);
      expect(path.stream.queuedBytes).toBe(0);
      direction.set({ ...CALM, delayMs: 20 });
      send(path.stream, 4);
      await wire.sleep(100);
      expect(path.heard.bytes).toEqual([1]);
      expect([path.closes.length, path.nearCloses.length]).toEqual([1, 1]);
    }));

  it('that swallowed nothing leaves the stream alone', () =>
    on('blip', { delayMs: 20 }, async ({ wire, direction, path }) => {
      send(path.stream, 1);
      direction.set({ ...CALM, delayMs: 20, cut: true });
      await wire.sleep(10);
      direction.set({ ...CALM, delayMs: 20 });
      send(path.stream, 2);
      await wire.sleep(100);
      expect(path.heard.bytes).toEqual([1, 2]);
      expect(path.closes).toEqual([]);
    }));

  it('drops those of its paths that lost something, and no other', () =>
    on(
      'paths',
      {},
      async ({ wire, direction, paths }) => {
        direction.set({ ...CALM, cut: true });
        paths[1]?.stream.write(Uint8Array.of(9));
        await wire.sleep(10);
        direction.set(CALM);
        await wire.sleep(10);
        expect(paths.map(({ closes }) => closes.length)).toEqual([0, 1, 0]);
      },
      3,
    ));

  it('of one direction leaves the other one whole', () =>
    on('one-way', {}, async ({ wire, direction, path }) => {
      const back = arrivals(wire, path.stream);
      direction.set({ ...CALM, cut: true });
      send(path.stream, 1);
      send(path.far, 2);
      await wire.sleep(10);
      expect([path.heard.bytes, back.bytes]).toEqual([[], [2]]);
    }));

  it('is not asked to heal streams that are gone', () =>
    on('gone', {}, async ({ wire, direction, path }) => {
      direction.set({ ...CALM, cut: true });
      send(path.stream, 1);
      path.stream.destroy();
      await wire.sleep(10);
      expect(path.nearCloses).toHaveLength(1);
      direction.set(CALM);
      await wire.sleep(10);
      expect(path.nearCloses).toHaveLength(1);
    }));
});

describe('a stream with a distance asks its writer to wait', () => {
  const piece = () => new Uint8Array(64 * 1024);

  /** Writes until told to wait; how much that was. */
  function fill(stream: ByteStream): number {
    let bytes = 0;
    while (stream.write(piece())) {
      bytes += piece().length;
      if (bytes > 64 * MIB) throw new Error('it never asked to wait');
    }
    return bytes;
  }

  it('once four MiB are on the way, and to go on when half of them are left', () =>
    on('high-water', { rateBytesPerSecond: MIB }, async ({ wire, path }) => {
      const drains: number[] = [];
      path.stream.onDrain = () => drains.push(path.stream.queuedBytes);
      expect(fill(path.stream)).toBe(4 * MIB);
      await wire.sleep(1500);
      expect(drains).toEqual([]);
      await wire.sleep(1000);
      expect(drains).toHaveLength(1);
      expect(drains[0]).toBeLessThanOrEqual(2 * MIB);
      expect(path.heard.count).toBeGreaterThanOrEqual(2 * MIB);
    }));

  it('and tells so even if a small piece was taken meanwhile', () =>
    on('small-piece', { rateBytesPerSecond: MIB }, async ({ wire, path }) => {
      let drains = 0;
      path.stream.onDrain = () => {
        drains += 1;
      };
      fill(path.stream);
      await wire.sleep(500);
      expect(path.stream.write(Uint8Array.of(1))).toBe(true);
      await wire.sleep(5000);
      expect(drains).toBe(1);
    }));

  it('where the receiver takes nothing, though the line has long brought it all', () =>
    on('slow-receiver', { delayMs: 1 }, async ({ wire, path }) => {
      let drains = 0;
      path.stream.onDrain = () => {
        drains += 1;
      };
      path.far.pause();
      let bytes = 0;
      while (path.stream.write(piece())) {
        bytes += piece().length;
        if (bytes > 64 * MIB) throw new Error('it never asked to wait');
        await wire.sleep(2);
      }
      expect(bytes).toBeLessThan(6 * MIB);
      await wire.sleep(1000);
      expect(drains).toBe(0);
      path.far.resume();
      await wire.sleep(100);
      expect(drains).toBe(1);
      expect(path.heard.count).toBe(bytes + piece().length);
    }));

  it('and to go on when a cut has swallowed what it waited for', () =>
    on('swallowed', { rateBytesPerSecond: MIB }, async ({ wire, direction, path }) => {
      let drains = 0;
      path.stream.onDrain = () => {
        drains += 1;
      };
      fill(path.stream);
      direction.set({ ...CALM, cut: true });
      await wire.sleep(10_000);
      expect(drains).toBe(1);
    }));
});

describe('the end of a stream with a distance', () => {
  it('comes after everything that is still held', () =>
    on('end', { delayMs: 30 }, async ({ wire, path }) => {
      send(path.stream, 1, 2);
      path.stream.end();
      await wire.sleep(29);
      expect(path.closes).toEqual([]);
      await wire.sleep(10);
      expect(path.heard.bytes).toEqual([1, 2]);
      expect(path.closes).toEqual([null]);
      expect(path.nearCloses).toEqual([null]);
    }));

  it('does not cross a cut, though no byte was lost before it', () =>
    on('end-cut-only', {}, async ({ wire, direction, path }) => {
      direction.set({ ...CALM, cut: true });
      path.stream.end();
      await wire.sleep(5000);
      expect(path.closes).toEqual([]);
      direction.set(CALM);
      await wire.sleep(10);
      expect(path.closes).toHaveLength(1);
    }));

  it('is swallowed by a cut like the bytes before it', () =>
    on('end-cut', { delayMs: 30 }, async ({ wire, direction, path }) => {
      send(path.stream, 1);
      path.stream.end();
      direction.set({ ...CALM, cut: true });
      await wire.sleep(5000);
      expect(path.heard.bytes).toEqual([]);
      expect(path.closes).toEqual([]);
    }));

  it('by destroying it drops what is held, and nothing of it arrives', () =>
    on('destroy', { delayMs: 30 }, async ({ wire, path }) => {
      send(path.stream, 1);
      path.stream.destroy();
      await wire.sleep(100);
      expect(path.heard.bytes).toEqual([]);
      expect(path.nearCloses).toHaveLength(1);
      expect(path.closes).toHaveLength(1);
      expect(path.stream.write(Uint8Array.of(2))).toBe(false);
    }));
});
