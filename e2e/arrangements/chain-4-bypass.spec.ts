/** chain-4-bypass and its variation with backup: switching devices pass the frames of the long pair over the system between. */
import { Dashboard } from '../support/dashboard.ts';
import { goRound } from '../support/full-cycle.ts';
import { expect, test } from '../support/groups.ts';

test('chain-4-bypass: production is lost, R ⇒ J → P leaves I out, and all comes back', async ({ page, makeGroup }) => {
  const group = await makeGroup('bypass', { arrangement: 'chain-4-bypass' });
  await group.form();
  await goRound(page, group, {
    normal: ['Pair P ⇒ I (sync)', 'Pair I → R (async)'],
    reverse: ['Pair R ⇒ J (sync)', 'Pair J → P (async)'],
    restartOver: 'Reverse the pair, then restart',
    restartBack: 'Restart on host P',
    // J is idle in normal operation and keeps what reverse operation left it.
    equal: ['P', 'I', 'R'],
  });
});

test('chain-4-bypass-backup: J follows R, so that reverse operation begins without a full copy', async ({
  page,
  makeGroup,
}) => {
  const group = await makeGroup('bypass-backup', { arrangement: 'chain-4-bypass-backup' });
  await group.form();
  await goRound(page, group, {
    normal: ['Pair P ⇒ I (sync)', 'Pair I → R (async)', 'Pair R → J (async)'],
    reverse: ['Pair R ⇒ J (sync)', 'Pair J → P (async)', 'Pair P → I (async)'],
    restartOver: 'Restart at once',
    restartBack: 'Restart on host P',
    equal: ['P', 'I', 'J', 'R'],
  });
});

test('a switching device is killed: its lines are down, P goes on alone; back again, the difference is copied', async ({
  page,
  makeGroup,
}) => {
  const group = await makeGroup('bypass-switch', { arrangement: 'chain-4-bypass-backup' });
  await group.form();
  const dashboard = new Dashboard(page, group.name);
  await dashboard.openFaults();
  await dashboard.inject('switch-I', 'Kill switch-I');
  await expect(dashboard.activeFaults).toContainText('SIGKILL switch-I');
  await expect(dashboard.attention).toContainText('switch-I down');
  await dashboard.openTable();
  await expect(dashboard.row('Switching device I')).toContainText('down');
  await expect(dashboard.row('Line P-I')).toContainText('not connected');
  await expect(dashboard.row('Line J-R')).not.toContainText('not connected');
  await dashboard.expectPair('Pair P ⇒ I (sync)', 'failure-suspend');
  await group.completes(10);

  await dashboard.openFaults();
  await dashboard.inject('switch-I', 'Restart switch-I');
  await group.isConnected();
  await dashboard.startRoutine('initial-copy', 'Initial copy');
  await dashboard.expectEnding('done');
  await group.isIdenticalEverywhere(['P', 'I', 'J', 'R']);
  expect(await group.verifyLedger()).toMatchObject({ verifiedOn: 'P', missingCount: 0, balance: { adds: true } });
});
