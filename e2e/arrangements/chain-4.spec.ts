/** chain-4: the log goes on from I to J and from there to R; reverse operation is the mirror image. */
import { goRound } from '../support/full-cycle.ts';
import { test } from '../support/groups.ts';

test('chain-4: production is lost, R ⇒ J → I → P mirrors P ⇒ I → J → R, and all comes back', async ({
  page,
  makeGroup,
}) => {
  const group = await makeGroup('four', { arrangement: 'chain-4' });
  await group.form();
  await goRound(page, group, {
    normal: ['Pair P ⇒ I (sync)', 'Pair I → J (async)', 'Pair J → R (async)'],
    reverse: ['Pair R ⇒ J (sync)', 'Pair J → I (async)', 'Pair I → P (async)'],
    restartOver: 'Form the sync pair, then restart',
    restartBack: 'Form the sync pair, then restart',
    equal: ['P', 'I', 'J', 'R'],
  });
});
