import { describe, expect, it } from 'vitest';
import { NbdClient, type NbdDone } from './client.ts';
import { NbdError } from './client-error.ts';
import type { NbdExports } from './export.ts';
import { greeting, NBD_ERRNO, OPT_GO, optionReply, REP_ACK, REP_INFO } from './protocol.ts';
import { exportsOf } from './test-support/file-export.ts';
import { MemoryExport } from './test-support/memory-export.ts';
import { ManualClock, PairedNetwork, type PairedStream, seeded } from './test-support/paired-network.ts';
import { concat, u16, u32 } from './test-support/raw-client.ts';
import { ADDRESS, type Serving, serve } from './test-support/serving.ts';

const NAME = 'demo/P/0';

/** Connects while the network runs. Resolves with the client or the error it was refused with. */
async function connect(
  { network, clock }: Pick<Serving, 'network' | 'clock'>,
  exportName = NAME,
  address = ADDRESS,
): Promise<NbdClient | NbdError> {
  const outcome = NbdClient.connect({ network, clock }, address, exportName).catch((error: NbdError) => error);
  await network.run();
  return outcome;
}

async function connected(serving: Pick<Serving, 'network' | 'clock'>, exportName = NAME): Promise<NbdClient> {
  const client = await connect(serving, exportName);
  if (client instanceof NbdError) throw client;
  return client;
}

/** Notes how requests ended: `null` or the code of the error. */
function notebook(): { results: Record<string, string | null>; note: (name: string) => NbdDone } {
  const results: Record<string, string | null> = {};
  return {
    results,
    note: (name) => (error) => {
      if (name in results) throw new Error(`${name} was completed twice`);
      results[name] = error?.code ?? null;
    },
  };
}

describe('an NBD client', () => {
  it('learns size and access of its export', async () => {
    const writable = new MemoryExport(NAME, 1_048_576);
    const readOnly = new MemoryExport('demo/R/0', 3 * 2 ** 20);
    readOnly.readOnly = true;
    const serving = await serve(exportsOf(writable, readOnly));
    expect(await connected(serving)).toMatchObject({ sizeBytes: 1_048_576, readOnly: false, outstanding: 0 });
    expect(await connected(serving, 'demo/R/0')).toMatchObject({ sizeBytes: 3 * 2 ** 20, readOnly: true });
  });

  it('agrees with a model over many pipelined requests, however the stream is cut', async () => {
    for (let seed = 1; seed <= 20; seed++) await agreeWithModel(seed);
  });

  it.each<[string, string, NbdExports]>([
    ['NO_SUCH_EXPORT', 'no export is named', exportsOf()],
    ['EXPORT_REFUSED', 'is not consistent', { list: () => [], find: () => ({ refused: 'it is not consistent' }) }],
  ])('is told %s', async (code, message, exports) => {
    const error = await connect(await serve(exports));
    expect(error).toMatchObject({ code, message: expect.stringContaining(message), cure: expect.stringMatching(/\w/) });
  });

  it('names every errno', async () => {
    const volume = new MemoryExport(NAME, 4096);
    const serving = await serve(exportsOf(volume));
    const client = await connected(serving);
    const { results, note } = notebook();
    for (const [name, errno] of Object.entries(NBD_ERRNO)) {
      volume.errno = errno;
      client.read(0, new Uint8Array(16), note(`read ${name}`));
      client.write(0, new Uint8Array(16), false, note(`write ${name}`));
      await serving.network.run();
      expect(results).toMatchObject({ [`read ${name}`]: name, [`write ${name}`]: name });
    }
  });

  it('says UNREACHABLE where nobody listens or nobody answers', async () => {
    const serving = await serve(exportsOf());
    expect(await connect(serving, NAME, 'elsewhere:1')).toMatchObject({ code: 'UNREACHABLE' });

    await serving.network.listen('mute:1', () => undefined);
    const outcome = NbdClient.connect(serving, 'mute:1', NAME).catch((error: NbdError) => error);
    await serving.network.run();
    serving.clock.advance(10_000);
    await serving.network.run();
    expect(await outcome).toMatchObject({ code: 'UNREACHABLE', message: expect.stringContaining('10000 ms') });
  });

  it.each<[string, Uint8Array]>([
    ['is a web server', new TextEncoder().encode('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['answers what was not asked', concat(greeting(), optionReply(3, REP_ACK, new Uint8Array(0)))],
    ['acknowledges without a size', concat(greeting(), optionReply(OPT_GO, REP_ACK, new Uint8Array(0)))],
    ['answers endlessly', concat(greeting(), optionReply(OPT_GO, REP_INFO, new Uint8Array(70_000)))],
    ['does not know GO', concat(greeting(), optionReply(OPT_GO, 0x80000001, new Uint8Array(0)))],
  ])('says BAD_SERVER where the server %s', async (_what, bytes) => {
    const { network, clock } = await serve(exportsOf());
    await network.listen('odd:1', (stream) => stream.write(bytes));
    expect(await connect({ network, clock }, NAME, 'odd:1')).toMatchObject({ code: 'BAD_SERVER' });
    expect(clock.timers).toBe(0);
  });

  it('gives up on a server that answers a request nobody made', async () => {
    const { client, odd, network } = await withOddServer();
    const { results, note } = notebook();
    client.flush(note('flush'));
    await network.run();
    odd.write(concat(u32(0x67446698), u32(0), u32(0), u32(99)));
    await network.run();
    expect(results).toEqual({ flush: 'BAD_SERVER' });
  });

  it('tells every unanswered request, then its owner, when the connection is lost', async () => {
    const volume = new MemoryExport(NAME, 65_536);
    const serving = await serve(exportsOf(volume));
    const client = await connected(serving);
    const { results, note } = notebook();
    const lost: string[] = [];
    client.onLost = (error) => lost.push(`${error.code} after ${Object.keys(results).length}`);
    volume.immediate = false;
    client.write(0, new Uint8Array(16), false, note('first'));
    client.write(16, new Uint8Array(16), true, note('second'));
    await serving.network.run();
    volume.waiting.shift()?.();
    await serving.network.run();
    expect(results).toEqual({ first: null });
    serving.server.dropClients(NAME);
    await serving.network.run();
    expect(results).toEqual({ first: null, second: 'LOST' });
    expect(lost).toEqual(['LOST after 2']);
    client.flush(note('late'));
    expect(results).toMatchObject({ late: 'LOST' });
  });

  it('takes a long silence for a cut line, but only while it waits for something', async () => {
    const volume = new MemoryExport(NAME, 65_536);
    const serving = await serve(exportsOf(volume));
    const { clock, network } = serving;
    const client = await connected(serving);
    clock.advance(3_600_000);
    const { results, note } = notebook();
    client.flush(note('quick'));
    await network.run();
    clock.advance(29_000);
    expect(results).toEqual({ quick: null });

    volume.immediate = false;
    client.flush(note('slow'));
    await network.run();
    clock.advance(29_000);
    expect(results).toEqual({ quick: null });
    clock.advance(1_000);
    expect(results).toEqual({ quick: null, slow: 'SILENT' });
    await network.run();
    expect(clock.timers).toBe(0);
  });

  it('waits for what is under way before it disconnects, and refuses what comes later', async () => {
    const volume = new MemoryExport(NAME, 65_536);
    const serving = await serve(exportsOf(volume));
    const client = await connected(serving);
    const { results, note } = notebook();
    const lost: string[] = [];
    client.onLost = (error) => lost.push(error.code);
    volume.immediate = false;
    client.write(0, new Uint8Array(16), false, note('write'));
    client.disconnect(() => note('disconnect')(null));
    client.flush(note('late'));
    await serving.network.run();
    expect(results).toEqual({ late: 'DISCONNECTED' });
    volume.waiting.shift()?.();
    await serving.network.run();
    expect(results).toEqual({ late: 'DISCONNECTED', write: null, disconnect: null });
    expect(lost).toEqual([]);
    expect(serving.server.clientCount()).toBe(0);
    expect(serving.clock.timers).toBe(0);
    expect(serving.log.lines.at(-1)?.facts).toMatchObject({ inOrder: true });
  });
});

/** Runs random requests against a volume that completes in random order, and the same against plain memory. */
async function agreeWithModel(seed: number): Promise<void> {
  const sizeBytes = 256 * 1024;
  const volume = new MemoryExport(NAME, sizeBytes);
  volume.immediate = false;
  const serving = await serve(exportsOf(volume), seed, { outstandingBytes: 40_000 });
  const client = await connected(serving);
  const model = new Uint8Array(sizeBytes);
  const random = seeded(seed + 1000);
  let answered = 0;
  let asked = 0;
  for (let round = 0; round < 12; round++) {
    // Within a round no two changes touch the same block, so the order in which they complete makes no difference.
    for (let block = 0; block < 8; block++) {
      const offsetBytes = block * 32_768 + Math.floor(random() * 1000);
      const lengthBytes = 1 + Math.floor(random() * (random() < 0.2 ? 30_000 : 3_000));
      asked += 1;
      const done: NbdDone = (error) => {
        expect(error).toBeNull();
        answered += 1;
      };
      if (random() < 0.2) {
        model.fill(0, offsetBytes, offsetBytes + lengthBytes);
        client.zero(offsetBytes, lengthBytes, random() < 0.5, done);
      } else {
        const data = Uint8Array.from({ length: lengthBytes }, () => Math.floor(random() * 256));
        model.set(data, offsetBytes);
        client.write(offsetBytes, data, random() < 0.3, done);
      }
    }
    asked += 1;
    client.flush(() => (answered += 1));
    await serving.network.run();
    while (volume.completeOne(random)) await serving.network.run();
    const offsetBytes = Math.floor(random() * 1000);
    const whole = new Uint8Array(sizeBytes - offsetBytes);
    client.read(offsetBytes, whole, (error) => expect(error).toBeNull());
    await serving.network.run();
    expect(Buffer.compare(whole, model.subarray(offsetBytes)), `seed ${seed}, round ${round}`).toBe(0);
    expect(answered).toBe(asked);
    expect(client.outstanding).toBe(0);
  }
}

/** A server that negotiates as it should and then says whatever the test makes it say. */
async function withOddServer(): Promise<{ client: NbdClient; odd: PairedStream; network: PairedNetwork }> {
  const network = new PairedNetwork(5);
  const clock = new ManualClock();
  const size = concat(u16(0), u32(0), u32(4096), u16(1));
  await network.listen('odd:1', (stream) => {
    stream.write(
      concat(greeting(), optionReply(OPT_GO, REP_INFO, size), optionReply(OPT_GO, REP_ACK, new Uint8Array(0))),
    );
  });
  const client = await connect({ network, clock }, NAME, 'odd:1');
  const odd = network.lastAccepted;
  if (client instanceof NbdError || odd === null) throw new Error('the odd server was meant to negotiate');
  return { client, odd, network };
}
