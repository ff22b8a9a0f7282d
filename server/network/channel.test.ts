/** Open channels: calls and their ends, malformed data of a proven peer, and how silence is told from idleness. */
import { describe, expect, it } from 'vitest';
import { RefusedError, refuse } from '../domain/refusal.ts';
import { SIM_TIMING } from '../simulation/node.ts';
import { frame, message, tagsOf, type WireEnd, WireWorld } from '../simulation/testing/wire-world.ts';
import { MAX_FRAME_BYTES } from './channel.ts';
import { FRAME_BINARY, FRAME_JSON, frameHeader } from './frame-reader.ts';
import { LineDirection } from './shaped-stream.ts';

const { keepaliveMs, silenceMs } = SIM_TIMING;

/** Code of the refusal `answer` was rejected with, or what it resolved to. */
const outcomeOf = (answer: Promise<unknown>): Promise<unknown> =>
  answer.catch((error: unknown) => (error instanceof RefusedError ? error.refusal.code : String(error)));

const pings = (end: WireEnd): number => tagsOf(end.written).filter((tag) => tag === 'ping').length;

/** Answers a call `wait:<ms>` after that time with its parameters. */
const waiting = (wire: WireWorld) => async (method: string, params: unknown) => {
  await wire.sleep(Number(method.split(':')[1]));
  return params;
};

describe('a call', () => {
  it('brings each caller its own answer, in whatever order they come, in both directions at once', async () => {
    const wire = new WireWorld('calls');
    await wire.run(async () => {
      const handle = waiting(wire);
      const { dialer, acceptor } = await wire.opened({ P: { handle }, I: { handle } });
      const calls = [30, 10, 20, 0].flatMap((ms) => [
        dialer.channel.call(`wait:${ms}`, { from: 'P', ms }, 500),
        acceptor.channel.call(`wait:${ms}`, { from: 'I', ms }, 500),
      ]);
      const expected = [30, 10, 20, 0].flatMap((ms) => [
        { from: 'P', ms },
        { from: 'I', ms },
      ]);
      expect(await Promise.all(calls)).toEqual(expected);
    });
  });

  it('tells the handler who calls, and carries its refusal back whole', async () => {
    const wire = new WireWorld('refusal');
    await wire.run(async () => {
      const { dialer } = await wire.opened({
        I: {
          handle: async (method, _params, from) => {
            if (method === 'break') throw new Error('a defect');
            throw refuse('wrong-state', `${from.peer.name} may not`, 'Wait.');
          },
        },
      });
      const refused = await dialer.channel.call('ask', null, 100).catch((error: unknown) => error);
      expect(refused instanceof RefusedError && refused.refusal).toEqual({
        code: 'wrong-state',
        message: 'P may not',
        cure: 'Wait.',
      });
      expect(await outcomeOf(dialer.channel.call('break', null, 100))).toBe('internal');
      expect(dialer.channel.open).toBe(true);
    });
  });

  it('is given up after its own time-out, and an answer that comes later is nobody’s', async () => {
    const wire = new WireWorld('late');
    await wire.run(async () => {
      const { dialer } = await wire.opened({ I: { handle: waiting(wire) } });
      const begunMs = wire.nowMs;
      const late = outcomeOf(dialer.channel.call('wait:60', 'late', 50));
      const next = outcomeOf(dialer.channel.call('wait:70', 'next', 100));
      expect(await late).toBe('timeout');
      expect(wire.nowMs - begunMs).toBeCloseTo(50, 6);
      expect(await next).toBe('next');
      expect(dialer.channel.open).toBe(true);
    });
  });

  it('on a channel that is not open yet, or not any more, is refused as unreachable and sends nothing', async () => {
    const wire = new WireWorld('unreachable');
    await wire.run(async () => {
      const { dialer, acceptor } = await wire.dialled();
      expect(await outcomeOf(dialer.channel.call('ask', 1, 100))).toBe('unreachable');
      expect(dialer.channel.sendFrame([new Uint8Array(5)])).toBe(true);
      dialer.channel.notify('note', 1);
      await wire.until(() => dialer.channel.open && acceptor.channel.open, 100);
      dialer.channel.close('enough');
      const before = dialer.written.length;
      expect(await outcomeOf(dialer.channel.call('ask', 1, 100))).toBe('unreachable');
      dialer.channel.notify('note', 1);
      dialer.channel.sendFrame([new Uint8Array(5)]);
      expect(dialer.written.length).toBe(before);
      expect(tagsOf(dialer.written).filter((tag) => !['hello', 'ping', 'pong'].includes(tag))).toEqual([]);
    });
  });

  it.each<[string, (wire: WireWorld, dialer: WireEnd) => void, RegExp]>([
    ['this end', (_wire, dialer) => dialer.channel.close('enough'), /^enough$/],
    ['the other end', (wire) => wire.world.machine('I').kill('test'), /^connection reset$/],
  ])(
    'that is under way when %s closes ends as a time-out: nobody knows what became of it',
    async (_who, close, reason) => {
      const wire = new WireWorld('outstanding');
      await wire.run(async () => {
        const { dialer } = await wire.opened({ I: { handle: waiting(wire) } });
        const calls = [1, 2, 3].map((id) => outcomeOf(dialer.channel.call('wait:400', id, 300)));
        await wire.sleep(5);
        const closedMs = wire.nowMs;
        close(wire, dialer);
        expect(await Promise.all(calls)).toEqual(['timeout', 'timeout', 'timeout']);
        expect(wire.nowMs - closedMs).toBeLessThan(1);
        await wire.sleep(500);
        expect(dialer.closes).toHaveLength(1);
        expect(dialer.closes[0]).toMatch(reason);
      });
    },
  );
});

describe('what a proven peer sends', () => {
  it('arrives whole and in order, notices and binary frames alike', async () => {
    const wire = new WireWorld('order');
    await wire.run(async () => {
      const { dialer, acceptor } = await wire.opened();
      const heard: unknown[] = [];
      acceptor.channel.onNotice = (method, params) => heard.push([method, params]);
      acceptor.channel.onFrame = (body) => heard.push(body.length, body[0], body[body.length - 1]);
      dialer.channel.notify('a', 1);
      dialer.channel.sendFrame([Uint8Array.of(1, 2), Uint8Array.of(), Uint8Array.of(3)]);
      dialer.channel.notify('b', 2);
      dialer.channel.sendFrame([new Uint8Array(70_000).fill(9)]);
      await wire.sleep(20);
      expect(heard).toEqual([['a', 1], 3, 1, 3, ['b', 2], 70_000, 9, 9]);
    });
  });

  it('may be a frame of the largest size, and no byte more', async () => {
    const wire = new WireWorld('largest');
    await wire.run(async () => {
      const { dialer, acceptor } = await wire.opened();
      const sizes: number[] = [];
      acceptor.channel.onFrame = (body) => sizes.push(body.length);
      // The kind is counted in the length.
      dialer.channel.sendFrame([new Uint8Array(MAX_FRAME_BYTES - 1)]);
      await wire.sleep(50);
      expect(sizes).toEqual([MAX_FRAME_BYTES - 1]);
      dialer.raw.write(frameHeader(FRAME_BINARY, MAX_FRAME_BYTES));
      await wire.sleep(50);
      expect(acceptor.closes).toEqual([
        `malformed data: a frame of ${MAX_FRAME_BYTES + 1} bytes where at most ${MAX_FRAME_BYTES} are allowed`,
      ]);
      expect(dialer.closes).toHaveLength(1);
    });
  });

  it.each<[string, Uint8Array]>([
    ['a frame of no bytes', Buffer.from([0, 0, 0, 0])],
    ['a frame of an unknown kind', frame(3, 'data')],
    ['text that is no JSON', frame(FRAME_JSON, '{"t":')],
    ['JSON that is no message', frame(FRAME_JSON, 'null')],
    ['a second hello', message({ t: 'hello', self: { group: 'g', name: 'X' } })],
    ['a message nobody knows', message({ t: 'obey' })],
  ])('drops the channel, and nothing after it is heard, where it is %s', async (_what, bytes) => {
    const wire = new WireWorld('malformed');
    await wire.run(async () => {
      const { dialer, acceptor } = await wire.opened();
      const heard: unknown[] = [];
      acceptor.channel.onNotice = (method) => heard.push(method);
      const answer = outcomeOf(acceptor.channel.call('ask', null, 1000));
      dialer.raw.write(Buffer.concat([message({ t: 'note', m: 'before', p: null }), bytes]));
      dialer.raw.write(message({ t: 'note', m: 'after', p: null }));
      await wire.sleep(50);
      expect(heard).toEqual(['before']);
      expect(acceptor.closes).toHaveLength(1);
      expect(acceptor.channel.peer.name).toBe('P');
      expect(wire.warnings).toHaveLength(1);
      expect(['timeout', ['P', 'ask', null]]).toContainEqual(await answer);
    });
  });

  it.each<[string, unknown]>([
    ['an answer to no question', { t: 'answer', id: 77, a: { ok: true, value: 1 } }],
    ['an answer without content', { t: 'answer', id: 1 }],
    ['a pong that is no time', { t: 'pong', at: 'now' }],
  ])('does no harm where it is %s', async (_what, odd) => {
    const wire = new WireWorld('odd');
    await wire.run(async () => {
      const { dialer, acceptor } = await wire.opened({ P: { handle: waiting(wire) } });
      const first = outcomeOf(acceptor.channel.call('wait:20', 'x', 100));
      dialer.raw.write(message(odd));
      expect(['x', 'internal']).toContain(await first);
      expect(await outcomeOf(acceptor.channel.call('wait:0', 'y', 100))).toBe('y');
      expect(acceptor.channel.rttMs).toBeTypeOf('number');
    });
  });

  it('waits where the receiver does not take it, and the sender is told to wait and to go on', async () => {
    const wire = new WireWorld('pressure');
    let drained = 0;
    await wire.run(async () => {
      const { dialer, acceptor } = await wire.opened();
      dialer.channel.onDrain = () => {
        drained += 1;
      };
      acceptor.raw.pause();
      let sent = 0;
      while (dialer.channel.sendFrame([new Uint8Array(16_384)]) && sent < 1000) sent += 1;
      expect(sent).toBeLessThan(1000);
      await wire.sleep(50);
      expect(drained).toBe(0);
      acceptor.raw.resume();
      await wire.sleep(50);
      expect(dialer.channel.queuedBytes).toBe(0);
    });
    expect(drained).toBe(1);
  });
});

describe('of two ends that have nothing to say', () => {
  const INTERVALS = 60;

  it('only one pings, once in each interval; the other only to measure the round trip', async () => {
    const wire = new WireWorld('idle');
    await wire.run(async () => {
      const { dialer, acceptor } = await wire.opened();
      await wire.sleep(INTERVALS * keepaliveMs);
      expect([dialer.closes, acceptor.closes]).toEqual([[], []]);
      expect(pings(dialer)).toBeGreaterThanOrEqual(INTERVALS - 1);
      expect(pings(dialer)).toBeLessThanOrEqual(INTERVALS + 2);
      // The first when it was opened, then every tenth look.
      expect(pings(acceptor)).toBeLessThanOrEqual(1 + INTERVALS / 10);
    });
  });

  it('neither pings more than to measure while both hear the other’s work', async () => {
    const wire = new WireWorld('busy');
    await wire.run(async () => {
      const { dialer, acceptor } = await wire.opened();
      for (let step = 0; step < INTERVALS * 5; step += 1) {
        dialer.channel.notify('work', step);
        acceptor.channel.notify('work', step);
        await wire.sleep(keepaliveMs / 5);
      }
      for (const end of [dialer, acceptor]) {
        expect(pings(end)).toBeGreaterThanOrEqual(INTERVALS / 10 - 1);
        expect(pings(end)).toBeLessThanOrEqual(2 + INTERVALS / 10);
      }
    });
  });

  it('measures the round trip anew when the line has become longer, however busy it is', async () => {
    const wire = new WireWorld('rtt');
    await wire.run(async () => {
      wire.ports('P');
      wire.ports('I');
      wire.distance('P', 'I', 2);
      const { dialer, acceptor } = await wire.opened();
      await wire.sleep(20);
      expect(dialer.channel.rttMs).toBeCloseTo(4, 5);
      wire.distance('P', 'I', 20);
      for (let step = 0; step < 12 * 5; step += 1) {
        for (const end of [dialer, acceptor]) end.channel.notify('work', step);
        await wire.sleep(keepaliveMs / 5);
      }
      expect(dialer.channel.rttMs).toBeCloseTo(40, 5);
      expect(acceptor.channel.rttMs).toBeCloseTo(40, 5);
    });
  });
});

describe('a peer that has vanished', () => {
  /** No later than one look after the silence has lasted long enough. */
  const latestMs = silenceMs + 1.3 * keepaliveMs;

  const NOTHING = /^nothing heard for \d+ ms$/;

  it.each<[string, (wire: WireWorld) => void, RegExp?]>([
    ['its machine has no power', (wire) => wire.world.machine('I').losePower(wire.world.random.fork('power'))],
    [
      'the line is cut',
      (wire) => {
        wire.cut('P', 'I');
        wire.cut('I', 'P');
      },
    ],
    ['only what it sends is lost', (wire) => wire.cut('I', 'P')],
    // Here it is the other end that hears nothing, and gives up.
    ['only what it is sent is lost', (wire) => wire.cut('P', 'I'), /^connection reset$/],
    ['it is stopped', (wire) => wire.world.machine('I').pause()],
  ])('is found by its silence, and not before, where %s', async (_why, vanish, reason = NOTHING) => {
    const wire = new WireWorld('vanished');
    await wire.run(async () => {
      const { dialer } = await wire.opened();
      await wire.sleep(3.5 * keepaliveMs);
      vanish(wire);
      const calls = outcomeOf(dialer.channel.call('ask', null, 60_000));
      const vanishedMs = wire.nowMs;
      await wire.until(() => dialer.closes.length > 0, 20_000);
      expect(dialer.closes[0]).toMatch(reason);
      expect(wire.nowMs - vanishedMs).toBeGreaterThan(silenceMs - keepaliveMs);
      expect(wire.nowMs - vanishedMs).toBeLessThanOrEqual(latestMs);
      expect(await calls).toBe('timeout');
    });
  });

  it('is not given up for being stopped shorter than the silence that is allowed', async () => {
    const wire = new WireWorld('hiccup');
    await wire.run(async () => {
      const { dialer, acceptor } = await wire.opened();
      for (let round = 0; round < 5; round += 1) {
        await wire.sleep(1.7 * keepaliveMs);
        wire.world.machine('I').pause();
        await wire.sleep(silenceMs - 1.1 * keepaliveMs);
        wire.world.machine('I').resume();
      }
      await wire.sleep(keepaliveMs);
      expect([dialer.closes, acceptor.closes]).toEqual([[], []]);
    });
  });
});

describe('a channel over a line with a distance', () => {
  it('shapes what each end sends once it knows who the other is', async () => {
    const wire = new WireWorld('shaped');
    await wire.run(async () => {
      const asked: string[] = [];
      const shape = (name: string, delayMs: number) => {
        const { clock, entropy } = wire.ports(name);
        const none = { jitterMs: 0, rateBytesPerSecond: null, loss: 0, cut: false };
        const direction = new LineDirection(clock, entropy, { delayMs, ...none });
        return ({ name: peer }: { name: string }) => {
          asked.push(`${name} to ${peer}`);
          return direction;
        };
      };
      wire.ports('P');
      wire.ports('I');
      wire.distance('P', 'I', 0);
      const { dialer, acceptor } = await wire.opened({
        P: { shapeFor: shape('P', 7) },
        I: { shapeFor: shape('I', 11) },
      });
      await wire.sleep(50);
      expect(asked).toEqual(['P to I', 'I to P']);
      expect(dialer.channel.rttMs).toBeCloseTo(18, 5);
      expect(acceptor.channel.rttMs).toBeCloseTo(18, 5);
    });
  });

  it('goes on after it had to wait, where the distance is nothing', async () => {
    const wire = new WireWorld('no-distance');
    let drained = 0;
    await wire.run(async () => {
      const { clock, entropy } = wire.ports('P');
      const none = { delayMs: 0, jitterMs: 0, rateBytesPerSecond: null, loss: 0, cut: false };
      const { dialer, acceptor } = await wire.opened({
        P: { shapeFor: () => new LineDirection(clock, entropy, none) },
      });
      dialer.channel.onDrain = () => {
        drained += 1;
      };
      acceptor.raw.pause();
      for (let sent = 0; dialer.channel.sendFrame([new Uint8Array(16_384)]) && sent < 1000; sent += 1);
      acceptor.raw.resume();
      await wire.sleep(50);
    });
    expect(drained).toBe(1);
  });
});
