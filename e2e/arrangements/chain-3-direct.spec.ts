/** chain-3-direct: reverse operation copies from R straight to P. Also the planned switch-over, which begins in peace. */
import { goRound } from '../support/full-cycle.ts';
import { expect, stepIds, test } from '../support/groups.ts';

test('chain-3-direct: production is lost, the work goes on at R, P follows R over its own line, and all comes back', async ({
  page,
  makeGroup,
}) => {
  const group = await makeGroup('direct', { arrangement: 'chain-3-direct' });
  await group.form();
  await goRound(page, group, {
    normal: ['Pair P ⇒ I (sync)', 'Pair I → R (async)'],
    reverse: ['Pair R → P (async)'],
    restartOver: 'Reverse the pair, then restart',
    restartBack: 'Restart on host P',
    equal: ['P', 'I', 'R'],
  });
});

test('chain-3-direct: reverse copy and failback need no intermediate site', async ({ makeGroup }) => {
  const group = await makeGroup('direct-without-i', { arrangement: 'chain-3-direct' });
  await group.form();
  const over = await group.run('switch-over');
  expect(over).toMatchObject({ ending: 'done', verdict: { kind: 'no-data-loss' } });
  await group.completes(5);
  await group.inject('site-loss', 'intermediate');
  const reverse = await group.run('reverse-copy');
  expect(reverse.ending, JSON.stringify(reverse)).toBe('done');
  expect(stepIds(reverse)).toEqual(expect.arrayContaining(['S600', 'S610']));
  await group.completes(5);
  const back = await group.run('failback');
  expect(back, JSON.stringify(back)).toMatchObject({ ending: 'done', verdict: { kind: 'no-data-loss' } });
  expect(await group.verifyLedger()).toMatchObject({ verifiedOn: 'P', missingCount: 0, balance: { adds: true } });

  await group.inject('site-return', 'intermediate');
  await group.isWhole();
  expect((await group.run('initial-copy')).ending).toBe('done');
  await group.isIdenticalEverywhere(['P', 'I', 'R']);
});
