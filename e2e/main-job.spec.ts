/**
 * The main job: the production site is lost under load and everything is brought back, by clicking. The group is the one
 * that every installation begins with.
 */
import { expectAccessible } from './support/accessible.ts';
import { Dashboard } from './support/dashboard.ts';
import { expect, TestGroup, test } from './support/groups.ts';
import { api } from './support/instance.ts';

/** Whether a process of this number runs. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test('an operator loses the production site, fails over, works on, and comes back', async ({ page }) => {
  const dashboard = new Dashboard(page, 'demo');
  const group = new TestGroup('demo');

  await test.step('normal operation is shown', async () => {
    await dashboard.openTable();
    await dashboard.expectPair('Pair P ⇒ I (sync)', 'duplex');
    await dashboard.expectPair('Pair I → R (async)', 'duplex');
    await expect(dashboard.row('Storage P, primary')).toContainText('takes host writes');
    await expect(dashboard.row('Host P')).toContainText('ledger running');
    await group.completes(20);
  });

  const before = await group.status();
  const killed = [...before.systems, ...before.hosts].filter((part) => part.site === 'production');
  let completedBefore = 0;
  await test.step('the production site is killed from the faults screen', async () => {
    await dashboard.loseSite('production');
    expect(killed.map((part) => part.pid).filter((pid) => pid !== null && isRunning(pid))).toEqual([]);
    for (const part of killed) await expect(dashboard.activeFaults).toContainText(`${part.name} pid ${part.pid}`);
  });

  await test.step('the loss of the heartbeat is shown, and what answers it', async () => {
    await dashboard.openTable();
    await expect(dashboard.row('Host R')).toContainText('from host P: lost');
    await expect(dashboard.attention).toContainText('Site production: host-P and P down');
    await expectAccessible(page, 'a site lost');
    await dashboard.attention.getByRole('link', { name: 'Open Failover preflight' }).click();
    await expect(page.getByText('Nothing has been started.')).toBeVisible();
  });

  await test.step('the failover wizard proves that nothing was lost, and the work restarts on host R', async () => {
    await dashboard.startRoutine('failover', 'Failover');
    await dashboard.decide('Is the production site really down?', 'It is down: fail over');
    await expect(dashboard.verdict).toContainText('No data loss, proven.');
    await expect(dashboard.verdict).toContainText('The former source is fenced: it can complete no write.');
    await expectAccessible(page, 'a verdict and a decision');
    completedBefore = (await group.verifyLedger('R')).completedThrough;
    await dashboard.decide('Restart the work on host R?', 'Reverse the pair, then restart');
    await dashboard.expectEnding('done');
  });

  await test.step('every transaction completed before the kill is on R, the balance adds up, the ledger goes on', async () => {
    await group.completesThrough(completedBefore + 20);
    const report = await dashboard.verifyLedgerOn('host-R');
    await expect(report).toContainText('Ledger verified on R');
    await expect(report).toContainText('adds up');
    await expectAccessible(page, 'a host in reverse operation');
    const facts = await group.verifyLedger('R');
    expect(facts).toMatchObject({ missingCount: 0, missing: null, corrupt: 0, outOfOrder: 0, balance: { adds: true } });
    expect(completedBefore).toBeGreaterThan(20);
    expect(facts.presentThrough).toBeGreaterThanOrEqual(completedBefore + 20);
  });

  await test.step('the site returns, and the old primary refuses writes', async () => {
    await dashboard.returnSite('production');
    await dashboard.openTable();
    await expect(dashboard.row('Storage P, primary')).toContainText('up');
    await expect(dashboard.row('Storage P, primary')).toContainText('refuses host writes');
    await expect(dashboard.row('Host R')).not.toContainText('lost');
  });

  await test.step('reverse copy brings P a consistent copy of R', async () => {
    await dashboard.startRoutine('reverse-copy', 'Reverse copy');
    await dashboard.expectEnding('done');
    await dashboard.openTable();
    await dashboard.expectPair('Pair R → I (async)', 'duplex');
    await dashboard.expectPair('Pair I ⇒ P (sync)', 'suspend');
  });

  await test.step('copy control repeats until it is ended', async () => {
    await dashboard.startRoutine('reverse-copy-control', 'Reverse copy control');
    // Chosen while the run is elsewhere, it stays chosen.
    await expect(dashboard.step('S430')).toHaveAccessibleName(/, done/);
    await dashboard.showStep('S430');
    await expect(page.getByRole('region', { name: 'Step S430' })).toContainText(/round ([3-9]|\d\d)/);
    await page.getByRole('button', { name: 'End after this cycle' }).click();
    await dashboard.expectEnding('done');
  });

  await test.step('failback takes the work to host P without loss', async () => {
    await dashboard.startRoutine('failback', 'Failback');
    await dashboard.decide('Stop the work on host R now?', 'Stop the work on host R');
    await expect(dashboard.verdict).toContainText('No data loss, proven.');
    await dashboard.decide('Restart the work on host P?', 'Restart on host P');
    await dashboard.expectEnding('done');
  });

  await test.step('initial copy returns to duplex/duplex, and all volumes are the same', async () => {
    await dashboard.startRoutine('initial-copy', 'Initial copy');
    await dashboard.expectEnding('done');
    await dashboard.openTable();
    await dashboard.expectPair('Pair P ⇒ I (sync)', 'duplex');
    await dashboard.expectPair('Pair I → R (async)', 'duplex');
    await group.completes(20);
    expect(await group.verifyLedger()).toMatchObject({ verifiedOn: 'P', missingCount: 0, balance: { adds: true } });
    await group.isIdenticalEverywhere(['P', 'I', 'R']);
    // To be compared, the volumes had to rest; whoever comes next finds the demo as it was found.
    await api.ledger.start.mutate({ group: 'demo' });
    await group.completes(5);
  });
});
