/** fan: 1 is lost, 2 takes over, 3 resumes from it by number; the roles are swapped, and swapped back. And the refusal. */
import type { GroupStatus } from '../../server/domain/group-status.ts';
import { Dashboard } from '../support/dashboard.ts';
import { type CliRun, expect, type TestGroup, test } from '../support/groups.ts';
import { api } from '../support/instance.ts';
import { expectIdenticalVolumes } from '../support/volumes.ts';

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

/** Entries that 2 keeps and 3 does not have. */
async function missingAt3(group: TestGroup): Promise<{ after: number; bytes: number; largest: number }> {
  const after = (await group.status()).systems.find(({ name }) => name === '3')?.lastNumber ?? 0;
  const { entries, trimmedTo } = await api.pairs.journal.query({ group: group.name, system: '2', after, limit: 500 });
  expect(trimmedTo).toBeLessThanOrEqual(after);
  const lengths = entries.map(({ lengthBytes }) => lengthBytes);
  return { after, bytes: lengths.reduce((sum, each) => sum + each, 0), largest: Math.max(...lengths) };
}

const pairOf = ({ pairs }: GroupStatus, name: string) => pairs.find((pair) => pair.name === name);
const evidenceOf = (run: CliRun, id: string) => run.steps.find((step) => step.id === id)?.evidence.join(' ') ?? '';

/** Stops the work, and waits until 3 has all of it, by the word of both: each is seen at a moment of its own. */
async function rests(group: TestGroup): Promise<GroupStatus> {
  await api.ledger.stop.mutate({ group: group.name });
  const lastOf = ({ systems }: GroupStatus, system: string) => systems.find(({ name }) => name === system)?.lastNumber;
  return group.until(
    '3 has everything',
    (status) => pairOf(status, '2-3')?.lag?.updates === 0 && lastOf(status, '3') === lastOf(status, '2'),
  );
}

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
    for (let zoom = 0; zoom < 6; zoom += 1) await page.getByRole('button', { name: 'Zoom out' }).click();
    const words = await page.getByTestId('forecast').boundingBox();
    expect(words?.height).toBeGreaterThan(16);
  });

  await loseProduction(group);
  const missing = await missingAt3(group);
  expect(missing.bytes).toBeGreaterThan(0);
  const dashboard = new Dashboard(page, group.name);
  await dashboard.startRoutine('takeover', 'Takeover');
  await dashboard.decide('Is the production site really down?', 'It is down: fail over');
  await expect(dashboard.verdict).toContainText('No data loss, proven.');
  await dashboard.decide('Restart the work on host 2?', 'Restart at once');
  await dashboard.expectEnding('done');
  await group.pairsReach({ '2-3': 'duplex' });
  await group.completes(10);
  expect(await group.verifyLedger()).toMatchObject({ verifiedOn: '2', missingCount: 0, balance: { adds: true } });

  await test.step('3 was sent the entries it lacked, and no track', async () => {
    const [run] = await api.runs.list.query({ group: group.name });
    const { steps } = await api.runs.get.query({ run: run?.run ?? '' });
    const joined = steps.find(({ id }) => id === 'F160');
    expect(joined?.transitions.map(({ to }) => to)).toEqual(['simplex', 'duplex']);
    const status = await rests(group);
    const moved = pairOf(status, '2-3')?.movedBytes ?? 0;
    const updates = (pairOf(status, '2-3')?.appliedNumber ?? 0) - missing.after;
    expect(moved).toBeGreaterThan(missing.bytes);
    expect(moved).toBeLessThanOrEqual(updates * missing.largest);
    await api.ledger.start.mutate({ group: group.name });
    await group.completes(5);
  });

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
  page,
  makeGroup,
}) => {
  const group = await makeGroup('fan-trimmed', { arrangement: 'fan', journalBytes: MIB });
  await formed(group, 100);
  for (const line of ['1-3', '2-3']) await api.faults.inject.mutate({ kind: 'cut', group: group.name, target: line });
  await group.until('the journal of 2 has let go what 3 lacks', ({ forecasts }) => forecasts[0]?.kind === 'full');
  await page.goto(`/groups/${group.name}`);
  await expect(page.getByTestId('forecast')).toHaveText(
    /^if 1 is lost now: full copy, 16.0 MiB \(update \d+ was trimmed from the journal of 2\)$/,
  );

  await loseProduction(group);
  await api.faults.inject.mutate({ kind: 'restore', group: group.name, target: '2-3' });
  await group.until('2 and 3 are joined again', ({ lines }) =>
    lines.some((line) => line.name === '2-3' && line.connected === true),
  );
  const dashboard = new Dashboard(page, group.name);
  await dashboard.startRoutine('takeover', 'Takeover');
  await dashboard.decide('Is the production site really down?', 'It is down: fail over');
  await expect(dashboard.verdict).toContainText('No data loss, proven.');
  await dashboard.decide('Restart the work on host 2?', 'Restart at once');
  await expect(page.getByText(/A delta resync of 3 is no longer possible: update \d+ was trimmed/)).toBeVisible();
  await dashboard.decide('Copy everything from 2 to 3?', 'Full copy');
  await dashboard.expectEnding('done');
  expect(await group.verifyLedger()).toMatchObject({ verifiedOn: '2', missingCount: 0, balance: { adds: true } });
  await rests(group);
  await expectIdenticalVolumes(group.name, ['2', '3'], 2);
});

test('fan: what only 3 holds is said, and these tracks alone are copied back', async ({ makeGroup }) => {
  const group = await makeGroup('fan-ahead', { arrangement: 'fan' });
  await formed(group, 20);
  await api.faults.inject.mutate({ kind: 'cut', group: group.name, target: '1-2' });
  await group.pairsReach({ '1-2': 'failure-suspend' });
  // 1 goes on alone, which is on record, and 3 follows it.
  await group.completes(10);
  await group.until('3 is ahead of 2', ({ forecasts }) => forecasts[0]?.kind === 'differ');
  await loseProduction(group);
  const run = await group.run('takeover', '--decide', 'F131=restart', '--decide', 'F132=restart');
  expect(run.ending, JSON.stringify(run)).toBe('done');
  expect(run.verdict?.kind).not.toBe('no-data-loss');
  expect(outcomes(run)).toEqual(expect.arrayContaining(['F150 differs', 'F161 repair', 'F163 duplex']));
  expect(evidenceOf(run, 'F150')).toMatch(/3 holds \d+ updates behind \d+ that 2 does not have/);
  const status = await rests(group);
  expect(pairOf(status, '2-3')?.movedBytes).toBeLessThan(8 * MIB);
  await expectIdenticalVolumes(group.name, ['2', '3'], 2);
});
