/** Difference snapshots in place of a journal: the whole way of chain-3 on real processes, and what the screens say of a set. */
import { done, refused } from '../support/cli.ts';
import { Dashboard } from '../support/dashboard.ts';
import { goRound } from '../support/full-cycle.ts';
import { expect, test } from '../support/groups.ts';

test('chain-3 with difference snapshots: production is lost, the work goes on at R, and all comes back', async ({
  page,
  makeGroup,
}) => {
  const group = await makeGroup('snapshots', { transport: { '*': 'difference-snapshot' } });
  await group.form();
  const { pairs } = await group.status();
  expect(pairs.map(({ name, transport, journal }) => [name, transport, journal !== null])).toEqual([
    ['P-I', 'journal', false],
    ['I-R', 'difference-snapshot', false],
  ]);
  await goRound(page, group, {
    normal: ['Pair P ⇒ I (sync)', 'Pair I → R (async)'],
    reverse: ['Pair R → I (async)'],
    restartOver: 'Reverse the pair, then restart',
    restartBack: 'Restart on host P',
    equal: ['P', 'I', 'R'],
  });
});

test('a set on a slow line is shown with its number and how far it has come', async ({ page, makeGroup }) => {
  const group = await makeGroup('slow-sets', { transport: { 'I-R': 'difference-snapshot' } });
  await group.form();
  await done('fault', 'degrade', '--group', group.name, '--line', 'I-R', '--rate', '64KiB');
  const { pairs } = await group.until('a set on its way', (status) =>
    status.pairs.some(({ set }) => set !== null && set.doneBytes > 0),
  );
  const far = pairs.find(({ name }) => name === 'I-R');
  expect(far?.set?.bytes).toBe((far?.set?.tracks ?? 0) * (far?.trackBytes ?? 0));
  expect(far?.snapshotIntervalMs).toBeGreaterThan(0);
  const dashboard = new Dashboard(page, group.name);
  await dashboard.page.goto(`/groups/${group.name}?view=table&inspect=pair:I-R`);
  await expect(page.getByText('Difference snapshot on its way').first()).toBeVisible();
  await expect(page.getByText('Frozen at update')).toBeVisible();
});

test('a journal behind difference snapshots is refused by name on the command line', async () => {
  const words = ['group', 'create', 'mixed', '--arrangement', 'chain-4', '--transport', 'I-J=difference-snapshot'];
  expect(await refused(...words)).toMatchObject({
    code: 'bad-request',
    message: expect.stringContaining('cannot hand them on over J-R by journal'),
    cure: expect.stringContaining('Give J-R difference-snapshot too'),
  });
});
