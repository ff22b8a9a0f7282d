/** The drill that does not disturb: on the demo group, under load, watched all the while from outside. */
import type { GroupStatus } from '../server/domain/group-status.ts';
import { done } from './support/cli.ts';
import { type CliRun, eventually, expect, TestGroup, test } from './support/groups.ts';
import { api } from './support/instance.ts';

/** Looks at the group again and again until `ended` settles. */
async function watched(group: TestGroup, ended: Promise<unknown>): Promise<GroupStatus[]> {
  const seen: GroupStatus[] = [];
  let over = false;
  const ending = ended.finally(() => {
    over = true;
  });
  await eventually('the test has ended', async () => {
    seen.push(await group.status());
    return over;
  });
  await ending;
  return seen;
}

test('a failover is tested on a clone of R while the ledger works on at P and no pair moves', async ({ page }) => {
  const group = new TestGroup('demo');
  await group.pairsReach({ 'P-I': 'duplex', 'I-R': 'duplex' });
  await group.completes(5);
  const before = await group.status();

  const running = done<CliRun>('run', 'test-failover', '--group', 'demo', '--yes');
  const seen = await watched(group, running);
  const run = await running;

  expect(run).toMatchObject({ routine: 'test-failover', ending: 'done', verdict: null });
  expect(run.steps.map(({ id, outcome }) => `${id} ${outcome}`)).toEqual([
    'T110 ready',
    'T120 made',
    'T130 started',
    'T140 verified',
    'T150 worked',
    'T160 verified',
    'T170 stated',
    'T180 stopped',
    'T190 discarded',
    'T200 undisturbed',
  ]);
  expect(run.steps.flatMap(({ transitions }) => transitions)).toEqual([]);

  const clones = seen.flatMap(({ systems }) => systems.flatMap(({ name, clone }) => (clone ? [{ name, clone }] : [])));
  expect(clones.length).toBeGreaterThan(0);
  for (const { name, clone } of clones) expect([name, clone.run, clone.damaged]).toEqual(['R', run.run, null]);
  for (const { pairs, generation, holder } of seen) {
    expect(pairs.map(({ name, state }) => [name, state])).toEqual([
      ['P-I', 'duplex'],
      ['I-R', 'duplex'],
    ]);
    expect([generation, holder]).toEqual([before.generation, 'P']);
  }

  const after = await group.until('no clone and no test host', ({ systems, hosts }) =>
    [...systems.map(({ clone }) => clone), ...hosts.map(({ test: work }) => work)].every((left) => left === null),
  );
  const numberOf = (status: GroupStatus, name: string) => status.systems.find((one) => one.name === name)?.lastNumber;
  expect(numberOf(after, 'R')).toBeGreaterThan(numberOf(before, 'R') ?? Number.POSITIVE_INFINITY);
  await group.completes(5);
  const report = await api.ledger.verify.mutate({ group: 'demo', on: 'P' });
  expect(report).toMatchObject({ missingCount: 0, corrupt: 0, balance: { adds: true } });

  // What was found stands on the run's page, and the lag's chart marks the stretch of the test.
  await page.goto(`/groups/demo/runs/${run.run}`);
  await expect(page.getByTestId('test-result')).toContainText('nothing: no pair changed');
  await page.goto('/groups/demo?inspect=pair:I-R');
  await expect(page.getByTestId('lag-test').last()).toContainText('the lag stayed within');
});
