import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { DriverToken } from '../../domain/generation.ts';
import type { PairState } from '../../domain/pair-states.ts';
import type { StorageInstruction, SystemFacts } from '../../domain/storage-controller.ts';
import { NbdClient } from '../../nbd/client.ts';
import type { ProcessView } from '../agent-protocol.ts';
import { volumeName } from '../processes/volume-name.ts';
import { type Bundles, buildBundles } from './testing/bundles.ts';
import { tinyGroup } from './testing/site-bench.ts';
import { SiteCluster } from './testing/site-cluster.ts';

const BLOCK = 4096;

function storageFacts({ facts }: ProcessView): SystemFacts | null {
  return facts && 'storage' in facts ? facts.storage : null;
}

/** Is the pair in `state` as this end sees it? */
function pairIs(name: string, state: PairState) {
  return (view: ProcessView): boolean =>
    storageFacts(view)?.pairs.some((pair) => pair.name === name && pair.state === state) ?? false;
}

/** Is the line to `peer` usable, as this end sees it? */
function lineIs(peer: string, connected: boolean) {
  return (view: ProcessView): boolean =>
    storageFacts(view)?.lines.some((line) => line.peer === peer && line.connected === connected) ?? false;
}

describe('storage systems as processes', () => {
  let bundles: Bundles;
  let cluster: SiteCluster;
  let claimEpoch = 0;

  beforeAll(async () => {
    bundles = await buildBundles(['agent', 'storage', 'host', 'witness']);
  });
  afterAll(() => bundles.remove());
  beforeEach(async () => {
    cluster = await SiteCluster.start(
      bundles.folder,
      ['production', 'intermediate', 'remote', 'witness'],
      { ...tinyGroup('g'), ledger: { enabled: true, transactionsPerSecond: 50 } },
      ['P', 'I', 'R', 'host-P', 'host-R', 'witness'],
    );
  });
  afterEach(async () => {
    expect(await cluster.close()).toEqual([]);
  });

  const token = (): DriverToken => {
    claimEpoch += 1;
    return { generation: 1, runId: 'manual', claimEpoch, step: 0 };
  };

  /** Instructs a storage system through host P, as routines do, once the way there is open. */
  async function instruct(target: string, instruction: StorageInstruction): Promise<void> {
    await cluster.perform('host-P', { verb: 'storage', target, instruction });
  }

  async function formChain(): Promise<void> {
    const linked = (view: ProcessView): boolean =>
      storageFacts(view)?.lines.every(({ connected }) => connected) ?? false;
    for (const system of ['P', 'I', 'R']) await cluster.view(system, linked);
    await cluster.view('host-P', ({ facts }) => facts !== null && 'host' in facts && facts.host.storageAnswers);
    await instruct('P', {
      verb: 'create',
      pair: { source: 'P', destination: 'I', kind: 'sync', transport: 'journal', fence: 'status' },
      token: token(),
      knownEqual: false,
    });
    await cluster.view('P', pairIs('P-I', 'duplex'));
    await instruct('I', {
      verb: 'create',
      pair: { source: 'I', destination: 'R', kind: 'async', transport: 'journal', fence: 'status' },
      token: token(),
      knownEqual: false,
    });
    await cluster.view('I', pairIs('I-R', 'duplex'));
    await cluster.view('R', pairIs('I-R', 'duplex'));
  }

  async function attach(system: string): Promise<NbdClient> {
    const { address } = await cluster.up(system);
    return NbdClient.connect(cluster.bench.ports, address?.nbd ?? '', volumeName('g', system, 0));
  }

  function write(client: NbdClient, block: number, value: number): Promise<void> {
    return new Promise((resolve, reject) => {
      client.write(block * BLOCK, new Uint8Array(BLOCK).fill(value), false, (error) =>
        error ? reject(error) : resolve(),
      );
    });
  }

  function read(client: NbdClient, block: number): Promise<number> {
    const into = new Uint8Array(BLOCK);
    return new Promise((resolve, reject) => {
      client.read(block * BLOCK, into, (error) => (error ? reject(error) : resolve(into[0] ?? -1)));
    });
  }

  test('a chain forms over real lines, and what is written at P arrives at R', async () => {
    await formChain();
    const client = await attach('P');
    for (let block = 0; block < 16; block += 1) await write(client, block, block + 1);
    expect(await read(client, 3)).toBe(4);
    client.disconnect(() => {});
    const { completedNumber } = await cluster.call('P', 'storage.facts', { group: 'g', process: 'P' });
    await cluster.view('R', (view) => (storageFacts(view)?.consistentNumber ?? 0) >= completedNumber);
    const reader = await attach('R');
    expect(reader.readOnly).toBe(true);
    expect(await read(reader, 15)).toBe(16);
    reader.disconnect(() => {});
    const states = cluster
      .controlOf('P')
      .transitions.filter(({ pair }) => pair === 'P-I')
      .map(({ to }) => to);
    expect(states).toEqual(['simplex', 'initial-copying', 'duplex']);
  });

  test('the tracks in which the ends of a suspended pair differ can be read from either end', async () => {
    await formChain();
    await instruct('I', { verb: 'split', pair: 'I-R', token: token() });
    await cluster.view('I', pairIs('I-R', 'suspend'));
    const client = await attach('P');
    for (const block of [0, 1, 40]) await write(client, block, 1);
    client.disconnect(() => {});
    const query = { pair: 'I-R', volume: 0, firstTrack: 0, trackCount: 3, buckets: 3 };
    const ask = (system: string, change = {}) =>
      cluster.call(system, 'storage.differences', { group: 'g', process: system, query: { ...query, ...change } });
    expect(await ask('I')).toMatchObject({
      system: 'I',
      end: 'source',
      volumes: [{ setTracks: 2, buckets: [1, 0, 1] }],
    });
    expect(await ask('R')).toMatchObject({ system: 'R', end: 'destination', volumes: [{ setTracks: 0 }] });
    await expect(ask('P')).rejects.toMatchObject({ refusal: { code: 'unknown-pair' } });
    await expect(ask('I', { buckets: 1025 })).rejects.toMatchObject({ refusal: { code: 'bad-request' } });
  });

  test('what P answered before it was killed is there when it is back', async () => {
    await formChain();
    const before = await cluster.up('P');
    const client = await attach('P');
    for (let block = 0; block < 8; block += 1) await write(client, block, 100 + block);
    await cluster.call('P', 'process.kill', { group: 'g', process: 'P', hold: true });
    await cluster.view('I', lineIs('P', false));
    await cluster.call('P', 'process.restart', { group: 'g', process: 'P' });
    const after = await cluster.view(
      'P',
      ({ state, pid, facts }) => state === 'up' && facts !== null && pid !== before.pid,
    );
    cluster.bench.note(after.pid);
    expect(after.address).toEqual(before.address);
    const again = await attach('P');
    expect(await read(again, 7)).toBe(107);
    again.disconnect(() => {});
  });

  test('a dead host’s own record says what its ledger was told is complete', async () => {
    await formChain();
    await cluster.perform('host-P', { verb: 'work-start', generation: 1, token: token() });
    const working = await cluster.view(
      'host-P',
      ({ facts }) => facts !== null && 'host' in facts && facts.host.work.lastCompletedTransaction >= 5,
    );
    await cluster.call('host-P', 'process.kill', { group: 'g', process: 'host-P', hold: true });
    const record = await cluster.call('host-P', 'ledger.record', { group: 'g', host: 'host-P' });
    const seen = working.facts && 'host' in working.facts ? working.facts.host.work.lastCompletedTransaction : 0;
    expect(record?.completedThrough).toBeGreaterThanOrEqual(seen);
  });

  test.each(['write-error', 'disk-full'] as const)(
    'a disk with %s fails the write and not the process, and heals',
    async (kind) => {
      await formChain();
      const { pid } = await cluster.up('P');
      const client = await attach('P');
      await write(client, 0, 1);
      await cluster.call('P', 'fault.disk', { group: 'g', process: 'P', kind });
      await expect(write(client, 1, 2)).rejects.toMatchObject({ code: kind === 'disk-full' ? 'ENOSPC' : 'EIO' });
      expect(await read(client, 0)).toBe(1);
      await cluster.call('P', 'fault.clear', { group: 'g', process: 'P' });
      await write(client, 2, 3);
      expect(await read(client, 2)).toBe(3);
      client.disconnect(() => {});
      expect(await cluster.up('P')).toMatchObject({ pid, exits: 0 });
    },
  );

  test('a cut line is seen at its end, and a healed one comes back', async () => {
    await formChain();
    await cluster.call('I', 'fault.line', { group: 'g', process: 'I', peer: 'R', conditions: { cut: true } });
    await cluster.view('R', lineIs('I', false));
    await cluster.call('I', 'fault.clear', { group: 'g', process: 'I' });
    await cluster.view('R', lineIs('I', true));
    await cluster.view('I', lineIs('R', true));
  });
});
