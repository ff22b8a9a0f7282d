/** The whole way of any arrangement, by clicking: production is lost under load, the work goes on at host R, and comes back. */
import type { Page } from '@playwright/test';
import type { GroupStatus } from '../../server/domain/group-status.ts';
import { Dashboard } from './dashboard.ts';
import { expect, type TestGroup } from './groups.ts';

/** What differs from arrangement to arrangement. Pairs as the tables name them, all of them in duplex in that operation. */
export interface Cycle {
  normal: readonly string[];
  reverse: readonly string[];
  /** What is chosen where the restart is asked for: on R after the failover, on P after the failback. */
  restartOver: string;
  restartBack: string;
  /** Systems that hold the same at the end. */
  equal: readonly string[];
}

async function expectDuplex(dashboard: Dashboard, pairs: readonly string[]): Promise<void> {
  await dashboard.openTable();
  for (const pair of pairs) await dashboard.expectPair(pair, 'duplex');
}

async function run(dashboard: Dashboard, routine: string, title: string): Promise<void> {
  await dashboard.startRoutine(routine, title);
  await dashboard.expectEnding('done');
}

const pidsAt = (site: string, { systems, hosts }: GroupStatus) =>
  [...systems, ...hosts].filter((part) => part.site === site).map((part) => part.pid ?? 0);

/** From normal operation with its ledger at work, through the loss of production, back to normal operation. */
export async function goRound(page: Page, group: TestGroup, cycle: Cycle): Promise<void> {
  const dashboard = new Dashboard(page, group.name);
  await expectDuplex(dashboard, cycle.normal);

  const killed = pidsAt('production', await group.status());
  expect(killed).toHaveLength(2);
  await dashboard.loseSite('production');
  for (const pid of killed) expect(() => process.kill(pid, 0), `process ${pid}`).toThrow('ESRCH');
  await group.losesHeartbeatOf('host-P', 'host-R');

  await dashboard.startRoutine('failover', 'Failover');
  await dashboard.decide('Is the production site really down?', 'It is down: fail over');
  await expect(dashboard.verdict).toContainText('No data loss, proven.');
  const { completedThrough } = await group.verifyLedger('R');
  await dashboard.decide('Restart the work on host R?', cycle.restartOver);
  await dashboard.expectEnding('done');
  await group.completes(10);
  const over = await group.verifyLedger();
  expect(over).toMatchObject({ verifiedOn: 'R', missingCount: 0, corrupt: 0, balance: { adds: true } });
  expect(over.presentThrough).toBeGreaterThan(completedThrough);

  await dashboard.returnSite('production');
  await group.isWhole();
  await run(dashboard, 'reverse-copy', 'Reverse copy');
  await expectDuplex(dashboard, cycle.reverse);
  await group.completes(10);

  await dashboard.startRoutine('failback', 'Failback');
  await dashboard.decide('Stop the work on host R now?', 'Stop the work on host R');
  await expect(dashboard.verdict).toContainText('No data loss, proven.');
  await dashboard.decide('Restart the work on host P?', cycle.restartBack);
  await dashboard.expectEnding('done');

  await run(dashboard, 'initial-copy', 'Initial copy');
  await expectDuplex(dashboard, cycle.normal);
  await group.completes(10);
  const back = await group.verifyLedger();
  expect(back).toMatchObject({ verifiedOn: 'P', missingCount: 0, corrupt: 0, balance: { adds: true } });
  expect(back.presentThrough).toBeGreaterThan(over.presentThrough);
  await group.isIdenticalEverywhere(cycle.equal);
}
