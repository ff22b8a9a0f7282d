import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import type { ByteStream, Listener } from '../../domain/ports.ts';
import { RealNetwork } from './real-network.ts';

const network = new RealNetwork();
const opened: { listeners: Listener[]; streams: ByteStream[] } = { listeners: [], streams: [] };

afterEach(() => {
  for (const stream of opened.streams.splice(0)) stream.destroy();
  for (const listener of opened.listeners.splice(0)) listener.close();
});

/** Two ends of a connection over loopback. */
async function pair(over = network): Promise<{ near: ByteStream; far: ByteStream }> {
  let accepted: (stream: ByteStream) => void;
  const far = new Promise<ByteStream>((resolve) => {
    accepted = resolve;
  });
  const listener = await over.listen('127.0.0.1:0', (stream) => accepted(stream));
  opened.listeners.push(listener);
  const near = over.connect(listener.address);
  await new Promise<void>((resolve) => {
    near.onOpen = resolve;
  });
  opened.streams.push(near, await far);
  return { near, far: await far };
}

function closed(stream: ByteStream): Promise<string | null> {
  return new Promise((resolve) => {
    stream.onClose = resolve;
  });
}

/** Resolves with everything that arrived once there are `count` bytes of it. */
function received(stream: ByteStream, count: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  return new Promise((resolve) => {
    stream.onData = (chunk) => {
      chunks.push(Buffer.from(chunk));
      bytes += chunk.length;
      if (bytes >= count) resolve(Buffer.concat(chunks));
    };
  });
}

describe('the real network', () => {
  it('carries bytes both ways, in order', async () => {
    const { near, far } = await pair();
    const atFar = received(far, 6);
    const atNear = received(near, 3);
    for (const value of [1, 2, 3, 4, 5, 6]) near.write(Uint8Array.of(value));
    far.write(Uint8Array.of(7, 8, 9));
    expect([...(await atFar)]).toEqual([1, 2, 3, 4, 5, 6]);
    expect([...(await atNear)]).toEqual([7, 8, 9]);
  });

  it.each(['accepted', 'connecting'])('receives into one buffer on the %s end', async (end) => {
    const { near, far } = await pair(new RealNetwork({ receiveBufferBytes: 100 }));
    const [from, to] = end === 'accepted' ? [near, far] : [far, near];
    const buffers = new Set<ArrayBufferLike>();
    let largest = 0;
    let bytes = 0;
    const all = new Promise<void>((resolve) => {
      to.onData = (chunk) => {
        buffers.add(chunk.buffer);
        largest = Math.max(largest, chunk.length);
        bytes += chunk.length;
        if (bytes === 1000) resolve();
      };
    });
    from.write(new Uint8Array(1000));
    await all;
    expect(buffers.size).toBe(1);
    expect(largest).toBe(100);
  });

  it('sends neighbouring and scattered pieces of one tick whole', async () => {
    const { near, far } = await pair();
    const slab = Uint8Array.from({ length: 3000 }, (_, index) => index & 0xff);
    const other = new Uint8Array(10).fill(255);
    const pieces = [slab.subarray(0, 16), slab.subarray(16, 1000), other, slab.subarray(1000, 3000), other, other];
    const expected = Buffer.concat(pieces);
    const arrived = received(far, expected.length);
    for (const piece of pieces) near.write(piece);
    expect(near.queuedBytes).toBe(expected.length);
    expect(Buffer.compare(await arrived, expected)).toBe(0);
    expect(near.queuedBytes).toBe(0);
  });

  it('asks a fast writer to wait for a slow reader, says when to go on, and loses nothing', async () => {
    const { near, far } = await pair();
    far.pause();
    const chunk = Uint8Array.from({ length: 100_000 }, (_, index) => (index * 31) & 0xff);
    const totalBytes = 20_000_000;
    const sent = createHash('sha256');
    const got = createHash('sha256');
    let sentBytes = 0;
    let gotBytes = 0;
    let waits = 0;
    const done = new Promise<void>((resolve) => {
      far.onData = (bytes) => {
        got.update(bytes);
        gotBytes += bytes.length;
        if (gotBytes === totalBytes) resolve();
      };
    });
    const push = () => {
      while (sentBytes < totalBytes) {
        sent.update(chunk);
        sentBytes += chunk.length;
        if (!near.write(chunk)) {
          expect(near.queuedBytes).toBeLessThan(1_200_000);
          waits += 1;
          far.resume();
          return;
        }
      }
    };
    near.onDrain = push;
    push();
    await done;
    expect(waits).toBeGreaterThan(0);
    expect(got.digest('hex')).toBe(sent.digest('hex'));
  });

  it('stops and restarts the arrival of data', async () => {
    const { near, far } = await pair();
    let paused = true;
    far.pause();
    const arrived = new Promise<boolean>((resolve) => {
      far.onData = () => resolve(paused);
    });
    near.write(Uint8Array.of(1));
    // A round trip on another connection gives the byte every chance to arrive too early.
    const other = await pair();
    const echoed = received(other.near, 1);
    other.far.write(Uint8Array.of(2));
    await echoed;
    paused = false;
    far.resume();
    expect(await arrived).toBe(false);
  });

  it('tells both ends of an orderly end, after all that was sent', async () => {
    const { near, far } = await pair();
    const ends = Promise.all([closed(near), closed(far)]);
    const arrived = received(far, 500_000);
    near.write(new Uint8Array(500_000).fill(3));
    near.end();
    expect(await ends).toEqual([null, null]);
    expect((await arrived).length).toBe(500_000);
    expect(near.write(Uint8Array.of(1))).toBe(false);
  });

  it('tells both ends when one drops the connection, each once', async () => {
    const { near, far } = await pair();
    const reasons: (string | null)[] = [];
    const farClosed = closed(far);
    const nearClosed = new Promise<void>((resolve) => {
      near.onClose = (reason) => {
        reasons.push(reason);
        resolve();
      };
    });
    near.destroy();
    near.destroy();
    await Promise.all([nearClosed, farClosed]);
    expect(reasons).toEqual(['dropped at this end']);
  });

  it('says why nobody could be reached', async () => {
    const listener = await network.listen('127.0.0.1:0', () => undefined);
    listener.close();
    expect(await closed(network.connect(listener.address))).toBe('ECONNREFUSED');
  });

  it('says why it cannot listen', async () => {
    const listener = await network.listen('127.0.0.1:0', () => undefined);
    opened.listeners.push(listener);
    await expect(network.listen(listener.address, () => undefined)).rejects.toThrow(/EADDRINUSE/);
    await expect(network.listen('0.0.0.0:0', () => undefined)).rejects.toThrow(/other machines/);
    const beyond = await new RealNetwork({ beyondLoopback: true }).listen('0.0.0.0:0', () => undefined);
    opened.listeners.push(beyond);
    expect(beyond.address).toMatch(/^0\.0\.0\.0:\d+$/);
  });

  it.each(['nonsense', '127.0.0.1', '127.0.0.1:99999', ':1', 'a b:1'])('refuses the address %j', (address) => {
    expect(() => network.connect(address)).toThrow(/host:port/);
  });
});
