import { describe, expect, it } from 'vitest';
import type { NbdExports } from './export.ts';
import {
  EXPORT_CAN_MULTI_CONN,
  EXPORT_HAS_FLAGS,
  EXPORT_READ_ONLY,
  EXPORT_SEND_FLUSH,
  EXPORT_SEND_FUA,
  EXPORT_SEND_TRIM,
  EXPORT_SEND_WRITE_ZEROES,
  FLAG_FIXED_NEWSTYLE,
  FLAG_NO_ZEROES,
  INFO_BLOCK_SIZE,
  INFO_DESCRIPTION,
  INFO_EXPORT,
  INFO_NAME,
  OPT_ABORT,
  OPT_EXPORT_NAME,
  OPT_GO,
  OPT_INFO,
  OPT_LIST,
  REP_ACK,
  REP_ERR_INVALID,
  REP_ERR_POLICY,
  REP_ERR_TOO_BIG,
  REP_ERR_UNKNOWN,
  REP_ERR_UNSUP,
  REP_INFO,
  REP_SERVER,
} from './protocol.ts';
import { MemoryExport } from './test-support/memory-export.ts';
import { clientFlags, concat, infoRequest, option, RawClient, text, u16, u32 } from './test-support/raw-client.ts';
import { ADDRESS, type Serving, serve } from './test-support/serving.ts';

const WRITABLE_FLAGS =
  EXPORT_HAS_FLAGS |
  EXPORT_SEND_FLUSH |
  EXPORT_SEND_FUA |
  EXPORT_SEND_TRIM |
  EXPORT_SEND_WRITE_ZEROES |
  EXPORT_CAN_MULTI_CONN;
const READ_ONLY_FLAGS =
  EXPORT_HAS_FLAGS | EXPORT_SEND_FLUSH | EXPORT_SEND_FUA | EXPORT_CAN_MULTI_CONN | EXPORT_READ_ONLY;

function threeExports(): NbdExports {
  const writable = new MemoryExport('demo/P/0', 1_048_576);
  const readOnly = new MemoryExport('demo/R/0', 4096);
  readOnly.readOnly = true;
  return {
    list: () => [writable, readOnly, { name: 'demo/I/0', description: '' }],
    find: (name) => {
      if (name === 'demo/I/0') return { refused: 'demo/I/0 is not consistent: a formation copy is under way' };
      return [writable, readOnly].find((volume) => volume.name === name) ?? null;
    },
  };
}

/** Sends `parts` after the flags and runs until nothing moves. The greeting is taken off. */
async function negotiate(...parts: Uint8Array[]): Promise<{ client: RawClient; serving: Serving }> {
  const serving = await serve(threeExports(), parts.length);
  const client = new RawClient(serving.network, ADDRESS);
  client.send(clientFlags(), ...parts);
  await serving.network.run();
  expect(client.takeGreeting()).toBe(FLAG_FIXED_NEWSTYLE | FLAG_NO_ZEROES);
  return { client, serving };
}

describe('an NBD negotiation', () => {
  it('answers GO with size and flags, and what else was asked', async () => {
    const { client, serving } = await negotiate(
      option(OPT_GO, infoRequest('demo/P/0', INFO_BLOCK_SIZE, INFO_NAME, INFO_DESCRIPTION, 77)),
    );
    expect(client.takeOptionReplies()).toEqual([
      reply(OPT_GO, REP_INFO, u16(INFO_EXPORT), u32(0), u32(1_048_576), u16(WRITABLE_FLAGS)),
      reply(OPT_GO, REP_INFO, u16(INFO_NAME), text('demo/P/0')),
      reply(OPT_GO, REP_INFO, u16(INFO_DESCRIPTION), text('a volume in memory')),
      reply(OPT_GO, REP_INFO, u16(INFO_BLOCK_SIZE), u32(1), u32(4096), u32(33_554_432)),
      reply(OPT_GO, REP_ACK),
    ]);
    expect(serving.server.clientCount('demo/P/0')).toBe(1);
  });

  it('answers INFO alike and goes on negotiating', async () => {
    const { client, serving } = await negotiate(
      option(OPT_INFO, infoRequest('demo/R/0')),
      option(OPT_GO, infoRequest('demo/R/0')),
    );
    const size = [u16(INFO_EXPORT), u32(0), u32(4096), u16(READ_ONLY_FLAGS)];
    expect(client.takeOptionReplies()).toEqual([
      reply(OPT_INFO, REP_INFO, ...size),
      reply(OPT_INFO, REP_ACK),
      reply(OPT_GO, REP_INFO, ...size),
      reply(OPT_GO, REP_ACK),
    ]);
    expect(serving.server.clientCount('demo/R/0')).toBe(1);
  });

  it('lists every export with its description, then ends on ABORT', async () => {
    const { client, serving } = await negotiate(option(OPT_LIST), option(OPT_ABORT));
    expect(client.takeOptionReplies()).toEqual([
      reply(OPT_LIST, REP_SERVER, u32(8), text('demo/P/0'), text('a volume in memory')),
      reply(OPT_LIST, REP_SERVER, u32(8), text('demo/R/0'), text('a volume in memory')),
      reply(OPT_LIST, REP_SERVER, u32(8), text('demo/I/0')),
      reply(OPT_LIST, REP_ACK),
      reply(OPT_ABORT, REP_ACK),
    ]);
    expect(client.closed).toBe(true);
    expect(serving.server.clientCount()).toBe(0);
    expect(serving.log.lines.filter((line) => line.level === 'warn')).toEqual([]);
  });

  it.each([
    { flags: FLAG_FIXED_NEWSTYLE | FLAG_NO_ZEROES, padding: 0 },
    { flags: FLAG_FIXED_NEWSTYLE, padding: 124 },
    { flags: 0, padding: 124 },
  ])('answers EXPORT_NAME from a client with flags $flags with $padding zeros', async ({ flags, padding }) => {
    const { server, network } = await serve(threeExports());
    const client = new RawClient(network, ADDRESS);
    client.send(clientFlags(flags), option(OPT_EXPORT_NAME, text('demo/P/0')));
    await network.run();
    client.takeGreeting();
    expect(client.takeBytes(client.receivedBytes)).toEqual(
      concat(u32(0), u32(1_048_576), u16(WRITABLE_FLAGS), new Uint8Array(padding)),
    );
    expect(server.clientCount('demo/P/0')).toBe(1);
  });

  it.each([
    ['an option nobody knows', option(4711, text('??')), 4711, REP_ERR_UNSUP, /4711 is not supported/],
    ['STARTTLS', option(5), 5, REP_ERR_UNSUP, /not supported/],
    ['STRUCTURED_REPLY', option(8), 8, REP_ERR_UNSUP, /not supported/],
    ['a LIST with data', option(OPT_LIST, text('x')), OPT_LIST, REP_ERR_INVALID, /no data/],
    ['an unknown name', option(OPT_GO, infoRequest('demo/Q/0')), OPT_GO, REP_ERR_UNKNOWN, /demo\/Q\/0/],
    ['no name', option(OPT_INFO, infoRequest('')), OPT_INFO, REP_ERR_UNKNOWN, /list the exports/],
    ['an export that cannot be had', option(OPT_GO, infoRequest('demo/I/0')), OPT_GO, REP_ERR_POLICY, /not consistent/],
    ['a GO without data', option(OPT_GO), OPT_GO, REP_ERR_INVALID, /too short/],
    ['a name that does not fit', option(OPT_GO, concat(u32(9), text('demo'))), OPT_GO, REP_ERR_INVALID, /does not fit/],
    ['a huge name length', option(OPT_GO, concat(u32(2 ** 32 - 1), u16(0))), OPT_GO, REP_ERR_INVALID, /does not fit/],
    [
      'too few information requests',
      option(OPT_GO, concat(u32(1), text('x'), u16(3), u16(0))),
      OPT_GO,
      REP_ERR_INVALID,
      /3 information requests/,
    ],
    [
      'a name that is not UTF-8',
      option(OPT_GO, concat(u32(2), new Uint8Array([0xc3, 0x28]), u16(0))),
      OPT_GO,
      REP_ERR_INVALID,
      /UTF-8/,
    ],
    ['20 KB of data', option(OPT_GO, new Uint8Array(20_000)), OPT_GO, REP_ERR_TOO_BIG, /16384 bytes/],
  ])('refuses %s and goes on', async (_what, sent, code, type, message) => {
    const { client, serving } = await negotiate(sent, option(OPT_GO, infoRequest('demo/P/0')));
    const [refusal, ...rest] = client.takeOptionReplies();
    expect(refusal).toMatchObject({ option: code, type });
    expect(new TextDecoder().decode(refusal?.payload)).toMatch(message);
    expect(rest.at(-1)).toEqual(reply(OPT_GO, REP_ACK));
    expect(serving.server.clientCount('demo/P/0')).toBe(1);
  });

  it('never sends a message longer than the protocol allows', async () => {
    const { client } = await negotiate(option(OPT_GO, infoRequest('ü'.repeat(2000))));
    const [refusal] = client.takeOptionReplies();
    expect(refusal?.type).toBe(REP_ERR_UNKNOWN);
    expect(refusal?.payload.length).toBeLessThanOrEqual(4096);
  });

  it.each([
    ['client flags it did not offer', u32(8), /flags/],
    ['something that is no option', concat(clientFlags(), text('GET / HTTP/1.1\r\n\r\n')), /wrong magic number/],
    ['EXPORT_NAME of nothing', concat(clientFlags(), option(OPT_EXPORT_NAME, text('nope'))), /no such export/],
    [
      'EXPORT_NAME of what cannot be had',
      concat(clientFlags(), option(OPT_EXPORT_NAME, text('demo/I/0'))),
      /refused: .*not consistent/,
    ],
    ['EXPORT_NAME beyond length', concat(clientFlags(), option(OPT_EXPORT_NAME, text(''), 4097)), /too long/],
    ['options although not fixed', concat(clientFlags(0), option(OPT_LIST)), /not fixed newstyle/],
  ])('closes on %s and says why', async (_what, sent, reason) => {
    const { server, network, log } = await serve(threeExports());
    const client = new RawClient(network, ADDRESS);
    client.send(sent);
    await network.run();
    client.takeGreeting();
    expect(client.receivedBytes).toBe(0);
    expect(client.closed).toBe(true);
    expect(server.clientCount()).toBe(0);
    expect(log.lines.filter((line) => line.level === 'warn')).toEqual([
      expect.objectContaining({
        message: 'nbd client closed: it broke the protocol',
        facts: expect.objectContaining({ reason: expect.stringMatching(reason) }),
      }),
    ]);
  });

  it('lets a silent client go after the time it may take, and no client that has chosen', async () => {
    const { server, network, clock, log } = await serve(threeExports());
    const silent = new RawClient(network, ADDRESS);
    const quick = new RawClient(network, ADDRESS);
    quick.send(clientFlags(), option(OPT_GO, infoRequest('demo/P/0')));
    await network.run();
    expect(server.clientCount()).toBe(2);
    clock.advance(30_000);
    await network.run();
    expect(silent.closed).toBe(true);
    expect(quick.closed).toBe(false);
    expect(server.clientCount()).toBe(1);
    expect(log.lines.map((line) => line.facts.reason)).toContain('client did not choose an export in time');
    expect(clock.timers).toBe(0);
  });

  it('turns away more clients than it may have', async () => {
    const { server, network, log } = await serve(threeExports(), 1, { clients: 2 });
    const clients = [1, 2, 3].map(() => new RawClient(network, ADDRESS));
    await network.run();
    expect(clients.map((client) => client.closed)).toEqual([false, false, true]);
    expect(server.clientCount()).toBe(2);
    expect(log.lines).toContainEqual(
      expect.objectContaining({ message: 'nbd client turned away: too many clients', facts: { limit: 2 } }),
    );
  });
});

function reply(code: number, type: number, ...payload: Uint8Array[]) {
  return { option: code, type, payload: concat(...payload) };
}
