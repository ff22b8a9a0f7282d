/**
 * Twin sites: the master is cut off, writes on and is lost; the backup takes over; the master returns and follows; the work goes
 * back. What the master had not sent is overwritten (merge) or left as it is (no-merge), and nothing is ever copied whole.
 */
import type { DifferenceTable } from '../../server/domain/difference-table.ts';
import { done } from '../support/cli.ts';
import { Dashboard } from '../support/dashboard.ts';
import { expect, stepIds, type TestGroup, test } from '../support/groups.ts';
import { api } from '../support/instance.ts';
import { connectVolume, expectIdenticalVolumes, readVolume } from '../support/volumes.ts';

const TRACK_BYTES = 64 * 1024;
const VOLUMES = [0, 1];
const TRACKS_PER_CYLINDER = 15;

/** A host of the network writes whole tracks, `device/track`. */
async function writeTracks(group: TestGroup, system: string, tracks: readonly string[], fill: string): Promise<void> {
  for (const name of tracks) {
    const [volume = 0, track = 0] = name.split('/').map(Number);
    const client = await connectVolume(group.name, system, volume);
    await new Promise<void>((resolve, reject) =>
      client.write(track * TRACK_BYTES, Buffer.alloc(TRACK_BYTES, fill), false, (error) =>
        error ? reject(error) : resolve(),
      ),
    );
    await new Promise<void>((resolve) => client.disconnect(resolve));
  }
}

const tableOf = (group: TestGroup, pair: string, on: string) =>
  done<DifferenceTable>('pair', 'table', '--group', group.name, '--pair', pair, '--on', on);

/** Tracks of all devices, `device/track`, that are marked, left by a resync, or not confirmed. */
function tracksOf(table: DifferenceTable, which: 'tracks' | 'leftTracks' | 'unconfirmedTracks'): string[] {
  return table.devices.flatMap(({ device, cylinders }) =>
    cylinders.flatMap((each) =>
      (each[which] ?? []).map((track) => `${device}/${each.cylinder * TRACKS_PER_CYLINDER + track}`),
    ),
  );
}

/** Tracks in which the volumes of two systems differ, read over NBD. */
async function differingTracks(group: TestGroup, one: string, other: string): Promise<string[]> {
  const found: string[] = [];
  for (const volume of VOLUMES) {
    const [a, b] = [await readVolume(group.name, one, volume), await readVolume(group.name, other, volume)];
    for (let track = 0; track * TRACK_BYTES < a.length; track += 1) {
      const [from, to] = [track * TRACK_BYTES, (track + 1) * TRACK_BYTES];
      if (!a.subarray(from, to).equals(b.subarray(from, to))) found.push(`${volume}/${track}`);
    }
  }
  return found;
}

/** What the last copy of a pair moved, as its source counted it. */
async function copiedBytes(group: TestGroup, pair: string): Promise<number> {
  const status = await group.until(`a copy of ${pair} has ended`, ({ pairs }) =>
    pairs.some(({ name, lastCopyBytes }) => name === pair && lastCopyBytes !== null),
  );
  return status.pairs.find(({ name }) => name === pair)?.lastCopyBytes ?? -1;
}

const restWork = (group: TestGroup) => api.ledger.stop.mutate({ group: group.name });
const startWork = (group: TestGroup) => api.ledger.start.mutate({ group: group.name });

async function formed(group: TestGroup): Promise<void> {
  await group.run('pair-recovery');
  await group.pairsReach({ 'M-B1': 'duplex' });
  await startWork(group);
  await group.completes(5);
}

/** The master is lost, and the backup takes over. */
async function lost(group: TestGroup, ...decisions: string[]) {
  await group.inject('site-loss', 'production');
  await group.losesHeartbeatOf('host-M', 'host-B1');
  const over = await group.run('takeover', ...decisions.flatMap((each) => ['--decide', each]));
  expect(over.ending, JSON.stringify(over)).toBe('done');
  expect(stepIds(over)).toEqual(expect.arrayContaining(['B1000', 'B1010', 'B1020', 'B1030']));
  return over;
}

/** The same; the backup writes, and the work on it pauses, so that every byte can be counted. */
async function takenOver(group: TestGroup, ...decisions: string[]) {
  const over = await lost(group, ...decisions);
  await group.completes(10);
  await restWork(group);
  return over;
}

/** The same, with the master cut off before: it goes on alone, and nobody else knows what it completed. */
async function takenOverWithLoss(group: TestGroup): Promise<void> {
  await formed(group);
  await group.inject('cut', 'M-B1');
  await group.completes(10);
  // The pair flows still: table 1 is what the log has not got confirmed.
  const table1 = await tableOf(group, 'M-B1', 'M');
  expect(table1.unconfirmed?.updates ?? table1.setTracks).toBeGreaterThan(0);
  expect([...tracksOf(table1, 'unconfirmedTracks'), ...tracksOf(table1, 'tracks')].length).toBeGreaterThan(0);
  const over = await takenOver(group, 'B1114=restart', 'B1115=restart');
  expect(over.verdict?.kind).not.toBe('no-data-loss');
  await group.inject('restore', 'M-B1');
  await group.inject('site-return', 'production');
  await group.isWhole();
}

test('twin, merge: both tables are joined, and the master ends byte-equal to the backup; back by clicking', async ({
  page,
  makeGroup,
}) => {
  const group = await makeGroup('twin', { arrangement: 'twin' });
  await takenOverWithLoss(group);
  const unsent = tracksOf(await tableOf(group, 'B1-M', 'M'), 'tracks');
  const changed = tracksOf(await tableOf(group, 'B1-M', 'B1'), 'tracks');
  expect(unsent.length).toBeGreaterThan(0);

  const dashboard = new Dashboard(page, group.name);
  await dashboard.startRoutine('resync', 'Resync');
  await dashboard.decide('Overwrite them with B1’s data?', 'Overwrite with B1’s data');
  await dashboard.expectEnding('done');
  // Each track of either table once, and none beside.
  expect(await copiedBytes(group, 'B1-M')).toBe(new Set([...unsent, ...changed]).size * TRACK_BYTES);
  await expectIdenticalVolumes(group.name, ['M', 'B1'], VOLUMES.length);
  await dashboard.openTable();
  await dashboard.expectPair('Pair B1 → M (async)', 'duplex');
  await startWork(group);
  await group.completes(5);

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
  page,
  makeGroup,
}) => {
  // Such an image is for an application whose tracks stand each for itself: the ledger would find it damaged, and say so.
  const group = await makeGroup('twin-left', { arrangement: 'twin', mode: 'no-merge', ledger: false });
  await group.isConnected();
  await writeTracks(group, 'M', ['0/2', '0/5', '1/120'], 'first');
  await group.run('pair-recovery');
  await group.pairsReach({ 'M-B1': 'duplex' });
  await group.inject('cut', 'M-B1');
  await writeTracks(group, 'M', ['0/5', '0/16', '1/120'], 'never sent');
  await lost(group, 'B1114=restart', 'B1115=restart');
  await writeTracks(group, 'B1', ['0/5', '0/7'], 'taken over');
  await group.inject('restore', 'M-B1');
  await group.inject('site-return', 'production');
  await group.isWhole();
  await group.isConnected();
  const unsent = tracksOf(await tableOf(group, 'B1-M', 'M'), 'tracks');
  const changed = tracksOf(await tableOf(group, 'B1-M', 'B1'), 'tracks');
  expect(unsent).toEqual(expect.arrayContaining(['0/5', '0/16', '1/120']));
  expect(changed).toEqual(['0/5', '0/7']);

  const resync = await group.run('resync');
  expect(resync.ending, JSON.stringify(resync)).toBe('done');
  // Only what the backup changed.
  expect(await copiedBytes(group, 'B1-M')).toBe(changed.length * TRACK_BYTES);
  const left = tracksOf(await tableOf(group, 'B1-M', 'M'), 'leftTracks');
  expect(left.sort()).toEqual(unsent.filter((track) => !changed.includes(track)).sort());
  expect(left).toEqual(expect.arrayContaining(['0/16', '1/120']));

  // The tracks stand on the screen, in the table and at the decision, and again in the verdict.
  await page.goto(`/groups/${group.name}?view=table&inspect=pair:B1-M`);
  await page.getByRole('button', { name: 'Table of M', exact: true }).click();
  await expect(page.getByRole('region', { name: 'Difference table of M' })).toContainText('left as written here:');
  const dashboard = new Dashboard(page, group.name);
  await dashboard.startRoutine('switch-back', 'Switch back');
  await expect(
    page.getByText(`${left.length} tracks hold its own updates, which B1 never confirmed: device`).first(),
  ).toBeVisible();
  await dashboard.decide('Go on from this image?', 'Accept M’s image');
  await expect(dashboard.verdict).toContainText(`${left.length} tracks hold its own updates`);
  await dashboard.decide('Restart the work on host M?', 'Restart on host M');
  await dashboard.expectEnding('done');

  // Before pair recovery the two differ in these tracks and in no other; then they are carried to the backup, and nothing else.
  expect((await differingTracks(group, 'M', 'B1')).sort()).toEqual(['0/16', '1/120']);
  expect((await group.run('pair-recovery')).ending).toBe('done');
  expect(await copiedBytes(group, 'M-B1')).toBe(left.length * TRACK_BYTES);
  await group.isIdenticalEverywhere(['M', 'B1']);
});

test('twin, sync, two backups: nothing completed is lost, proven; the first has it all, the other follows by difference', async ({
  makeGroup,
}) => {
  const group = await makeGroup('twin-sync', { arrangement: 'twin', mode: 'sync', backups: 2 });
  await formed(group);
  await group.pairsReach({ 'M-B1': 'duplex', 'M-B2': 'duplex' });
  const over = await takenOver(group);
  expect(over.verdict, JSON.stringify(over)).toMatchObject({ kind: 'no-data-loss' });
  await group.inject('site-return', 'production');
  await group.isWhole();
  const resync = await group.run('resync');
  expect(resync.ending, JSON.stringify(resync)).toBe('done');
  const moved = await copiedBytes(group, 'B1-M');
  const { volumeBytes } = await api.groups.definition.query({ group: group.name });
  expect(moved).toBeLessThan(volumeBytes / 2);
  await expectIdenticalVolumes(group.name, ['M', 'B1'], VOLUMES.length);
  const back = await group.run('switch-back');
  expect(back, JSON.stringify(back)).toMatchObject({ ending: 'done', verdict: { kind: 'no-data-loss' } });
  const recovery = await group.run('pair-recovery');
  expect(recovery.ending, JSON.stringify(recovery)).toBe('done');
  for (const pair of ['M-B1', 'M-B2']) expect(await copiedBytes(group, pair)).toBeLessThan(volumeBytes / 2);
  await startWork(group);
  await group.completes(5);
  await group.isIdenticalEverywhere(['M', 'B1', 'B2']);
});
