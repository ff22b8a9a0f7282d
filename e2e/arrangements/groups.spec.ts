/** Whole groups: made from the gallery, switched off and on together, deleted with the name typed. */
import { expect, TestGroup, test } from '../support/groups.ts';

test('a group is made with its forecast in view, stopped and started with another, and deleted', async ({
  page,
  makeGroup,
}) => {
  const other = await makeGroup('beside', { ledger: false });
  await test.step('the gallery draws the arrangement, and says what is to be expected before the group exists', async () => {
    await page.goto('/');
    await page.getByRole('button', { name: 'Create group' }).click();
    await page.getByLabel('Name', { exact: true }).fill('made-here');
    await page.getByRole('radio', { name: /^chain-3-direct/ }).check();
    await page.getByLabel('Volume size, MiB').fill('8');
    await page.getByLabel('Length of P-I, km').fill('200');
    await page.getByLabel('Length of P-R, km').fill('900');
    await page.getByLabel('Rate of I-R, MiB/s').fill('0.5');
    const expected = page.getByRole('region', { name: 'To be expected' });
    await expect(expected).toContainText('2.0 ms');
    await expect(expected).toContainText('The line to R is too narrow for these writes');
    await page.getByLabel('Rate of I-R, MiB/s').fill('100');
    await expect(expected).not.toContainText('too narrow');
    await page.getByRole('button', { name: 'Create made-here' }).click();
    await page.waitForURL('**/groups/made-here');
  });

  const group = new TestGroup('made-here');
  await group.form();
  await other.form(null);
  const { systems, hosts } = await group.status();
  const pids = [...systems, ...hosts].map((part) => part.pid ?? 0);

  await test.step('both are chosen in the fleet and switched off; their processes are gone', async () => {
    await page.goto('/');
    for (const name of [group.name, other.name]) await page.getByLabel(`Select ${name}`).check();
    const chosen = page.getByRole('region', { name: '2 groups selected' });
    await chosen.getByRole('button', { name: 'Switch off', exact: true }).click();
    await chosen.getByRole('button', { name: /^Switch off .*made-here/ }).click();
    await expect(chosen).toBeHidden();
    for (const name of [group.name, other.name])
      await expect(page.getByRole('row').filter({ hasText: name })).toContainText('stopped');
    for (const pid of pids) expect(() => process.kill(pid, 0), `process ${pid}`).toThrow('ESRCH');
  });

  await test.step('one is switched on from its own screen, and goes on where it was', async () => {
    await page.goto('/groups/made-here');
    await page.getByRole('button', { name: 'Power…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Power of made-here' });
    await dialog.getByRole('button', { name: 'Switch on', exact: true }).click();
    await dialog.getByRole('button', { name: 'Switch on made-here' }).click();
    await expect(dialog).toBeHidden();
    await group.isWhole();
    await group.pairsReach({ 'P-I': 'duplex', 'I-R': 'duplex' });
    await group.completes(5);
    expect(await group.verifyLedger()).toMatchObject({ missingCount: 0, corrupt: 0, balance: { adds: true } });
    expect((await other.status()).powered).toBe(false);
  });

  await test.step('deleting asks for the name, and takes the group out of the fleet', async () => {
    await page.getByRole('button', { name: 'Power…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Power of made-here' });
    await dialog.getByRole('button', { name: 'Delete', exact: true }).click();
    await dialog.getByLabel('Type made-here to confirm').fill('made-here');
    await dialog.getByRole('button', { name: 'Delete made-here' }).click();
    await page.waitForURL((url) => url.pathname === '/');
    await expect(page.getByRole('link', { name: 'beside' })).toBeVisible();
    await expect(page.getByRole('link', { name: 'made-here' })).toHaveCount(0);
  });
});
