import { describe, expect, test } from 'vitest';
import type { ByteStream } from '../domain/ports.ts';
import { World } from './world.ts';

interface Two {
  world: World;
  client: ByteStream;
  server: ByteStream;
  received: number[];
  closes: (string | null)[];
  clientCloses: (string | null)[];
}

/** P connected to I, in a world that goes on only while `story` runs. */
async function two(seed: string, story: (two: Two) => Promise<void>): Promise<Two> {
  const world = new World(seed, {
    losesPower: true,
    onKilled: () => undefined,
    onCrash: ({ error }) => {
      throw error;
    },
    onLog: () => undefined,
  });
  const p = world.addMachine('P', 1).start();
  const i = world.addMachine('I', 1).start();
  const received: number[] = [];
  const closes: (string | null)[] = [];
  const clientCloses: (string | null)[] = [];
  return world.scheduler.drive(async () => {
    const accepted = new Promise<ByteStream>((resolve) => {
      void i.network.listen('I:7000', resolve);
    });
    const client = p.network.connect('I:7000');
    client.onClose = (reason) => clientCloses.push(reason);
    const opened = new Promise<void>((resolve) => {
      client.onOpen = resolve;
    });
    const server = await accepted;
    server.onData = (chunk) => received.push(...chunk);
    server.onClose = (reason) => closes.push(reason);
    await opened;
    const pair = { world, client, server, received, closes, clientCloses };
    await story(pair);
    return pair;
  }, 100_000);
}

const numbers = Array.from({ length: 200 }, (_, index) => index);
const send = (stream: ByteStream): void => {
  for (let at = 0; at < numbers.length; at += 4) stream.write(Uint8Array.from(numbers.slice(at, at + 4)));
};

describe('a stream', () => {
  test('brings every byte in order, however it splits and joins them', async () => {
    for (let seed = 0; seed < 20; seed += 1) {
      const { received } = await two(`order-${seed}`, async ({ world, client }) => {
        send(client);
        await world.scheduler.sleep(1000);
      });
      expect(received).toEqual(numbers);
    }
  });

  test('holds what a cut way swallowed until it is whole, and is only silent meanwhile', async () => {
    const { received, clientCloses } = await two('cut', async ({ world, client, received: soFar }) => {
      world.network.setWay('P', 'I', { cut: true });
      send(client);
      await world.scheduler.sleep(5000);
      expect(soFar).toEqual([]);
      world.network.setWay('P', 'I', { cut: false });
      await world.scheduler.sleep(1000);
    });
    expect(received).toEqual(numbers);
    expect(clientCloses).toEqual([]);
  });

  test('of a killed sender brings any prefix, then a reset', async () => {
    const lengths = new Set<number>();
    for (let seed = 0; seed < 30; seed += 1) {
      const { received, closes } = await two(`kill-${seed}`, async ({ world, client }) => {
        send(client);
        world.machine('P').kill('test');
        await world.scheduler.sleep(1000);
      });
      expect(received).toEqual(numbers.slice(0, received.length));
      expect(closes).toEqual(['connection reset']);
      lengths.add(received.length);
    }
    expect(lengths.size).toBeGreaterThan(5);
  });

  test('of a machine without power stays half open', async () => {
    const { closes } = await two('half-open', async ({ world, client, server, closes: soFar }) => {
      client.write(Uint8Array.of(1));
      await world.scheduler.sleep(10);
      world.machine('P').losePower(world.random.fork('power'));
      server.write(Uint8Array.of(1));
      await world.scheduler.sleep(10_000);
      expect(soFar).toEqual([]);
      await world.scheduler.sleep(60_000);
    });
    expect(closes).toEqual(['connection timed out']);
  });

  test('asks a fast writer to wait for a paused receiver, and tells when to go on', async () => {
    let drained = 0;
    const { received } = await two('pressure', async ({ world, client, server }) => {
      client.onDrain = () => {
        drained += 1;
      };
      server.pause();
      let waits = false;
      for (let count = 0; count < 1000 && !waits; count += 1) waits = !client.write(new Uint8Array(4096));
      expect(waits).toBe(true);
      await world.scheduler.sleep(100);
      expect(drained).toBe(0);
      server.resume();
      await world.scheduler.sleep(1000);
    });
    expect(drained).toBe(1);
    expect(received.length % 4096).toBe(0);
  });

  test('ends in order: all that was written arrives first', async () => {
    const { received, closes, clientCloses } = await two('end', async ({ world, client }) => {
      send(client);
      client.end();
      await world.scheduler.sleep(1000);
    });
    expect(received).toEqual(numbers);
    expect(closes).toEqual([null]);
    expect(clientCloses).toEqual([null]);
  });
});

describe('processes', () => {
  test('nobody listens: refused; a paused process gets everything later', async () => {
    const world = new World('paused', {
      losesPower: true,
      onKilled: () => undefined,
      onCrash: ({ error }) => {
        throw error;
      },
      onLog: () => undefined,
    });
    const p = world.addMachine('P', 1);
    const ports = p.start();
    await world.scheduler.drive(async () => {
      const refusal = new Promise((resolve) => {
        ports.network.connect('I:7000').onClose = resolve;
      });
      expect(await refusal).toBe('connection refused');
      let fired = 0;
      const cancelled = ports.clock.after(10, () => {
        fired += 100;
      });
      ports.clock.after(10, () => {
        fired += 1;
      });
      p.pause();
      await world.scheduler.sleep(50);
      expect(fired).toBe(0);
      cancelled.cancel();
      p.resume();
      await world.scheduler.sleep(1);
      expect(fired).toBe(1);
    }, 1000);
  });

  test('an exception nobody caught ends its process and is reported; one of the dead is not', async () => {
    const crashes: string[] = [];
    const world = new World('crash', {
      losesPower: true,
      onKilled: () => undefined,
      onCrash: ({ process }) => crashes.push(String(process)),
      onLog: () => undefined,
    });
    const p = world.addMachine('P', 1);
    const i = world.addMachine('I', 1);
    const ports = p.start();
    const others = i.start();
    await world.scheduler.drive(async () => {
      ports.clock.after(1, () => {
        throw new Error('uncaught');
      });
      others.clock.after(2, () => {
        void Promise.reject(new Error('unhandled'));
      });
      await world.scheduler.sleep(10);
      expect(p.alive).toBe(false);
      expect(i.alive).toBe(false);
      const third = i.start();
      third.clock.after(1, () => {
        i.kill('test');
        void Promise.resolve().then(() => third.clock.now());
      });
      await world.scheduler.sleep(10);
    }, 1000);
    expect(crashes).toEqual(['P', 'I']);
  });
});
