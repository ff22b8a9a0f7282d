import { describe, expect, it } from 'vitest';
import {
  CMD_CACHE,
  CMD_DISC,
  CMD_FLAG_FAST_ZERO,
  CMD_FLAG_FUA,
  CMD_FLAG_NO_HOLE,
  CMD_FLUSH,
  CMD_READ,
  CMD_TRIM,
  CMD_WRITE,
  CMD_WRITE_ZEROES,
  NBD_ERRNO,
} from './protocol.ts';
import { exportsOf } from './test-support/file-export.ts';
import { MemoryExport } from './test-support/memory-export.ts';
import type { PairedStream } from './test-support/paired-network.ts';
import { attach, concat, type RawClient, type RequestFields, requestBytes } from './test-support/raw-client.ts';
import { ADDRESS, type Serving, serve } from './test-support/serving.ts';

const NAME = 'demo/P/0';
const SIZE_BYTES = 1024 * 1024;
const NO_DATA = new Uint8Array(0);

async function attached(seed = 7, limits = {}): Promise<Serving & { client: RawClient; volume: MemoryExport }> {
  const volume = new MemoryExport(NAME, SIZE_BYTES);
  const serving = await serve(exportsOf(volume), seed, limits);
  const client = await attach(serving.network, ADDRESS, NAME);
  return { ...serving, client, volume };
}

function serverEnd(client: RawClient): PairedStream {
  const end = client.stream.peer;
  if (end === null) throw new Error('the client is not connected');
  return end;
}

function pattern(lengthBytes: number, first: number): Uint8Array {
  return Uint8Array.from({ length: lengthBytes }, (_, index) => (first + index * 7) & 0xff);
}

/** Compares at the speed of memory, which `toEqual` does not. */
function same(actual: Uint8Array | undefined, expected: Uint8Array): boolean {
  return actual !== undefined && Buffer.compare(actual, expected) === 0;
}

describe('NBD requests', () => {
  it('reads back what was written, wherever the stream is cut', async () => {
    for (let seed = 0; seed < 25; seed++) {
      const { client, volume, network } = await attached(seed);
      const small = pattern(512, seed);
      const large = pattern(200_000, seed + 1);
      client.request({ command: CMD_WRITE, cookie: 1, offsetBytes: 512, lengthBytes: small.length }, small);
      client.request({ command: CMD_WRITE, cookie: 2, offsetBytes: 4096, lengthBytes: large.length }, large);
      client.request({ command: CMD_READ, cookie: 2 ** 52 + 3, offsetBytes: 512, lengthBytes: small.length });
      client.request({ command: CMD_READ, cookie: 4, offsetBytes: 4096, lengthBytes: large.length });
      await network.run();
      const replies = client.takeReplies();
      expect(replies.map((reply) => [reply.cookie, reply.errno])).toEqual([
        [1, 0],
        [2, 0],
        [2 ** 52 + 3, 0],
        [4, 0],
      ]);
      expect(same(replies[2]?.data, small)).toBe(true);
      expect(same(replies[3]?.data, large)).toBe(true);
      expect(volume.calls).toEqual(['write 512+512', 'write 4096+200000']);
    }
  });

  it('passes FUA, FLUSH, TRIM and WRITE_ZEROES on', async () => {
    const { client, volume, network } = await attached();
    volume.content.fill(1);
    const requests: RequestFields[] = [
      { command: CMD_WRITE, cookie: 1, flags: CMD_FLAG_FUA, offsetBytes: 0, lengthBytes: 4 },
      { command: CMD_FLUSH, cookie: 2 },
      { command: CMD_TRIM, cookie: 3, offsetBytes: 8, lengthBytes: 8 },
      { command: CMD_WRITE_ZEROES, cookie: 4, flags: CMD_FLAG_NO_HOLE | CMD_FLAG_FUA, offsetBytes: 16, lengthBytes: 8 },
      { command: CMD_READ, cookie: 5, flags: CMD_FLAG_FUA, offsetBytes: 0, lengthBytes: 32 },
    ];
    for (const fields of requests) client.request(fields, fields.command === CMD_WRITE ? pattern(4, 50) : NO_DATA);
    await network.run();
    const replies = client.takeReplies();
    expect(replies.map(({ cookie, errno }) => [cookie, errno])).toEqual([1, 2, 3, 4, 5].map((cookie) => [cookie, 0]));
    expect(volume.calls).toEqual(['write 0+4 fua', 'flush', 'zero 8+8', 'zero 16+8 fua']);
    const ones = new Uint8Array(8).fill(1);
    expect(replies[4]?.data).toEqual(concat(pattern(4, 50), ones.subarray(4), new Uint8Array(16), ones));
  });

  it.each<[string, Omit<RequestFields, 'cookie'>, number, RegExp]>([
    ['a READ beyond the end', { command: CMD_READ, offsetBytes: SIZE_BYTES - 1, lengthBytes: 2 }, 22, /beyond/],
    ['a READ near 2^64', { command: CMD_READ, offsetBytes: 2 ** 63, lengthBytes: 1 }, 22, /beyond/],
    ['a READ with DF', { command: CMD_READ, flags: 4, lengthBytes: 1 }, 22, /flag/],
    ['a WRITE beyond the end', { command: CMD_WRITE, offsetBytes: SIZE_BYTES, lengthBytes: 512 }, 28, /beyond/],
    ['a WRITE with NO_HOLE', { command: CMD_WRITE, flags: CMD_FLAG_NO_HOLE, lengthBytes: 512 }, 22, /flag/],
    ['zeros beyond the end', { command: CMD_WRITE_ZEROES, offsetBytes: 1, lengthBytes: SIZE_BYTES }, 28, /beyond/],
    ['zeros with flag 8', { command: CMD_WRITE_ZEROES, flags: 8, lengthBytes: 1 }, 22, /flag/],
    ['fast zeros', { command: CMD_WRITE_ZEROES, flags: CMD_FLAG_FAST_ZERO, lengthBytes: 512 }, 95, /not faster/],
    ['a TRIM beyond the end', { command: CMD_TRIM, offsetBytes: SIZE_BYTES, lengthBytes: 1 }, 22, /beyond/],
    ['a TRIM with NO_HOLE', { command: CMD_TRIM, flags: CMD_FLAG_NO_HOLE, lengthBytes: 1 }, 22, /flag/],
    ['a FLUSH of a range', { command: CMD_FLUSH, lengthBytes: 512 }, 22, /length/],
    ['CACHE', { command: CMD_CACHE, lengthBytes: 512 }, 95, /not offered/],
    ['a command nobody knows', { command: 99 }, 22, /99 is not known/],
  ])('answers %s with its errno, changes nothing and goes on', async (_what, fields, errno, reason) => {
    const { client, volume, network, log } = await attached();
    const data = fields.command === CMD_WRITE ? pattern(fields.lengthBytes ?? 0, 3) : NO_DATA;
    for (const cookie of [1, 2]) client.request({ ...fields, cookie }, data);
    client.request({ command: CMD_WRITE, cookie: 3, lengthBytes: 3 }, pattern(3, 3));
    await network.run();
    expect(client.takeReplies().map((reply) => [reply.cookie, reply.errno])).toEqual([
      [1, errno],
      [2, errno],
      [3, 0],
    ]);
    expect(volume.calls).toEqual(['write 0+3']);
    const warnings = log.lines.filter((line) => line.level === 'warn');
    expect(warnings).toHaveLength(1);
    expect(warnings[0]?.facts).toMatchObject({ errno, export: NAME, reason: expect.stringMatching(reason) });
  });

  it('refuses requests longer than 32 MiB and passes their data over', async () => {
    const volume = new MemoryExport(NAME, 40 * 1024 * 1024);
    const { network } = await serve(exportsOf(volume));
    const client = await attach(network, ADDRESS, NAME);
    const lengthBytes = 32 * 1024 * 1024 + 1;
    client.request({ command: CMD_READ, cookie: 1, lengthBytes });
    client.request({ command: CMD_WRITE, cookie: 2, lengthBytes }, new Uint8Array(lengthBytes).fill(9));
    client.request({ command: CMD_READ, cookie: 3, lengthBytes: 2 });
    await network.run();
    expect(client.takeReplies()).toEqual([
      { cookie: 1, errno: NBD_ERRNO.EINVAL, data: NO_DATA },
      { cookie: 2, errno: NBD_ERRNO.EINVAL, data: NO_DATA },
      { cookie: 3, errno: 0, data: new Uint8Array(2) },
    ]);
    expect(volume.calls).toEqual([]);
  });

  it('answers requests of no length without troubling the volume', async () => {
    const { client, volume, network } = await attached();
    for (const command of [CMD_READ, CMD_WRITE, CMD_TRIM, CMD_WRITE_ZEROES]) {
      client.request({ command, cookie: command, offsetBytes: SIZE_BYTES });
    }
    await network.run();
    expect(client.takeReplies().map((reply) => [reply.cookie, reply.errno])).toEqual([
      [CMD_READ, 0],
      [CMD_WRITE, 0],
      [CMD_TRIM, 0],
      [CMD_WRITE_ZEROES, 0],
    ]);
    expect(volume.calls).toEqual([]);
  });

  it.each(Object.entries(NBD_ERRNO))('hands %s from the volume to the client', async (_name, errno) => {
    const { client, volume, network } = await attached();
    volume.errno = errno;
    client.request({ command: CMD_READ, cookie: 1, lengthBytes: 4096 });
    client.request({ command: CMD_WRITE, cookie: 2, lengthBytes: 4 }, pattern(4, 1));
    client.request({ command: CMD_FLUSH, cookie: 3 });
    client.request({ command: CMD_TRIM, cookie: 4, lengthBytes: 4 });
    await network.run();
    expect(client.takeReplies()).toEqual([1, 2, 3, 4].map((cookie) => ({ cookie, errno, data: NO_DATA })));
  });

  it('answers EPERM from the moment a volume turns read-only, and still reads and flushes', async () => {
    const { client, volume, network } = await attached();
    volume.readOnly = true;
    client.request({ command: CMD_WRITE, cookie: 1, lengthBytes: 4 }, pattern(4, 1));
    client.request({ command: CMD_WRITE_ZEROES, cookie: 2, lengthBytes: 4 });
    client.request({ command: CMD_TRIM, cookie: 3, lengthBytes: 4 });
    client.request({ command: CMD_READ, cookie: 4, lengthBytes: 4 });
    client.request({ command: CMD_FLUSH, cookie: 5 });
    await network.run();
    expect(client.takeReplies().map((reply) => reply.errno)).toEqual([1, 1, 1, 0, 0]);
    expect(volume.calls).toEqual(['flush']);
  });

  it('answers in the order of completion', async () => {
    const { client, volume, network } = await attached();
    volume.immediate = false;
    for (const cookie of [1, 2, 3]) {
      client.request({ command: CMD_WRITE, cookie, offsetBytes: cookie, lengthBytes: 1 }, pattern(1, cookie));
    }
    client.request({ command: CMD_READ, cookie: 4, lengthBytes: 1 });
    await network.run();
    expect(client.takeReplies().map((reply) => reply.cookie)).toEqual([4]);
    for (const index of [2, 0, 0]) {
      const [complete] = volume.waiting.splice(index, 1);
      complete?.();
    }
    await network.run();
    expect(client.takeReplies().map((reply) => reply.cookie)).toEqual([3, 1, 2]);
  });

  it('sends the replies of one chunk in one write', async () => {
    const { client, network } = await attached();
    const end = serverEnd(client);
    const before = end.writes;
    const requests: Uint8Array[] = [];
    for (let cookie = 1; cookie <= 100; cookie++) {
      requests.push(requestBytes({ command: CMD_WRITE, cookie, lengthBytes: 4 }), pattern(4, 1));
    }
    end.onData?.(concat(...requests));
    expect(end.writes - before).toBe(1);
    await network.run();
    expect(client.takeReplies()).toHaveLength(100);
  });

  it('lets a FLUSH of one client cover the writes of another', async () => {
    const { client, volume, network } = await attached();
    const other = await attach(network, ADDRESS, NAME);
    client.request({ command: CMD_WRITE, cookie: 1, offsetBytes: 9, lengthBytes: 2 }, pattern(2, 1));
    await network.run();
    other.request({ command: CMD_FLUSH, cookie: 2 });
    other.request({ command: CMD_READ, cookie: 3, offsetBytes: 9, lengthBytes: 2 });
    await network.run();
    expect(other.takeReplies().map((reply) => [...reply.data])).toEqual([[], [...pattern(2, 1)]]);
    expect(volume.calls).toEqual(['write 9+2', 'flush']);
  });
});

describe('an NBD connection', () => {
  it('stops reading while too much is outstanding, and loses nothing by it', async () => {
    for (let seed = 0; seed < 10; seed++) {
      const limitBytes = 64 * 1024;
      const { client, volume, network } = await attached(seed, { outstandingBytes: limitBytes });
      volume.immediate = false;
      const count = 200;
      for (let cookie = 1; cookie <= count; cookie++) {
        const fields = { command: CMD_WRITE, cookie, offsetBytes: cookie * 4096, lengthBytes: 4096 };
        client.request(fields, pattern(4096, cookie));
      }
      await network.run();
      expect(serverEnd(client).paused).toBe(true);
      expect(volume.waiting.length).toBeLessThan(20);
      while (volume.completeOne(network.random)) await network.run();
      expect(volume.mostOutstandingBytes).toBeLessThanOrEqual(limitBytes + 4096);
      expect(serverEnd(client).paused).toBe(false);
      const cookies = client.takeReplies().map((reply) => reply.cookie);
      expect(cookies.sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, index) => index + 1));
      for (let cookie = 1; cookie <= count; cookie++) {
        expect(same(volume.content.subarray(cookie * 4096, cookie * 4096 + 4096), pattern(4096, cookie))).toBe(true);
      }
    }
  });

  it('bounds even requests that carry nothing', async () => {
    const { client, volume, network } = await attached(3, { outstandingBytes: 16 * 1024 });
    volume.immediate = false;
    for (let cookie = 1; cookie <= 1000; cookie++) client.request({ command: CMD_FLUSH, cookie });
    await network.run();
    expect(volume.waiting).toHaveLength(64);
    while (volume.completeOne(network.random)) await network.run();
    expect(client.takeReplies()).toHaveLength(1000);
  });

  it('does not pile up the data of READs that a client does not fetch', async () => {
    const { client, network } = await attached();
    const end = serverEnd(client);
    client.stream.pause();
    for (let cookie = 1; cookie <= 300; cookie++) {
      client.request({ command: CMD_READ, cookie, lengthBytes: 65_536 });
    }
    await network.run();
    expect(end.queuedBytes).toBeGreaterThan(0);
    expect(end.mostQueuedBytes).toBeLessThan(512 * 1024);
    expect(end.paused).toBe(true);
    client.stream.resume();
    await network.run();
    expect(client.takeReplies()).toHaveLength(300);
    expect(end.mostQueuedBytes).toBeLessThan(512 * 1024);
  });

  it('answers what is outstanding after DISC, reads nothing more, then ends', async () => {
    const { server, client, volume, network, log } = await attached();
    volume.immediate = false;
    client.request({ command: CMD_WRITE, cookie: 1, lengthBytes: 4 }, pattern(4, 1));
    client.request({ command: CMD_DISC, cookie: 2 });
    client.request({ command: CMD_WRITE, cookie: 3, lengthBytes: 4 }, pattern(4, 1));
    await network.run();
    expect(client.closed).toBe(false);
    expect(volume.completeOne(network.random)).toBe(true);
    await network.run();
    expect(client.takeReplies().map((reply) => reply.cookie)).toEqual([1]);
    expect(client.closed).toBe(true);
    expect(server.clientCount()).toBe(0);
    expect(volume.calls).toEqual(['write 0+4']);
    expect(log.lines.at(-1)).toMatchObject({ message: 'nbd client gone', facts: { inOrder: true, unanswered: 0 } });
  });

  it('closes on what is no request, having answered what came before', async () => {
    const { server, client, network, log } = await attached();
    client.request({ command: CMD_READ, cookie: 1, lengthBytes: 16 });
    client.request({ command: CMD_READ, cookie: 2, magic: 0x12345678 });
    await network.run();
    expect(client.takeReplies().map((reply) => reply.cookie)).toEqual([1]);
    expect(client.closed).toBe(true);
    expect(server.clientCount()).toBe(0);
    expect(log.lines).toContainEqual({
      level: 'warn',
      message: 'nbd client closed: it broke the protocol',
      facts: { export: NAME, magic: 0x12345678, reason: 'not an NBD request: wrong magic number' },
    });
  });

  it('forgets completions that come after the client has gone', async () => {
    const { server, client, volume, network, log } = await attached();
    volume.immediate = false;
    client.request({ command: CMD_WRITE, cookie: 1, lengthBytes: 4 }, pattern(4, 1));
    await network.run();
    client.stream.destroy();
    await network.run();
    expect(server.clientCount()).toBe(0);
    expect(log.lines.at(-1)?.facts).toMatchObject({ inOrder: false, reason: 'ECONNRESET', unanswered: 1 });
    expect(volume.completeOne(network.random)).toBe(true);
    await network.run();
    expect(volume.content.subarray(0, 4)).toEqual(pattern(4, 1));
  });

  it('does not let a volume complete one request twice', async () => {
    const { client, volume, network } = await attached();
    volume.immediate = false;
    client.request({ command: CMD_FLUSH, cookie: 1 });
    await network.run();
    const complete = volume.waiting[0];
    complete?.();
    expect(() => complete?.()).toThrow(/twice/);
  });

  it('drops the clients of one export and no others', async () => {
    const volumes = [new MemoryExport('demo/P/0', 4096), new MemoryExport('demo/P/1', 4096)];
    const { server, network } = await serve(exportsOf(...volumes));
    const [first, second, other] = [
      await attach(network, ADDRESS, 'demo/P/0'),
      await attach(network, ADDRESS, 'demo/P/0'),
      await attach(network, ADDRESS, 'demo/P/1'),
    ];
    expect(server.dropClients('demo/P/0')).toBe(2);
    await network.run();
    expect([first, second, other].map((client) => client?.closed)).toEqual([true, true, false]);
    expect(server.clientCount()).toBe(1);
    expect(server.dropClients('demo/P/0')).toBe(0);
  });

  it('drops a client that does not fetch its replies by force in the end', async () => {
    const { server, client, network, clock } = await attached();
    client.stream.pause();
    client.request({ command: CMD_READ, cookie: 1, lengthBytes: 4096 });
    await network.run();
    server.dropClients(NAME);
    await network.run();
    expect(server.clientCount()).toBe(1);
    clock.advance(5_000);
    await network.run();
    expect(server.clientCount()).toBe(0);
    expect(clock.timers).toBe(0);
  });

  it('lets everyone go and takes nobody on when the server stops', async () => {
    const { server, client, network } = await attached();
    server.close();
    await network.run();
    expect(client.closed).toBe(true);
    const late = network.connect(ADDRESS);
    let reason: string | null = null;
    late.onClose = (why) => {
      reason = why;
    };
    await network.run();
    expect(reason).toBe('ECONNREFUSED');
  });
});
