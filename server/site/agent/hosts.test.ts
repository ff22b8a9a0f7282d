import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { HostFacts } from '../../domain/host.ts';
import type { ProcessView } from '../agent-protocol.ts';
import { type Bundles, buildBundles } from './testing/bundles.ts';
import { tinyGroup } from './testing/site-bench.ts';
import { SiteCluster } from './testing/site-cluster.ts';

function hostFacts({ facts }: ProcessView): HostFacts | null {
  return facts && 'host' in facts ? facts.host : null;
}

/** Does this host hear the other one? */
function hears(view: ProcessView): boolean {
  return hostFacts(view)?.heartbeats.every(({ last, lost }) => last !== null && !lost) ?? false;
}

/** The program of storage systems is not in these bundles: to the others they are systems that cannot start. */
describe('hosts and the witness, while no storage system can start', () => {
  let bundles: Bundles;
  let cluster: SiteCluster;

  beforeAll(async () => {
    bundles = await buildBundles(['agent', 'host', 'witness']);
  });
  afterAll(() => bundles.remove());
  beforeEach(async () => {
    cluster = await SiteCluster.start(bundles.folder, ['production', 'remote', 'witness'], tinyGroup('g'), [
      'host-P',
      'host-R',
      'witness',
    ]);
  });
  afterEach(async () => {
    expect(await cluster.close()).toEqual([]);
  });

  test('a process that cannot start is tried again, and harms nobody at its site', async () => {
    const view = await cluster.view('P', ({ exits }) => exits >= 3);
    expect(view).toMatchObject({ pid: null, lastExit: { code: 1, signal: null } });
    expect((await cluster.up('host-P')).exits).toBe(0);
  });

  test('hosts hear each other and the witness hears both', async () => {
    await cluster.view('host-P', hears);
    await cluster.view('host-R', hears);
    const view = await cluster.view(
      'witness',
      ({ facts }) =>
        facts !== null && 'witness' in facts && facts.witness.heartbeats.every(({ last }) => last !== null),
    );
    expect(view.state).toBe('up');
    expect(
      hostFacts(await cluster.view('host-P', (seen) => hostFacts(seen)?.witnessAnswers ?? false))?.storageAnswers,
    ).toBe(false);
  });

  test('an instruction goes through the agent to the host and its answer comes back', async () => {
    const reply = await cluster.perform('host-R', { verb: 'host-facts' });
    expect(reply).toMatchObject({ verb: 'host-facts', facts: { host: 'host-R', system: 'R' } });
    const query = cluster.perform('host-R', { verb: 'storage', target: 'R', instruction: { verb: 'query' } });
    await expect(query).rejects.toMatchObject({ refusal: { code: 'unreachable' } });
    expect(await cluster.call('host-P', 'ledger.record', { group: 'g', host: 'host-P' })).toBeNull();
  });

  test('a cut line loses the heartbeats of one direction, and a cleared one brings them back', async () => {
    await cluster.view('host-R', hears);
    await cluster.call('host-P', 'fault.line', {
      group: 'g',
      process: 'host-P',
      peer: 'host-R',
      conditions: { cut: true },
    });
    await cluster.view('host-R', (view) => !hears(view));
    await cluster.call('host-P', 'fault.clear', { group: 'g', process: null });
    await cluster.view('host-R', hears);
  });

  test('a fault outlives the process it was put on', async () => {
    await cluster.view('host-R', hears);
    await cluster.call('host-P', 'fault.line', {
      group: 'g',
      process: 'host-P',
      peer: 'host-R',
      conditions: { cut: true },
    });
    const { pid } = await cluster.call('host-P', 'process.kill', { group: 'g', process: 'host-P', hold: false });
    cluster.bench.note((await cluster.view('host-P', (view) => view.state === 'up' && view.pid !== pid)).pid);
    await cluster.view('host-P', (view) => hostFacts(view)?.witnessAnswers ?? false);
    await cluster.view('host-R', (view) => !hears(view));
    await cluster.call('host-P', 'fault.line', { group: 'g', process: 'host-P', peer: 'host-R', conditions: {} });
    await cluster.view('host-R', hears);
  });

  test('a process that had to move is found again', async () => {
    await cluster.view('host-P', hears);
    const before = await cluster.up('host-R');
    const port = Number(before.address?.channel.split(':')[1]);
    await cluster.call('host-R', 'process.kill', { group: 'g', process: 'host-R', hold: true });
    const squatter = createServer((socket) => socket.destroy());
    squatter.listen(port, '127.0.0.1');
    await once(squatter, 'listening');
    await cluster.call('host-R', 'process.restart', { group: 'g', process: 'host-R' });
    const after = await cluster.view('host-R', ({ state, pid }) => state === 'up' && pid !== before.pid);
    cluster.bench.note(after.pid);
    expect(after.address?.channel).not.toBe(before.address?.channel);
    await cluster.spreadAddresses();
    await cluster.view('host-R', hears);
    squatter.close();
  });
});
