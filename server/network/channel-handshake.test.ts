/** How the two ends of a channel prove themselves, and what becomes of those who do not. */
import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { ByteStream } from '../domain/ports.ts';
import { SIM_SECRET, SIM_TIMING } from '../simulation/node.ts';
import { frame, message, tagsOf, WireWorld } from '../simulation/testing/wire-world.ts';
import type { StreamChannel } from './channel.ts';
import { ChannelServer } from './channel-server.ts';
import { FRAME_BINARY, FRAME_HEADER_BYTES, FRAME_JSON } from './frame-reader.ts';

const ELSEWHERE = new Uint8Array(32).fill(8);

/** What the protocol asks for as a proof; written down a second time so that a change of it is noticed. */
function proof(
  secret: Uint8Array,
  purpose: string,
  theirs: string,
  mine: string,
  self: { group: string; name: string },
) {
  return createHmac('sha256', secret)
    .update(JSON.stringify([purpose, theirs, mine, self.group, self.name]))
    .digest('hex');
}

/** Reads the messages that reach `stream`, each of which the tests keep small enough to come whole or in few pieces. */
function heard(stream: ByteStream): Record<string, unknown>[] {
  const messages: Record<string, unknown>[] = [];
  let bytes = Buffer.alloc(0);
  stream.onData = (chunk) => {
    bytes = Buffer.concat([bytes, chunk]);
    while (bytes.length >= 4 && bytes.length >= 4 + bytes.readUInt32LE(0)) {
      const end = 4 + bytes.readUInt32LE(0);
      messages.push(JSON.parse(bytes.subarray(FRAME_HEADER_BYTES, end).toString()));
      bytes = bytes.subarray(end);
    }
  };
  return messages;
}

/** A real end at I, called by whoever says `hello` at the far end of a bare stream. */
async function called(wire: WireWorld, hello: (nonce: string) => Record<string, unknown>) {
  const { near, far } = await wire.streams('P', 'I');
  const messages = heard(near);
  const end = wire.end('I', far, null);
  await wire.until(() => messages.length > 0, 100);
  near.write(message(hello(String(messages[0]?.nonce))));
  near.write(message({ t: 'ping', at: 0 }));
  await wire.sleep(50);
  return { end, messages };
}

/** A hello that proves itself, with `change` made to it afterwards. */
function honestHello(theirs: string, change: Record<string, unknown> = {}) {
  const self = (change.self as { group: string; name: string } | undefined) ?? { group: 'g', name: 'P' };
  const mac = proof(SIM_SECRET, 'dial', theirs, 'n', self ?? { group: '', name: '' });
  return { t: 'hello', protocol: 1, self, path: 0, round: 'r', nonce: 'n', mac, ...change };
}

describe('the greeting of two ends', () => {
  it('opens both, and each knows who the other is, which path it has, and how long a round trip takes', async () => {
    const wire = new WireWorld('greet');
    await wire.run(async () => {
      wire.ports('P');
      wire.ports('I');
      wire.distance('P', 'I', 5);
      const { dialer, acceptor } = await wire.opened();
      await wire.sleep(50);
      expect(dialer.channel.peer).toEqual({ group: 'g', name: 'I' });
      expect(acceptor.channel.peer).toEqual({ group: 'g', name: 'P' });
      expect([acceptor.channel.path, acceptor.channel.round]).toEqual([1, 'r']);
      expect([dialer.readied, acceptor.readied]).toEqual([1, 1]);
      expect(dialer.channel.rttMs).toBeCloseTo(10, 5);
      expect(acceptor.channel.rttMs).toBeCloseTo(10, 5);
    });
  });

  it('fails where the caller holds another secret: the accepting end says so and nobody is ready', async () => {
    const wire = new WireWorld('secret-caller');
    await wire.run(async () => {
      const { dialer, acceptor } = await wire.dialled({ P: { secret: ELSEWHERE } });
      await wire.sleep(100);
      expect(acceptor.closes).toEqual(['the caller does not hold this installation’s secret']);
      expect(dialer.closes).toHaveLength(1);
      expect([dialer.readied, acceptor.readied]).toEqual([0, 0]);
      expect(tagsOf(acceptor.written)).toEqual(['challenge', 'denied']);
      expect(wire.warnings).toContain('I: channel refused: the caller does not hold this installation’s secret');
    });
  });

  it.each<[string, (nonce: string, mac: string) => string]>([
    ['knows no secret', () => 'a'.repeat(64)],
    ['holds another secret', (nonce) => proof(ELSEWHERE, 'accept', nonce, 'theirs', { group: 'g', name: 'I' })],
    ['sends the caller’s own proof back', (_nonce, mac) => mac],
    [
      'proves that it is somebody else',
      (nonce) => proof(SIM_SECRET, 'accept', nonce, 'theirs', { group: 'g', name: 'J' }),
    ],
    ['proves nothing', () => ''],
  ])('fails where the one that answers %s', async (_what, macOf) => {
    const wire = new WireWorld('secret-answerer');
    await wire.run(async () => {
      const { near, far } = await wire.streams('P', 'I');
      const messages = heard(far);
      const dialer = wire.end('P', near, { path: 0, round: 'r' }, 'I');
      far.write(message({ t: 'challenge', protocol: 1, nonce: 'theirs' }));
      await wire.until(() => messages.length > 0, 100);
      const hello = messages[0] ?? {};
      const mac = macOf(String(hello.nonce), String(hello.mac));
      far.write(message({ t: 'welcome', self: { group: 'g', name: 'I' }, mac }));
      await wire.sleep(50);
      expect(dialer.closes).toEqual(['the other end does not hold this installation’s secret']);
      expect(dialer.readied).toBe(0);
    });
  });

  it('fails where another system answers than the one that was called', async () => {
    const wire = new WireWorld('name');
    await wire.run(async () => {
      const { dialer, acceptor } = await wire.dialled({ expects: 'R' });
      await wire.sleep(50);
      expect(dialer.closes).toEqual(['I answered where R was called']);
      expect(dialer.readied).toBe(0);
      expect(acceptor.closes).toHaveLength(1);
    });
  });

  it('fails at the caller where the other end speaks another protocol, and no proof is given away', async () => {
    const wire = new WireWorld('protocol-answerer');
    await wire.run(async () => {
      const { near, far } = await wire.streams('P', 'I');
      const dialer = wire.end('P', near, { path: 0, round: 'r' }, 'I');
      far.write(message({ t: 'challenge', protocol: 2, nonce: 'theirs' }));
      await wire.sleep(50);
      expect(dialer.closes).toEqual(['it speaks protocol 2, this end speaks 1']);
      expect(dialer.written).toEqual([]);
    });
  });

  it('fails at the accepting end where the caller speaks another protocol, however well it proves itself', async () => {
    const wire = new WireWorld('protocol-caller');
    await wire.run(async () => {
      const { end } = await called(wire, (nonce) => honestHello(nonce, { protocol: 2 }));
      expect(end.closes).toEqual(['it speaks protocol 2, this end speaks 1']);
      expect(tagsOf(end.written)).toEqual(['challenge', 'denied']);
      expect(end.readied).toBe(0);
    });
  });

  it('succeeds with an honest hello made by hand, so that the refusals below are for what they change', async () => {
    const wire = new WireWorld('by-hand');
    await wire.run(async () => {
      const { end } = await called(wire, (nonce) => honestHello(nonce));
      expect(end.readied).toBe(1);
      expect(end.closes).toEqual([]);
    });
  });

  it.each<[string, (nonce: string) => Record<string, unknown>]>([
    ['a proof for another challenge', () => honestHello('another')],
    ['a proof of another name', (nonce) => ({ ...honestHello(nonce), self: { group: 'g', name: 'R' } })],
    ['a proof of another group', (nonce) => ({ ...honestHello(nonce), self: { group: 'h', name: 'P' } })],
    ['a proof that is a number', (nonce) => honestHello(nonce, { mac: 5 })],
    ['no name', (nonce) => honestHello(nonce, { self: { group: 'g', name: '' } })],
    ['a name without end', (nonce) => honestHello(nonce, { self: { group: 'g', name: 'x'.repeat(128) } })],
    ['an identity that is null', (nonce) => honestHello(nonce, { self: null })],
    ['a path below none', (nonce) => honestHello(nonce, { path: -1 })],
    ['a path beyond all', (nonce) => honestHello(nonce, { path: 64 })],
    ['half a path', (nonce) => honestHello(nonce, { path: 0.5 })],
    ['a round that is no text', (nonce) => honestHello(nonce, { round: 7 })],
  ])('fails with %s', async (_what, hello) => {
    const wire = new WireWorld('bad-hello');
    await wire.run(async () => {
      const { end } = await called(wire, hello);
      expect(end.closes).toEqual(['the caller does not hold this installation’s secret']);
      expect(end.readied).toBe(0);
    });
  });

  it.each<[string, Uint8Array, RegExp]>([
    ['a binary frame', frame(FRAME_BINARY, 'data'), /malformed data: kind 2/],
    ['a frame of an unknown kind', frame(9, 'data'), /malformed data: kind 9/],
    ['a call', message({ t: 'call', id: 1, m: 'erase', p: null }), /did not prove itself/],
    ['a welcome', message({ t: 'welcome', self: { group: 'g', name: 'P' }, mac: '' }), /did not prove itself/],
    ['text that is no JSON', frame(FRAME_JSON, '{{'), /malformed data/],
    ['JSON that is no message', frame(FRAME_JSON, '5'), /malformed data/],
    ['a frame of no bytes', Buffer.from([0, 0, 0, 0, 1]), /a frame of no bytes/],
    ['a frame longer than a greeting', frame(FRAME_JSON, 'x'.repeat(4096)), /4097 bytes where at most 4096/],
    ['the head of an endless frame', Buffer.from([255, 255, 255, 255]), /4294967295 bytes where at most 4096/],
    ['a request of a browser', Buffer.from('GET / HTTP/1.1\r\n\r\n'), /bytes where at most 4096/],
  ])('drops a caller that begins with %s, and carries out nothing of it', async (_what, bytes, reason) => {
    const wire = new WireWorld('stranger');
    const handled: string[] = [];
    const frames: number[] = [];
    await wire.run(async () => {
      const { near, far } = await wire.streams('P', 'I');
      const end = wire.end('I', far, null, '', { handle: async (method) => handled.push(method) });
      end.channel.onFrame = (body) => frames.push(body.length);
      near.write(bytes);
      await wire.sleep(50);
      expect(end.closes).toHaveLength(1);
      expect(end.closes[0]).toMatch(reason);
      expect(end.readied).toBe(0);
    });
    expect([handled, frames]).toEqual([[], []]);
  });

  it('is given up by the caller where nobody says anything', async () => {
    const wire = new WireWorld('mute');
    await wire.run(async () => {
      const { near } = await wire.streams('P', 'I');
      const dialer = wire.end('P', near, { path: 0, round: 'r' }, 'I');
      await wire.sleep(SIM_TIMING.handshakeMs - 10);
      expect(dialer.closes).toEqual([]);
      await wire.sleep(20);
      expect(dialer.closes).toEqual(['the other end did not prove itself in time']);
    });
  });

  it('is not prolonged by a caller that sends a byte now and then', async () => {
    const wire = new WireWorld('slow-hello');
    await wire.run(async () => {
      const { near, far } = await wire.streams('P', 'I');
      const end = wire.end('I', far, null);
      for (const byte of frame(FRAME_JSON, 'x'.repeat(100))) {
        if (end.closes.length > 0) break;
        near.write(Uint8Array.of(byte));
        await wire.sleep(SIM_TIMING.handshakeMs / 10);
      }
      expect(end.closes).toEqual(['the other end did not prove itself in time']);
    });
  });
});

describe('the accepting end', () => {
  it('is open only when the caller has said something after its welcome, which may never have arrived', async () => {
    const wire = new WireWorld('first-word');
    await wire.run(async () => {
      wire.ports('P');
      wire.ports('I');
      const { near, far } = await wire.streams('P', 'I');
      const messages = heard(near);
      const end = wire.end('I', far, null);
      await wire.until(() => messages.length > 0, 100);
      near.write(message(honestHello(String(messages[0]?.nonce))));
      await wire.until(() => messages.length > 1, 100);
      expect(messages.map(({ t }) => t)).toEqual(['challenge', 'welcome']);
      expect([end.readied, end.channel.open]).toEqual([0, false]);
      near.write(message({ t: 'call', id: 1, m: 'ask', p: 5 }));
      await wire.until(() => messages.length > 3, 100);
      expect([end.readied, end.channel.open]).toEqual([1, true]);
      expect(messages).toContainEqual({ t: 'answer', id: 1, a: { ok: true, value: ['I', 'ask', 5] } });
    });
  });

  it('gives up a caller that proves itself and says nothing more', async () => {
    const wire = new WireWorld('no-word');
    await wire.run(async () => {
      const { near, far } = await wire.streams('P', 'I');
      const messages = heard(near);
      const end = wire.end('I', far, null);
      await wire.until(() => messages.length > 0, 100);
      near.write(message(honestHello(String(messages[0]?.nonce))));
      await wire.sleep(SIM_TIMING.handshakeMs + 10);
      expect(end.closes).toEqual(['the other end did not prove itself in time']);
      expect(end.readied).toBe(0);
    });
  });
});

describe('a server of channels', () => {
  async function serving(wire: WireWorld) {
    const accepted: StreamChannel[] = [];
    const server = new ChannelServer(wire.ports('I').network, wire.options('I'), (channel) => accepted.push(channel));
    const address = await server.listen('I:0');
    const { network } = wire.ports('P');
    const closes: (string | null)[] = [];
    const dial = () => wire.end('P', network.connect(address), { path: 0, round: 'r' }, 'I');
    const knock = (): ByteStream => {
      const stream = network.connect(address);
      stream.onClose = (reason) => closes.push(reason);
      return stream;
    };
    return { server, accepted, dial, knock, closes };
  }

  it('drops strangers beyond 64 at once, and lets others in as soon as one of them is gone', async () => {
    const wire = new WireWorld('strangers');
    await wire.run(async () => {
      const { accepted, dial, knock, closes } = await serving(wire);
      const strangers = Array.from({ length: 64 }, knock);
      await wire.sleep(50);
      expect(closes).toEqual([]);
      const refused = dial();
      await wire.sleep(50);
      expect(refused.closes).toHaveLength(1);
      strangers[0]?.destroy();
      await wire.sleep(50);
      dial();
      await wire.sleep(50);
      expect(accepted.map(({ peer }) => peer.name)).toEqual(['P']);
      // A caller that proved itself takes no stranger's place.
      dial();
      await wire.sleep(50);
      expect(accepted).toHaveLength(2);
      await wire.sleep(SIM_TIMING.handshakeMs);
      expect(closes).toHaveLength(64);
    });
  });

  it('closes every channel when it stops, and accepts none after', async () => {
    const wire = new WireWorld('stopping');
    await wire.run(async () => {
      const { server, accepted, dial } = await serving(wire);
      const before = [dial(), dial()];
      await wire.sleep(50);
      server.close();
      await wire.sleep(50);
      expect(before.map(({ closes }) => closes.length)).toEqual([1, 1]);
      const after = dial();
      await wire.sleep(50);
      expect(after.closes).toEqual(['connection refused']);
      expect(accepted).toHaveLength(2);
    });
  });
});
