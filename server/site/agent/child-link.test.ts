import { expect, test } from 'vitest';
import { ChannelServer } from '../../network/channel-server.ts';
import { RealClock } from '../ports/real-clock.ts';
import { RealEntropy } from '../ports/real-entropy.ts';
import { RealNetwork } from '../ports/real-network.ts';
import type { ProcessSettings } from '../processes/child-protocol.ts';
import { ChildLink } from './child-link.ts';
import { tinyGroup } from './testing/site-bench.ts';

const quiet = { write: () => {} };
const options = (name: string, handle: (method: string, params: unknown) => Promise<unknown>) => ({
  ports: { clock: new RealClock(), entropy: new RealEntropy(), log: quiet },
  secret: new Uint8Array(32),
  self: { group: 'g', name },
  handle,
});

test('settings that change while they are handed over are handed over again before the link is up', async () => {
  const settings: ProcessSettings = { definition: tinyGroup('g'), addresses: {}, lineFaults: [], diskFault: null };
  const moved = { R: { channel: '127.0.0.1:9', nbd: null } };
  const taken: unknown[] = [];
  const record = { pid: 1, lifeMark: 'mark', incarnation: 'life', startedAt: 1, channel: '', nbd: null };
  const network = new RealNetwork();
  const child = new ChannelServer(
    network,
    options('P', async (method, params) => {
      if (method === 'child.hello') return record;
      taken.push((params as ProcessSettings).addresses);
      // The book changes while the process is busy with what it was told.
      settings.addresses = moved;
      return { ok: true };
    }),
    () => {},
  );
  record.channel = await child.listen('127.0.0.1:0');
  const agent = options('agent', async () => null);
  let onUp = () => {};
  const isUp = new Promise<void>((resolve) => {
    onUp = resolve;
  });
  const events = { onUp: () => onUp(), onDown: () => {}, onNotice: () => {} };
  const link = new ChildLink({ ...agent.ports, network }, agent, 'g', 'P', record, () => ({ ...settings }), events);
  link.start();
  await isUp;
  expect(taken).toEqual([{}, moved]);
  link.stop();
  child.close();
});
