/** Whatever is killed comes back: by itself where its supervisor lives, else with the next start. */
import type { Client } from '../server/cli/client.ts';
import { eventually, expect, test } from './support/groups.ts';
import { OwnInstance } from './support/own-instance.ts';

const status = (client: Client) => client.groups.status.query({ group: 'demo' });

/** Process number of a part of the demo, or of one of the supervisor's own children; null while it has none. */
async function pidOf(instance: OwnInstance, client: Client, name: string): Promise<number | null> {
  const supervised = instance.supervised()[name];
  if (supervised !== undefined) return supervised;
  const { systems, hosts } = await status(client);
  return [...systems, ...hosts].find((part) => part.name === name)?.pid ?? null;
}

async function completed(client: Client): Promise<number> {
  return Math.max(...(await status(client)).hosts.map((host) => host.work?.lastCompletedTransaction ?? 0));
}

/** Waits until the demo is in normal operation and its work goes on. */
async function isAtWork(client: Client, what: string): Promise<void> {
  let from: number | null = null;
  await eventually(`normal operation, at work, after ${what}`, async () => {
    // The web process itself may be what was killed.
    const now = await status(client).catch(() => null);
    const whole =
      now !== null &&
      now.operation === 'normal' &&
      now.pairs.every((pair) => pair.state === 'duplex') &&
      [...now.systems, ...now.hosts].every((part) => part.up === true);
    if (!whole) return false;
    const last = await completed(client);
    from ??= last;
    return last >= from + 5;
  });
}

async function expectNothingLost(client: Client): Promise<void> {
  const report = await client.ledger.verify.mutate({ group: 'demo' });
  expect(report).toMatchObject({ missingCount: 0, corrupt: 0, outOfOrder: 0, balance: { adds: true } });
}

test('every process is killed in turn, then the supervisor; SIGTERM leaves none', async () => {
  const instance = new OwnInstance();
  try {
    let client = await instance.start();
    await isAtWork(client, 'the first start');

    for (const name of ['P', 'I', 'R', 'host-P', 'host-R', 'agent-production', 'postgres', 'control-worker', 'web']) {
      const pid = await pidOf(instance, client, name);
      expect(pid, name).not.toBeNull();
      process.kill(pid ?? 0, 'SIGKILL');
      await eventually(`another ${name}`, async () => {
        const next = await pidOf(instance, client, name).catch(() => null);
        return next !== null && next !== pid;
      });
      await isAtWork(client, `the death of ${name}`);
    }
    await expectNothingLost(client);

    const before = await completed(client);
    expect(await instance.end('SIGKILL')).toEqual({ code: null, signal: 'SIGKILL' });
    client = await instance.start();
    await isAtWork(client, 'the next start');
    expect(await completed(client)).toBeGreaterThanOrEqual(before);
    await expectNothingLost(client);

    expect(instance.processes().length).toBeGreaterThan(8);
    expect(await instance.end('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(instance.processes()).toEqual([]);
  } finally {
    await instance.remove();
  }
});
