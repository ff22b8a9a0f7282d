import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { RefusedError } from '../../domain/refusal.ts';
import type { StreamChannel } from '../../network/channel.ts';
import { dialChannel } from '../../network/channel-server.ts';
import type { Identity } from '../../network/channel-types.ts';
import { isAlive } from '../processes/process-identity.ts';
import { PARAMS } from './method-params.ts';
import { type Bundles, buildBundles } from './testing/bundles.ts';
import { endOf, SiteBench, tinyGroup } from './testing/site-bench.ts';

describe('what an agent and its processes do with bad input', () => {
  let bundles: Bundles;
  let bench: SiteBench;

  beforeAll(async () => {
    bundles = await buildBundles(['agent', 'witness']);
  });
  afterAll(() => bundles.remove());
  beforeEach(async () => {
    bench = await SiteBench.create(bundles.folder, ['witness']);
  });
  afterEach(async () => {
    expect(await bench.close()).toEqual([]);
  });

  async function started() {
    const agent = bench.startAgent('witness');
    const control = bench.control('witness');
    await control.call('group.put', { definition: tinyGroup('g'), addresses: {}, powered: true });
    const view = await control.view('witness', ({ state, facts }) => state === 'up' && facts !== null);
    return { agent, control, witness: bench.note(view.pid), channelAddress: view.address?.channel ?? '' };
  }

  /** Dials as `self`; resolves with the channel once it is open, or with why it closed. */
  function dial(address: string, expects: string, self: Identity, secret: Uint8Array): Promise<StreamChannel | string> {
    const handle = async (): Promise<unknown> => null;
    const channel = dialChannel(bench.ports.network, { ports: bench.ports, secret, self, handle }, address, expects, {
      path: 0,
      round: 'r',
    });
    return new Promise((resolve) => {
      channel.onReady = () => resolve(channel);
      channel.onClose = (reason) => resolve(reason);
    });
  }

  /** Sends bytes to a port and resolves when the other end has hung up. */
  async function sendBytes(address: string, bytes: Uint8Array): Promise<void> {
    const [host, port] = address.split(':');
    const socket = connect({ host, port: Number(port) });
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => {}); // Being reset is one way of being hung up on.
    socket.resume();
    socket.end(bytes);
    await closed;
  }

  test('malformed bytes to the port of an agent and of a process change nothing', async () => {
    const { agent, control, witness, channelAddress } = await started();
    const jsonFrame = (text: string): Uint8Array => {
      const body = Buffer.from(text);
      const header = Buffer.alloc(5);
      header.writeUInt32LE(body.length + 1, 0);
      header[4] = 1;
      return Buffer.concat([header, body]);
    };
    const samples = [
      Buffer.from('GET / HTTP/1.1\r\n\r\n'),
      Buffer.alloc(4096, 0xff),
      Buffer.alloc(64),
      jsonFrame('{"t":"call","id":1,"m":"agent.hello","p":{}}'),
      jsonFrame(
        '{"t":"hello","protocol":1,"self":{"group":"","name":"control:x"},"path":0,"round":"","nonce":"","mac":"00"}',
      ),
      jsonFrame('not json'),
      ...fc.sample(fc.uint8Array({ minLength: 1, maxLength: 300 }), { numRuns: 40, seed: 7 }),
    ];
    for (const address of [bench.addressOf('witness'), channelAddress]) {
      for (const bytes of samples) await sendBytes(address, bytes);
    }
    expect(agent.exitCode).toBeNull();
    expect(isAlive(witness)).toBe(true);
    const hello = await control.call('agent.hello', { control: 'test' });
    expect(hello.processes).toMatchObject([{ pid: witness.pid, state: 'up', exits: 0 }]);
  });

  test('a caller without the secret is turned away, at the agent and at a process', async () => {
    const { channelAddress } = await started();
    const wrong = new Uint8Array(Buffer.from('another secret of good length'));
    const control = { group: '', name: 'control:x' };
    expect(await dial(bench.addressOf('witness'), 'agent:witness', control, wrong)).toBeTypeOf('string');
    const agent = { group: '', name: 'agent:witness' };
    expect(await dial(channelAddress, 'witness', agent, wrong)).toBeTypeOf('string');
  });

  test('an agent hears nobody but the control plane, a process only its agent and its neighbours', async () => {
    const { channelAddress } = await started();
    const cases: [address: string, expects: string, self: Identity][] = [
      [bench.addressOf('witness'), 'agent:witness', { group: 'g', name: 'P' }],
      [bench.addressOf('witness'), 'agent:witness', { group: 'g', name: 'control:x' }],
      [bench.addressOf('witness'), 'agent:witness', { group: '', name: 'agent:production' }],
      [channelAddress, 'witness', { group: '', name: 'control:x' }],
      [channelAddress, 'witness', { group: '', name: 'agent:production' }],
      [channelAddress, 'witness', { group: 'other', name: 'P' }],
      [channelAddress, 'witness', { group: 'g', name: 'Q' }],
    ];
    for (const [address, expects, self] of cases) {
      const channel = await dial(address, expects, self, bench.secret);
      if (typeof channel === 'string') continue;
      await expect(channel.call('child.hello', {}, 60_000)).rejects.toBeInstanceOf(RefusedError);
      channel.close('done');
    }
  });

  test('a neighbour may not use the methods of the agent', async () => {
    const { channelAddress } = await started();
    const channel = await dial(channelAddress, 'witness', { group: 'g', name: 'P' }, bench.secret);
    if (typeof channel === 'string') throw new Error(channel);
    for (const method of ['child.hello', 'child.configure', 'child.facts', 'storage.facts', 'host.perform']) {
      await expect(channel.call(method, {}, 60_000)).rejects.toMatchObject({ refusal: { code: 'bad-request' } });
    }
    channel.close('done');
  });

  test('every method refuses parameters of another shape, and says which', async () => {
    const { agent, control, witness } = await started();
    for (const method of Object.keys(PARAMS)) {
      for (const params of fc.sample(fc.anything({ maxDepth: 3 }), { numRuns: 25, seed: 11 })) {
        const answer = control.callRaw(method, params);
        await expect(answer).rejects.toMatchObject({
          refusal: { code: 'bad-request', message: expect.stringContaining(method) },
        });
      }
    }
    await expect(control.callRaw('no.such', {})).rejects.toMatchObject({ refusal: { code: 'bad-request' } });
    await expect(control.callRaw('constructor', {})).rejects.toMatchObject({ refusal: { code: 'bad-request' } });
    expect(agent.exitCode).toBeNull();
    expect(isAlive(witness)).toBe(true);
  });

  test.each<[string, Record<string, unknown>, RegExp]>([
    ['a name that leads out of the folder', { name: '../../etc' }, /definition\.name/],
    ['an oversize volume', { volumeBytes: 2 ** 50 }, /definition\.volumeBytes/],
    ['no volumes', { volumeCount: 0 }, /definition\.volumeCount/],
    ['an arrangement nobody knows', { arrangement: 'ring-9' }, /ring-9/],
  ])('a group with %s is refused and leaves nothing behind', async (_title, change, message) => {
    bench.startAgent('witness');
    const control = bench.control('witness');
    const definition = { ...tinyGroup('g'), ...change };
    const put = control.call('group.put', { definition, addresses: {}, powered: true });
    await expect(put).rejects.toMatchObject({
      refusal: { code: 'bad-request', message: expect.stringMatching(message) },
    });
    expect((await control.call('agent.hello', { control: 'test' })).processes).toEqual([]);
  });

  test('names of things that are not there are refused by name', async () => {
    const { control } = await started();
    const conditions = { cut: true };
    const code = (wanted: string) => ({ refusal: { code: wanted } });
    await expect(control.call('process.kill', { group: 'x', process: 'P', hold: true })).rejects.toMatchObject(
      code('unknown-group'),
    );
    await expect(control.call('process.kill', { group: 'g', process: 'P', hold: true })).rejects.toMatchObject(
      code('unknown-system'),
    );
    await expect(
      control.call('fault.line', { group: 'g', process: 'witness', peer: 'Z', conditions }),
    ).rejects.toMatchObject(code('unknown-line'));
    await expect(control.call('storage.facts', { group: 'g', process: 'witness' })).rejects.toMatchObject(
      code('bad-request'),
    );
    await expect(control.call('ledger.record', { group: 'g', host: 'witness' })).rejects.toMatchObject(
      code('bad-request'),
    );
  });

  test('a group on disk is not reshaped by a new definition', async () => {
    const { control, witness } = await started();
    const definition = { ...tinyGroup('g'), volumeCount: 2 };
    const put = control.call('group.put', { definition, addresses: {}, powered: true });
    await expect(put).rejects.toMatchObject({
      refusal: { code: 'already-exists', message: expect.stringContaining('volumeCount') },
    });
    expect(isAlive(witness)).toBe(true);
  });

  test('a second process on the same folder gives way, and the first does not notice', async () => {
    const { control, witness } = await started();
    const config = path.join(bench.folderOf('witness', 'g', 'witness'), 'config.json');
    const second = spawn(process.execPath, [path.join(bundles.folder, 'witness.js'), config], { stdio: 'ignore' });
    expect(await endOf(second, null)).toEqual({ code: 75, signal: null });
    const hello = await control.call('agent.hello', { control: 'test' });
    expect(hello.processes).toMatchObject([{ pid: witness.pid, state: 'up', exits: 0 }]);
  });

  test('a second agent on the same site gives way', async () => {
    const { control, witness } = await started();
    expect(await endOf(bench.startAgent('witness'), null)).toEqual({ code: 1, signal: null });
    expect((await control.call('agent.hello', { control: 'test' })).processes).toMatchObject([
      { pid: witness.pid, state: 'up' },
    ]);
  });

  test('an agent without a secret does not start', async () => {
    expect(await endOf(bench.startAgent('witness', path.join(bench.dataFolder, 'nothing')), null)).toEqual({
      code: 1,
      signal: null,
    });
  });

  test('a damaged run record costs a new start, never two processes', async () => {
    const { agent, control, witness } = await started();
    await endOf(agent, 'SIGKILL');
    await control.gone();
    writeFileSync(path.join(bench.folderOf('witness', 'g', 'witness'), 'run.json'), '{ not json');
    bench.startAgent('witness');
    // The new process finds the folder taken and gives way, again and again, until the old one is gone.
    await control.view('witness', ({ state }) => state === 'down');
    expect(isAlive(witness)).toBe(true);
    process.kill(witness.pid, 'SIGKILL');
    const view = await control.view('witness', ({ state }) => state === 'up');
    bench.note(view.pid);
  });

  test('a folder that takes no configuration is tried again until it does', async () => {
    const { agent, control, witness } = await started();
    const config = path.join(bench.folderOf('witness', 'g', 'witness'), 'config.json');
    rmSync(config);
    mkdirSync(config);
    await control.call('process.kill', { group: 'g', process: 'witness', hold: false });
    await control.until(() =>
      control.events.some(({ kind, text }) => kind === 'not-started' && text.includes('config.json')),
    );
    expect(agent.exitCode).toBeNull();
    rmSync(config, { recursive: true });
    bench.note((await control.view('witness', ({ state, pid }) => state === 'up' && pid !== witness.pid)).pid);
  });

  test('a process whose port was taken listens elsewhere and says so', async () => {
    const { agent, control, channelAddress } = await started();
    await endOf(agent, 'SIGTERM');
    await control.gone();
    const squatter = createServer();
    squatter.listen(Number(channelAddress.split(':')[1]), '127.0.0.1');
    await once(squatter, 'listening');
    bench.startAgent('witness');
    const view = await control.view(
      'witness',
      ({ state, address }) => state === 'up' && address?.channel !== channelAddress,
    );
    bench.note(view.pid);
    squatter.close();
  });

  test('a process keeps its port from one life to the next', async () => {
    const { control, witness, channelAddress } = await started();
    await control.call('process.kill', { group: 'g', process: 'witness', hold: false });
    const view = await control.view('witness', ({ state, pid }) => state === 'up' && pid !== witness.pid);
    bench.note(view.pid);
    expect(view.address?.channel).toBe(channelAddress);
  });
});
