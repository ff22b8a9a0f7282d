/**
 * Twin sites: the master is cut off, writes on and is lost; the backup takes over; the master returns and follows; the work goes
 * back. What the master had not sent is overwritten (merge) or left as it is (no-merge), and nothing is ever copied whole.
 */
import type { DifferenceTable } from '../server/domain/difference-table.ts';
import { done } from './support/cli.ts';
import { Dashboard } from './support/dashboard.ts';
import { expect, stepIds, type TestGroup, test } from './support/groups.ts';

const tableOf = (group: TestGroup, on: string) =>
  done<DifferenceTable>('pair', 'table', '--group', group.name, '--pair', 'B1-M', '--on', on);

/** Tracks of all devices, `device/track`, that are marked, or that a resync has left. */
function tracksOf(table: DifferenceTable, which: 'tracks' | 'leftTracks'): string[] {
  return table.devices.flatMap(({ device, cylinders }) =>
    cylinders.flatMap((each) => (each[which] ?? []).map((track) => `${device}/${each.cylinder * 15 + track}`)),
  );
}

/** From normal operation to a backup that works and a master that is back: it had gone on alone before it was lost. */
async function takenOver(group: TestGroup): Promise<void> {
  await group.run('pair-recovery');
  await group.pairsReach({ 'M-B1': 'duplex' });
  await done('ledger', 'start', '--group', group.name);
  await group.completes(5);
  await group.inject('cut', 'M-B1');
  await group.completes(10);
  await group.inject('site-loss', 'production');
  await group.losesHeartbeatOf('host-M', 'host-B1');
  const over = await group.run('takeover', '--decide', 'B1114=restart', '--decide', 'B1115=restart');
  expect(over.ending, JSON.stringify(over)).toBe('done');
  // Nobody but M knows what it completed, and M is silent: no proof of anything.
  expect(over.verdict?.kind).not.toBe('no-data-loss');
  expect(stepIds(over)).toEqual(expect.arrayContaining(['B1000', 'B1010', 'B1020', 'B1030']));
  await group.completes(10);
  await group.inject('restore', 'M-B1');
  await group.inject('site-return', 'production');
  await group.isWhole();
}

test('twin, merge: both tables are joined, and the master ends byte-equal to the backup; back by clicking', async ({
  page,
  makeGroup,
}) => {
  const group = await makeGroup('twin', { arrangement: 'twin' });
  await takenOver(group);
  expect((await tableOf(group, 'M')).setTracks).toBeGreaterThan(0);

  const dashboard = new Dashboard(page, group.name);
  await dashboard.startRoutine('resync', 'Resync');
  await dashboard.decide('Overwrite them with B1’s data?', 'Overwrite with B1’s data');
  await dashboard.expectEnding('done');
  await dashboard.openTable();
  await dashboard.expectPair('Pair B1 → M (async)', 'duplex');

  await dashboard.startRoutine('switch-back', 'Switch back');
  await dashboard.decide('Stop the work on host B1 now?', 'Stop the work on host B1');
  await expect(dashboard.verdict).toContainText('No data loss, proven.');
  await dashboard.decide('Restart the work on host M?', 'Restart on host M');
  await dashboard.expectEnding('done');
  await dashboard.startRoutine('pair-recovery', 'Pair recovery');
  await dashboard.expectEnding('done');
  await dashboard.openTable();
  await dashboard.expectPair('Pair M → B1 (async)', 'duplex');
  await group.completes(10);
  expect(await group.verifyLedger()).toMatchObject({ verifiedOn: 'M', missingCount: 0, corrupt: 0 });
  await group.isIdenticalEverywhere(['M', 'B1']);
});

test('twin, no-merge: tracks that only the master wrote are left, named, accepted, and carried to the backup', async ({
  makeGroup,
}) => {
  const group = await makeGroup('twin-left', { arrangement: 'twin', mode: 'no-merge' });
  await takenOver(group);
  const unsent = tracksOf(await tableOf(group, 'M'), 'tracks');
  const changed = tracksOf(await tableOf(group, 'B1'), 'tracks');
  expect(unsent.length).toBeGreaterThan(0);

  const resync = await group.run('resync');
  expect(resync.ending, JSON.stringify(resync)).toBe('done');
  const left = tracksOf(await tableOf(group, 'M'), 'leftTracks');
  for (const track of left) expect(unsent).toContain(track);
  for (const track of changed) expect(left).not.toContain(track);

  const back = await group.run('switch-back');
  expect(back, JSON.stringify(back)).toMatchObject({ ending: 'done', verdict: { kind: 'no-data-loss' } });
  expect((await group.run('pair-recovery')).ending).toBe('done');
  await group.completes(5);
  await group.isIdenticalEverywhere(['M', 'B1']);
});
