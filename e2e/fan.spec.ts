/** fan: a delta resync that is no longer possible is refused by name, and a full copy is offered. */
import { expect, type TestGroup, test } from './support/groups.ts';
import { api } from './support/instance.ts';

const MIB = 1024 * 1024;

async function formed(group: TestGroup, transactionsPerSecond: number): Promise<void> {
  const run = await group.run('return');
  expect(run.ending, JSON.stringify(run)).toBe('done');
  await api.ledger.rate.mutate({ group: group.name, transactionsPerSecond });
  await api.ledger.start.mutate({ group: group.name });
  await group.completes(5);
}

const outcomes = (run: { steps: readonly { id: string; outcome?: string | null }[] }) =>
  run.steps.map(({ id, outcome }) => `${id} ${outcome}`);

async function loseProduction(group: TestGroup): Promise<void> {
  await api.faults.inject.mutate({ kind: 'site-loss', group: group.name, target: 'production' });
  await group.losesHeartbeatOf('host-1', 'host-2');
}

test('fan: a delta that is no longer possible is refused by name, and a full copy is offered', async ({
  makeGroup,
}) => {
  const group = await makeGroup('fan-trimmed', { arrangement: 'fan', journalBytes: MIB });
  await formed(group, 100);
  for (const line of ['1-3', '2-3']) await api.faults.inject.mutate({ kind: 'cut', group: group.name, target: line });
  await group.until('the journal of 2 has let go what 3 lacks', ({ forecasts }) => forecasts[0]?.kind === 'full');
  const [forecast] = (await group.status()).forecasts;
  expect(forecast?.text).toMatch(
    /^if 1 is lost now: full copy, 16.0 MiB \(update \d+ was trimmed from the journal of 2\)$/,
  );

  await loseProduction(group);
  await api.faults.inject.mutate({ kind: 'restore', group: group.name, target: '2-3' });
  await group.until('2 and 3 are joined again', ({ lines }) =>
    lines.some((line) => line.name === '2-3' && line.connected === true),
  );
  const run = await group.run('takeover');
  expect(run, JSON.stringify(run)).toMatchObject({ ending: 'done', verdict: { kind: 'no-data-loss' } });
  expect(outcomes(run)).toEqual(expect.arrayContaining(['F150 impossible', 'F170 duplex']));
  expect(run.steps.find(({ id }) => id === 'F150')?.evidence.join()).toMatch(
    /no longer possible: update \d+ was trimmed/,
  );
  expect(await group.verifyLedger()).toMatchObject({ verifiedOn: '2', missingCount: 0, balance: { adds: true } });
});
