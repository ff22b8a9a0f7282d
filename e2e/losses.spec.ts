/** Disasters in which something is really lost, or in which nobody can know: the verdict says so, and is right. */
import { Dashboard } from './support/dashboard.ts';
import { expect, test } from './support/groups.ts';
import { api } from './support/instance.ts';

test('the intermediate site is lost too: data loss, and as many updates as the ledger misses', async ({
  page,
  makeGroup,
}) => {
  const group = await makeGroup('loss-of-two');
  await group.form();
  const dashboard = new Dashboard(page, group.name);

  await test.step('R is made to trail, then the work pauses, so that every completion has been heard of', async () => {
    await api.faults.inject.mutate({ kind: 'cut', group: group.name, target: 'I-R' });
    await group.completes(20);
    await api.ledger.rate.mutate({ group: group.name, transactionsPerSecond: 0 });
    await group.until('host R has heard of every completion', ({ systems, hosts }) => {
      const completed = systems.find((system) => system.name === 'P')?.completedNumber;
      const heard = hosts.find((host) => host.name === 'host-R')?.heartbeats.find((view) => view.of === 'host-P');
      return completed !== undefined && heard?.highestCompletedNumber === completed;
    });
  });

  await dashboard.loseSite('production');
  await dashboard.loseSite('intermediate');
  await group.losesHeartbeatOf('host-P', 'host-R');
  await dashboard.startRoutine('failover', 'Failover');
  await dashboard.decide('Is the production site really down?', 'It is down: fail over');

  const ledger = await group.verifyLedger('R');
  // How many exactly hangs on what the line had already taken when it was cut; that the verdict says the same does not.
  expect(ledger.missingCount).toBeGreaterThan(0);
  expect(ledger.balance.adds).toBe(true);
  await expect(dashboard.verdict).toHaveAttribute('data-verdict', 'data-loss');
  await expect(dashboard.verdict).toContainText(`Data loss: at least ${ledger.missingCount} updates`);
  await expect(dashboard.verdict).toContainText('The former source is not proven unable to complete writes.');

  await test.step('the work restarts on older data only where the group’s name is typed', async () => {
    const decision = page.getByRole('group', { name: 'Restart the work on R’s older data?' });
    await decision.getByRole('radio', { name: 'Restart on older data' }).check();
    const act = decision.getByRole('button', { name: 'Restart on older data' });
    await expect(act).toHaveAttribute('aria-disabled', 'true');
    await dashboard.decide('Restart the work on R’s older data?', 'Restart on older data', true);
    await dashboard.expectEnding('done');
    await group.completes(0);
    expect((await group.verifyLedger('R')).balance.adds).toBe(true);
  });
});

test('lost under load, the count is a lower bound of what the ledger misses', async ({ page, makeGroup }) => {
  const group = await makeGroup('loss-under-load');
  await group.form(100);
  const dashboard = new Dashboard(page, group.name);
  await api.faults.inject.mutate({ kind: 'cut', group: group.name, target: 'I-R' });
  await group.completes(200);
  await dashboard.loseSite('production');
  await dashboard.loseSite('intermediate');
  await group.losesHeartbeatOf('host-P', 'host-R');
  const run = await group.run('failover');
  expect(run.verdict).toMatchObject({ kind: 'data-loss', fenced: false, lost: { bound: 'at-least' } });
  expect(run.ending).toBe('done');
  const ledger = await group.verifyLedger('R');
  const lost = run.verdict?.lost.updates ?? 0;
  expect(lost).toBeGreaterThan(0);
  expect(lost).toBeLessThanOrEqual(ledger.missingCount);
});

test('fence level never, and the line P–I was cut before: no data loss is never said', async ({ page, makeGroup }) => {
  const group = await makeGroup('never-proven', { fence: 'never' });
  await group.form();
  const dashboard = new Dashboard(page, group.name);

  await dashboard.openFaults();
  await dashboard.inject('P-I', 'Cut P-I');
  await dashboard.openTable();
  await dashboard.expectPair('Pair P ⇒ I (sync)', 'failure-suspend');
  await expect(dashboard.row('Host P')).toContainText('ledger running');
  await group.completes(40);

  await dashboard.loseSite('production');
  await group.losesHeartbeatOf('host-P', 'host-R');
  await dashboard.startRoutine('failover', 'Failover');
  await dashboard.decide('Is the production site really down?', 'It is down: fail over');
  await expect(dashboard.verdict).toHaveAttribute('data-verdict', /^(data-loss|unknown)$/);
  await expect(dashboard.verdict).not.toContainText('No data loss');
  const { missingCount } = await group.verifyLedger('R');
  expect(missingCount).toBeGreaterThanOrEqual(40);
});

test('fence level never without a single write after the cut: unknown, and what would settle it', async ({
  makeGroup,
}) => {
  const group = await makeGroup('never-known', { fence: 'never' });
  await group.form();
  await api.ledger.stop.mutate({ group: group.name });
  await group.until('host R has heard of every completion', ({ systems, hosts }) => {
    const completed = systems.find((system) => system.name === 'P')?.completedNumber;
    return hosts.find((host) => host.name === 'host-R')?.heartbeats[0]?.highestCompletedNumber === completed;
  });
  await api.faults.inject.mutate({ kind: 'cut', group: group.name, target: 'P-I' });
  await api.faults.inject.mutate({ kind: 'site-loss', group: group.name, target: 'production' });
  const run = await group.run('failover');
  expect(run.verdict?.kind).toBe('unknown');
  expect(run.verdict?.missing.length).toBeGreaterThan(0);
  expect(run.verdict?.toSettle.length).toBeGreaterThan(0);
});

test('fence level data: writes stop when the line is cut, so nothing can be lost', async ({ makeGroup }) => {
  const group = await makeGroup('data-fenced', { fence: 'data' });
  await group.form();
  await api.faults.inject.mutate({ kind: 'cut', group: group.name, target: 'P-I' });
  await group.until('the work has stopped', ({ hosts }) => hosts[0]?.work?.running === false);
  await api.faults.inject.mutate({ kind: 'site-loss', group: group.name, target: 'production' });
  const run = await group.run('failover');
  expect(run.verdict).toMatchObject({ kind: 'no-data-loss', fenced: true, lost: { updates: 0, bound: 'exact' } });
  await group.completes(5);
  expect(await group.verifyLedger('R')).toMatchObject({ missingCount: 0, corrupt: 0, balance: { adds: true } });
});
