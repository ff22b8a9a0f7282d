import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NbdClient } from './client.ts';
import { NbdError } from './client-error.ts';
import {
  greeting,
  NBD_ERRNO,
  OPT_ABORT,
  OPT_EXPORT_NAME,
  OPT_GO,
  OPT_INFO,
  OPT_LIST,
  optionReply,
  REP_ACK,
  REP_ERR_BIT,
  REP_ERR_TOO_BIG,
  REP_INFO,
  REP_SERVER,
} from './protocol.ts';
import { exportsOf } from './test-support/file-export.ts';
import { MemoryExport } from './test-support/memory-export.ts';
import { ManualClock, PairedNetwork, seeded } from './test-support/paired-network.ts';
import {
  attach,
  clientFlags,
  concat,
  infoRequest,
  option,
  RawClient,
  type RequestFields,
  requestBytes,
  text,
} from './test-support/raw-client.ts';
import { ADDRESS, serve } from './test-support/serving.ts';

const NAME = 'demo/P/0';
const SIZE_BYTES = 64 * 1024;
const ERRNOS: ReadonlySet<number> = new Set(Object.values(NBD_ERRNO));
const KNOWN_OPTION_REPLIES: ReadonlySet<number> = new Set([REP_ACK, REP_SERVER, REP_INFO]);

const seed = fc.integer({ min: 0, max: 2 ** 31 });
const anyBytes = fc.uint8Array({ maxLength: 600 });
const u16Value = fc.oneof(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 0xffff }));
const u32Value = fc.oneof(fc.integer({ min: 0, max: 4096 }), fc.integer({ min: 0, max: 0xffffffff }));

/** Options as a client would send them, and close to it. */
const anyOption = fc.oneof(
  fc.record({
    code: fc.constantFrom(OPT_INFO, OPT_LIST, 3, 5, 8, 9, 10, 11, 4711),
    data: fc.oneof(
      anyBytes,
      fc.constantFrom('', NAME, 'nope', 'ü').map((name) => infoRequest(name, 0, 1, 3)),
      fc.uint8Array({ minLength: 16_380, maxLength: 16_400 }),
    ),
  }),
);

/** Requests as a client would send them, and close to it. */
const anyRequest = fc.record({
  command: fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(0, 1, 3, 4, 6) },
    { weight: 1, arbitrary: fc.constantFrom(5, 7, 999) },
  ),
  flags: fc.oneof({ weight: 6, arbitrary: fc.constantFrom(0, 1) }, { weight: 1, arbitrary: u16Value }),
  offsetBytes: fc.oneof(fc.integer({ min: 0, max: SIZE_BYTES + 10 }), fc.maxSafeNat()),
  lengthBytes: fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 0, max: 5000 }) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 2 * SIZE_BYTES }) },
  ),
});

describe('the NBD server under a byte fuzzer', () => {
  it('survives any bytes instead of a negotiation, and serves the next client', async () => {
    await fc.assert(
      fc.asyncProperty(seed, fc.array(anyBytes, { maxLength: 4 }), async (networkSeed, parts) => {
        const { server, network, clock } = await serve(exportsOf(new MemoryExport(NAME, SIZE_BYTES)), networkSeed);
        const client = new RawClient(network, ADDRESS);
        client.send(...parts);
        await network.run();
        client.takeGreeting();
        client.stream.destroy();
        await network.run();
        expect(server.clientCount()).toBe(0);
        expect(clock.timers).toBe(0);
        await attach(network, ADDRESS, NAME);
      }),
      { numRuns: 300 },
    );
  });

  it('answers every option with well-formed replies to that option', async () => {
    await fc.assert(
      fc.asyncProperty(seed, fc.array(anyOption, { maxLength: 12 }), async (networkSeed, options) => {
        const { server, network } = await serve(exportsOf(new MemoryExport(NAME, SIZE_BYTES)), networkSeed);
        const client = new RawClient(network, ADDRESS);
        client.send(clientFlags(), ...options.map(({ code, data }) => option(code, data)), option(OPT_ABORT));
        await network.run();
        client.takeGreeting();
        for (const { code, data } of [...options, { code: OPT_ABORT, data: new Uint8Array(0) }]) {
          let last = client.takeOptionReply();
          while (last.type === REP_SERVER || last.type === REP_INFO) last = client.takeOptionReply();
          expect(last.option).toBe(code);
          expect(KNOWN_OPTION_REPLIES.has(last.type) || last.type > REP_ERR_BIT).toBe(true);
          expect(last.type === REP_ERR_TOO_BIG).toBe(data.length > 16_384);
        }
        expect(client.receivedBytes).toBe(0);
        expect(client.closed).toBe(true);
        expect(server.clientCount()).toBe(0);
      }),
      { numRuns: 200 },
    );
  });

  it('survives a valid negotiation with one byte changed anywhere', async () => {
    const valid = concat(clientFlags(), option(OPT_LIST), option(OPT_GO, infoRequest(NAME, 3)));
    await fc.assert(
      fc.asyncProperty(
        seed,
        fc.integer({ min: 0, max: valid.length - 1 }),
        fc.integer({ min: 1, max: 255 }),
        async (networkSeed, at, change) => {
          const { server, network, clock } = await serve(exportsOf(new MemoryExport(NAME, SIZE_BYTES)), networkSeed);
          const spoilt = valid.slice();
          spoilt[at] = (spoilt[at] ?? 0) ^ change;
          const client = new RawClient(network, ADDRESS);
          client.send(spoilt);
          await network.run();
          client.takeGreeting();
          // Without a hit on EXPORT_NAME, whose answer has no header, all there is are option replies.
          if (spoilt[15] !== OPT_EXPORT_NAME && spoilt[31] !== OPT_EXPORT_NAME) client.takeOptionReplies();
          clock.advance(60_000);
          await network.run();
          expect(server.clientCount()).toBe(server.clientCount(NAME));
        },
      ),
      { numRuns: 400 },
    );
  });

  it('answers every request once, with data or an errno of the protocol, and never out of bounds', async () => {
    await fc.assert(
      fc.asyncProperty(
        seed,
        fc.array(anyRequest, { maxLength: 40 }),
        fc.boolean(),
        fc.boolean(),
        async (networkSeed, requests, immediate, readOnly) => {
          const volume = new MemoryExport(NAME, SIZE_BYTES);
          volume.immediate = immediate;
          volume.readOnly = readOnly;
          const limits = { outstandingBytes: 16 * 1024 };
          const { network } = await serve(exportsOf(volume), networkSeed, limits);
          const client = await attach(network, ADDRESS, NAME);
          requests.forEach((request, cookie) => {
            const data = new Uint8Array(request.command === 1 ? request.lengthBytes : 0).fill(cookie);
            client.request({ ...request, cookie }, data);
          });
          await network.run();
          while (volume.completeOne(network.random)) await network.run();
          const replies = client.takeReplies();
          expect(replies.map((reply) => reply.cookie).sort((a, b) => a - b)).toEqual(requests.map((_, index) => index));
          expect(replies.every((reply) => reply.errno === 0 || ERRNOS.has(reply.errno))).toBe(true);
          expect(client.closed).toBe(false);
          expect(volume.mostOutstandingBytes).toBeLessThanOrEqual(limits.outstandingBytes + SIZE_BYTES);
          if (readOnly) expect(volume.content.every((byte) => byte === 0)).toBe(true);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('survives any bytes in the middle of requests: it answers those before and closes or waits', async () => {
    await fc.assert(
      fc.asyncProperty(seed, fc.array(anyRequest, { maxLength: 5 }), anyBytes, async (networkSeed, requests, noise) => {
        const volume = new MemoryExport(NAME, SIZE_BYTES);
        const { server, network, clock } = await serve(exportsOf(volume), networkSeed);
        const client = await attach(network, ADDRESS, NAME);
        requests.forEach((request, cookie) => {
          client.request({ ...request, cookie }, new Uint8Array(request.command === 1 ? request.lengthBytes : 0));
        });
        client.send(noise);
        await network.run();
        const replies = client.takeReplies();
        expect(replies.slice(0, requests.length).map((reply) => reply.cookie)).toEqual(requests.map((_, at) => at));
        // 28 bytes of noise make a request, and noise is none: its magic number would have to be right by chance.
        if (noise.length >= 28) expect(client.closed).toBe(true);
        client.stream.destroy();
        await network.run();
        expect(server.clientCount()).toBe(0);
        expect(clock.timers).toBe(0);
      }),
      { numRuns: 200 },
    );
  });

  it('keeps memory bounded however a stream of huge requests is cut', async () => {
    await fc.assert(
      fc.asyncProperty(seed, async (networkSeed) => {
        const volume = new MemoryExport(NAME, SIZE_BYTES);
        const { network } = await serve(exportsOf(volume), networkSeed);
        const client = await attach(network, ADDRESS, NAME);
        const random = seeded(networkSeed);
        const requests: RequestFields[] = Array.from({ length: 3000 }, (_, cookie) => ({
          command: 0,
          cookie,
          lengthBytes: Math.floor(random() * SIZE_BYTES),
        }));
        for (const fields of requests) client.expectRead(fields);
        const end = client.stream.peer;
        client.stream.pause();
        // All of them in one chunk, as one large receive buffer would bring them.
        end?.onData?.(concat(...requests.map(requestBytes)));
        await network.run();
        expect(end?.mostQueuedBytes).toBeLessThan(512 * 1024);
        client.stream.resume();
        await network.run();
        expect(client.takeReplies().map((reply) => reply.cookie)).toEqual(requests.map((fields) => fields.cookie));
        expect(end?.mostQueuedBytes).toBeLessThan(512 * 1024);
      }),
      { numRuns: 5 },
    );
  });
});

describe('the NBD client under a byte fuzzer', () => {
  it('ends every request and every connection whatever the server says', async () => {
    const size = concat(new Uint8Array(10), new Uint8Array([0, 1]));
    const agreed = concat(greeting(), optionReply(OPT_GO, REP_INFO, size), optionReply(OPT_GO, REP_ACK, text('')));
    await fc.assert(
      fc.asyncProperty(
        seed,
        fc.oneof(
          anyBytes,
          anyBytes.map((noise) => concat(greeting(), noise)),
          fc.tuple(u32Value, anyBytes).map(([type, noise]) => concat(greeting(), optionReply(OPT_GO, type, noise))),
          anyBytes.map((noise) => concat(agreed, noise)),
        ),
        async (networkSeed, said) => {
          const network = new PairedNetwork(networkSeed);
          const clock = new ManualClock();
          await network.listen(ADDRESS, (stream) => stream.write(said));
          const outcome = NbdClient.connect({ network, clock }, ADDRESS, NAME).catch((error: NbdError) => error);
          await network.run();
          clock.advance(10_000);
          const client = await outcome;
          const ended: (string | null)[] = [];
          if (client instanceof NbdClient) {
            client.read(0, new Uint8Array(100), (error) => ended.push(error?.code ?? null));
            client.flush((error) => ended.push(error?.code ?? null));
            await network.run();
            clock.advance(60_000);
            expect(ended).toHaveLength(2);
          } else {
            expect(client).toBeInstanceOf(NbdError);
          }
          await network.run();
          expect(clock.timers).toBe(0);
        },
      ),
      { numRuns: 400 },
    );
  });
});
