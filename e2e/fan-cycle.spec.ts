/** fan: 1 is lost, 2 takes over, 3 resumes from it by number; the roles are swapped, and swapped back. And the refusal. */
import { Dashboard } from './support/dashboard.ts';
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

test('fan: 3 resumes from 2 by the missing updates alone, and 1 comes back to the front without a full copy', async ({
  page,
  makeGroup,
}) => {
  const group = await makeGroup('fan-cycle', { arrangement: 'fan' });
  await formed(group, 20);

  await test.step('the graph says what the loss of 1 would mean for 3', async () => {
    await page.goto(`/groups/${group.name}`);
    await expect(page.getByTestId('forecast')).toContainText('if 1 is lost now: delta');
    await api.faults.inject.mutate({ kind: 'cut', group: group.name, target: '1-3' });
    await group.completes(20);
    await expect(page.getByTestId('forecast')).toContainText(/delta, [1-9]\d* KiB/);
  });

  await loseProduction(group);
  const dashboard = new Dashboard(page, group.name);
  await dashboard.startRoutine('takeover', 'Takeover');
  await dashboard.decide('Is the production site really down?', 'It is down: fail over');
  await expect(dashboard.verdict).toContainText('No data loss, proven.');
  await dashboard.decide('Restart the work on host 2?', 'Restart at once');
  await dashboard.expectEnding('done');
  await group.pairsReach({ '2-3': 'duplex' });
  await group.completes(10);
  expect(await group.verifyLedger()).toMatchObject({ verifiedOn: '2', missingCount: 0, balance: { adds: true } });

  await api.faults.inject.mutate({ kind: 'restore', group: group.name, target: '1-3' });
  await api.faults.inject.mutate({ kind: 'site-return', group: group.name, target: 'production' });
  await group.isWhole();
  expect((await group.run('return')).ending).toBe('done');
  await group.pairsReach({ '2-1': 'duplex', '2-3': 'duplex' });
  await group.completes(5);

  const swap = await group.run('swap');
  expect(swap, JSON.stringify(swap)).toMatchObject({ ending: 'done', verdict: { kind: 'no-data-loss' } });
  expect(outcomes(swap)).toEqual(expect.arrayContaining(['F435 duplex', 'F460 duplex']));
  expect(outcomes(swap).join()).toMatch(/F450 (none-needed|delta)/);
  await group.pairsReach({ '1-2': 'duplex', '1-3': 'duplex' });
  await group.completes(5);
  expect(await group.verifyLedger()).toMatchObject({ verifiedOn: '1', missingCount: 0, balance: { adds: true } });
  await group.isIdenticalEverywhere(['1', '2', '3']);
});

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
