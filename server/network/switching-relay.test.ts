/** One switching device by itself: the head of each stream, what it is passed on to, and what passes through it. */
import { describe, expect, it } from 'vitest';
import type { ByteStream } from '../domain/ports.ts';
import { WireWorld, watched } from '../simulation/testing/wire-world.ts';
import type { LineConditions } from './channel-types.ts';
import { LineDirection } from './shaped-stream.ts';
import { encodeRoute, parseRoute } from './stream-route.ts';
import { SwitchingDevice } from './switching-device.ts';

const CALM: LineConditions = { delayMs: 0, jitterMs: 0, rateBytesPerSecond: null, loss: 0, cut: false };
const ROUTE_TIMEOUT_MS = 5000;
const MIB = 1024 * 1024;

/** A stream that reached the system behind the device, or the next device, and all it brought. */
interface Reached {
  stream: ByteStream;
  bytes: Buffer;
  closes: (string | null)[];
}

/**
 * P reaches device X; behind X stand its own system I and, along the line, device Y on the way to J. All distances are
 * those of `conditions`.
 */
class Stretch {
  readonly wire: WireWorld;
  readonly device: SwitchingDevice;
  readonly atSystem: Reached[] = [];
  readonly atNext: Reached[] = [];
  readonly dialled: string[] = [];
  readonly directions = new Map<string, LineDirection>();

  constructor(seed: string, conditions: LineConditions = CALM) {
    this.wire = new WireWorld(seed);
    const ports = this.wire.ports('X');
    const network = watched(ports.network, (_stream, address) => this.dialled.push(address));
    for (const neighbour of ['P', 'I', 'Y'])
      this.directions.set(neighbour, new LineDirection(ports.clock, ports.entropy, conditions));
    this.device = new SwitchingDevice({ ...ports, network }, 'X', {
      onward: (recipient) => {
        if (recipient === 'I') return { neighbour: 'I', address: 'I:7000', isLast: true };
        return recipient === 'J' ? { neighbour: 'Y', address: 'Y:7001', isLast: false } : null;
      },
      direction: (neighbour) => this.directions.get(neighbour) ?? null,
    });
  }

  async begin({ nextIsAway = false } = {}): Promise<void> {
    await this.device.listen('X:7001');
    await this.listen('I', 'I:7000', this.atSystem);
    if (!nextIsAway) await this.listen('Y', 'Y:7001', this.atNext);
  }

  private async listen(name: string, address: string, reached: Reached[]): Promise<void> {
    await this.wire.ports(name).network.listen(address, (stream) => {
      const one: Reached = { stream, bytes: Buffer.alloc(0), closes: [] };
      stream.onData = (chunk) => {
        one.bytes = Buffer.concat([one.bytes, chunk]);
      };
      stream.onClose = (reason) => one.closes.push(reason);
      reached.push(one);
    });
  }

  /** A stream of P to the device, with what comes back and how it ends. */
  knock(): Reached {
    const stream = this.wire.ports('P').network.connect('X:7001');
    const one: Reached = { stream, bytes: Buffer.alloc(0), closes: [] };
    stream.onData = (chunk) => {
      one.bytes = Buffer.concat([one.bytes, chunk]);
    };
    stream.onClose = (reason) => one.closes.push(reason);
    return one;
  }
}

async function on(
  seed: string,
  story: (stretch: Stretch) => Promise<void>,
  options: { conditions?: LineConditions; nextIsAway?: boolean } = {},
): Promise<void> {
  const stretch = new Stretch(seed, options.conditions);
  await stretch.wire.run(async () => {
    await stretch.begin(options);
    await story(stretch);
  });
}

const headTo = (to: string): Uint8Array => encodeRoute({ to, by: 'P' });

describe('a switching device', () => {
  it('hands in to its own system what comes after the head, and not the head', () =>
    on('own', async (stretch) => {
      const { wire, atSystem, atNext } = stretch;
      const caller = stretch.knock();
      caller.stream.write(Buffer.concat([headTo('I'), Buffer.from('hello')]));
      await wire.sleep(20);
      expect(atSystem.map(({ bytes }) => bytes.toString())).toEqual(['hello']);
      expect(atNext).toEqual([]);
      atSystem[0]?.stream.write(Buffer.from('answer'));
      await wire.sleep(20);
      expect(caller.bytes.toString()).toBe('answer');
      expect([stretch.device.streams, stretch.device.relayedBytes]).toEqual([1, 'helloanswer'.length]);
    }));

  it('passes on along the line what is for another, under its own name', () =>
    on('other', async (stretch) => {
      const { wire, atSystem, atNext } = stretch;
      const caller = stretch.knock();
      caller.stream.write(Buffer.concat([headTo('J'), Buffer.from('hello')]));
      await wire.sleep(20);
      expect(atSystem).toEqual([]);
      const bytes = atNext[0]?.bytes ?? Buffer.alloc(0);
      const head = parseRoute(bytes);
      if (typeof head === 'string') throw new Error(head);
      expect(head.route).toEqual({ to: 'J', by: 'X' });
      expect(bytes.subarray(head.bytes).toString()).toBe('hello');
    }));

  it('reads the head in whatever pieces it comes', () =>
    on('pieces', async (stretch) => {
      const head = headTo('I');
      for (let cut = 1; cut < head.length; cut += 1) {
        const { stream } = stretch.knock();
        stream.write(head.slice(0, cut));
        await stretch.wire.sleep(5);
        expect(stretch.atSystem).toHaveLength(cut - 1);
        stream.write(Buffer.concat([head.slice(cut), Buffer.from(`cut ${cut}`)]));
        await stretch.wire.sleep(5);
      }
      const expected = Array.from(head.slice(1), (_byte, index) => `cut ${index + 1}`);
      expect(stretch.atSystem.map(({ bytes }) => bytes.toString())).toEqual(expected);
    }));

  it.each<[string, Uint8Array, string]>([
    [
      'names somebody no line leads to',
      encodeRoute({ to: 'Z', by: 'P' }),
      'P sends to Z, where no line of this device leads',
    ],
    [
      'says it comes from nobody next to it',
      encodeRoute({ to: 'I', by: 'Q' }),
      'Q sends to I, where no line of this device leads',
    ],
    ['begins with rubbish', Buffer.from('GET / HTTP/1.1'), 'it names no recipient'],
    ['begins with a frame of no bytes', Buffer.alloc(5), 'it names no recipient'],
    ['begins with a frame that is no head', Buffer.from([3, 0, 0, 0, 1, 123, 125]), 'it names no recipient'],
    [
      'has a head longer than any',
      Buffer.concat([Buffer.from([0, 2, 0, 0, 1]), Buffer.alloc(507, 32)]),
      'it names no recipient',
    ],
  ])('drops a stream that %s, says why, and dials nobody', (_what, bytes, reason) =>
    on('refused', async (stretch) => {
      const caller = stretch.knock();
      caller.stream.write(bytes);
      await stretch.wire.sleep(20);
      expect(caller.closes).toHaveLength(1);
      expect(stretch.wire.warnings).toEqual([`X: stream refused: ${reason}`]);
      expect([stretch.dialled, stretch.device.streams]).toEqual([[], 0]);
    }),
  );

  it('drops a stream that does not say in time who it is for, however slowly it speaks', () =>
    on('mute', async (stretch) => {
      const { wire } = stretch;
      const mute = stretch.knock();
      const slow = stretch.knock();
      const endMs = wire.nowMs + ROUTE_TIMEOUT_MS;
      for (const byte of headTo('I')) {
        if (slow.closes.length > 0) break;
        slow.stream.write(Uint8Array.of(byte));
        await wire.sleep(ROUTE_TIMEOUT_MS / 20);
        if (wire.nowMs < endMs) expect([mute.closes, slow.closes]).toEqual([[], []]);
      }
      expect([mute.closes.length, slow.closes.length]).toEqual([1, 1]);
    }));

  it('keeps no more than 64 streams waiting for their heads, and has room again when they are gone', () =>
    on('crowd', async (stretch) => {
      const { wire, atSystem } = stretch;
      const crowd = Array.from({ length: 64 }, () => stretch.knock());
      await wire.sleep(20);
      const refused = stretch.knock();
      refused.stream.write(headTo('I'));
      await wire.sleep(20);
      expect([refused.closes.length, atSystem.length]).toEqual([1, 0]);
      crowd[0]?.stream.destroy();
      crowd[1]?.stream.write(headTo('I'));
      await wire.sleep(20);
      const again = [stretch.knock(), stretch.knock()];
      for (const { stream } of again) stream.write(headTo('I'));
      await wire.sleep(20);
      expect(again.map(({ closes }) => closes.length)).toEqual([0, 0]);
      expect(atSystem).toHaveLength(3);
    }));

  it('ends the stream of a caller whose recipient’s device is away, and serves the next one', () =>
    on(
      'away',
      async (stretch) => {
        const { wire, atSystem } = stretch;
        const caller = stretch.knock();
        caller.stream.write(Buffer.concat([headTo('J'), Buffer.from('hello')]));
        await wire.sleep(20);
        expect([caller.closes.length, stretch.device.streams]).toEqual([1, 0]);
        stretch.knock().stream.write(headTo('I'));
        await wire.sleep(20);
        expect(atSystem).toHaveLength(1);
      },
      { nextIsAway: true },
    ));

  it.each<[string, (caller: Reached, reached: Reached) => void]>([
    ['the caller', (caller) => caller.stream.destroy()],
    ['the recipient', (_caller, reached) => reached.stream.destroy()],
    ['the caller, in good order', (caller) => caller.stream.end()],
  ])('ends both halves when %s goes, and forgets them', (_who, leave) =>
    on('gone', async (stretch) => {
      const { wire, atSystem } = stretch;
      const caller = stretch.knock();
      caller.stream.write(headTo('I'));
      await wire.sleep(20);
      const [reached] = atSystem;
      if (!reached) throw new Error('nobody was reached');
      leave(caller, reached);
      await wire.sleep(20);
      expect([caller.closes.length, reached.closes.length, stretch.device.streams]).toEqual([1, 1, 0]);
    }),
  );

  it('drops everything that passes through it when it closes', () =>
    on('close', async (stretch) => {
      const callers = [stretch.knock(), stretch.knock()];
      callers[0]?.stream.write(headTo('I'));
      callers[1]?.stream.write(headTo('J'));
      await stretch.wire.sleep(20);
      stretch.device.close();
      await stretch.wire.sleep(20);
      expect(callers.map(({ closes }) => closes.length)).toEqual([1, 1]);
      expect(stretch.device.streams).toBe(0);
      const late = stretch.knock();
      await stretch.wire.sleep(20);
      expect(late.closes).toEqual(['connection refused']);
    }));

  it.each<[string, LineConditions]>([
    ['without any distance', CALM],
    ['over a distance', { ...CALM, delayMs: 2, jitterMs: 1 }],
  ])('takes no more than the recipient does, and loses nothing of it, %s', (_what, conditions) =>
    on(
      'pressure',
      async (stretch) => {
        const { wire, atSystem } = stretch;
        const caller = stretch.knock();
        caller.stream.write(headTo('I'));
        await wire.sleep(20);
        const [reached] = atSystem;
        if (!reached) throw new Error('nobody was reached');
        reached.stream.pause();
        let received = 0;
        reached.stream.onData = (chunk) => {
          received += chunk.length;
        };
        const pieces = 256;
        for (let piece = 0; piece < pieces; piece += 1) caller.stream.write(new Uint8Array(MIB / 16));
        await wire.sleep(500);
        // Two windows of the network, and what a line may hold.
        expect(stretch.device.relayedBytes).toBeLessThan(6 * MIB);
        expect(stretch.device.relayedBytes).toBeGreaterThan(MIB / 8);
        reached.stream.resume();
        await wire.sleep(500);
        expect(received).toBe((pieces * MIB) / 16);
      },
      { conditions },
    ),
  );

  it('gives each direction the distance of its own stretch', () =>
    on('distances', async (stretch) => {
      const { wire, atSystem } = stretch;
      stretch.directions.get('I')?.set({ ...CALM, delayMs: 30 });
      stretch.directions.get('P')?.set({ ...CALM, delayMs: 70 });
      const caller = stretch.knock();
      caller.stream.write(Buffer.concat([headTo('I'), Buffer.from('x')]));
      const begunMs = wire.nowMs;
      await wire.until(() => (atSystem[0]?.bytes.length ?? 0) > 0, 500);
      expect(wire.nowMs - begunMs).toBeGreaterThanOrEqual(30);
      expect(wire.nowMs - begunMs).toBeLessThan(35);
      const backMs = wire.nowMs;
      atSystem[0]?.stream.write(Buffer.from('y'));
      await wire.until(() => caller.bytes.length > 0, 500);
      expect(wire.nowMs - backMs).toBeGreaterThanOrEqual(70);
      expect(wire.nowMs - backMs).toBeLessThan(75);
    }));
});
