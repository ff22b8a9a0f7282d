/** Processes killed in the middle of a routine: it ends as if they had not been. */
import type { RunView } from '../../server/routines/step-graph.ts';
import { Dashboard } from '../support/dashboard.ts';
import { eventually, expect, stepIds, type TestGroup, test } from '../support/groups.ts';
import { api } from '../support/instance.ts';

test('R is killed in the middle of S230; once it is back the drain goes on and nothing is lost', async ({
  page,
  makeGroup,
}) => {
  const group = await makeGroup('killed-r');
  await group.form(100);
  const dashboard = new Dashboard(page, group.name);
  // Far enough that the drain of what is under way takes seconds.
  await api.faults.inject.mutate({
    kind: 'degrade',
    group: group.name,
    target: 'I-R',
    conditions: { delayMs: 400 },
  });
  await group.completes(200);
  await dashboard.loseSite('production');
  await group.losesHeartbeatOf('host-P', 'host-R');
  await dashboard.startRoutine('failover', 'Failover');
  await dashboard.decide('Is the production site really down?', 'It is down: fail over');
  await expect(dashboard.standing).toContainText('S230');
  await api.faults.inject.mutate({ kind: 'kill', group: group.name, target: 'R' });
  await expect(dashboard.standing).toContainText('S230');

  await dashboard.openFaults();
  await expect(dashboard.activeFaults).toContainText('SIGKILL R');
  await dashboard.inject('R', 'Restart R');
  const [run] = await api.runs.list.query({ group: group.name, active: true });
  await page.goto(`/groups/${group.name}/runs/${run?.run}`);
  await expect(dashboard.verdict).toContainText('No data loss, proven.');
  await dashboard.decide('Restart the work on host R?', 'Reverse the pair, then restart');
  await dashboard.expectEnding('done');
  await group.completes(5);
  expect(await group.verifyLedger('R')).toMatchObject({ missingCount: 0, corrupt: 0, balance: { adds: true } });
});

/**
 * Runs a routine step by step, and kills every control worker at each step, as soon as it has been told to go on: before,
 * in or right behind the step, as it comes. Answers the steps at which it did.
 */
async function runKillingTheWorker(group: TestGroup, routine: string): Promise<string[]> {
  const { run } = await api.runs.start.mutate({ group: group.name, routine, mode: 'step', acceptDefaults: true });
  const killedAt: string[] = [];
  for (;;) {
    const view = await whenItWaits(run, killedAt.at(-1));
    if (view.status === 'ended') {
      expect(view, JSON.stringify(view)).toMatchObject({ ending: 'done' });
      // However often it was resumed, no step was entered twice.
      expect(stepIds(view)).toEqual([...new Set(stepIds(view))]);
      return killedAt;
    }
    const step = view.currentStep ?? 'none';
    killedAt.push(step);
    await api.runs.order.mutate({ run, key: `continue-${step}`, order: { order: 'continue' } });
    await killWorkers();
  }
}

/** Waits until the run is at rest: paused before another step than `behind`, or ended. */
async function whenItWaits(run: string, behind: string | undefined): Promise<RunView> {
  let view = await api.runs.get.query({ run });
  await eventually(`${view.routine} waits or has ended`, async () => {
    view = await api.runs.get.query({ run });
    return view.status === 'ended' || (view.status === 'paused' && view.currentStep !== behind);
  });
  return view;
}

async function killWorkers(): Promise<void> {
  const alive = async () => (await api.system.query()).workers.filter((worker) => worker.alive);
  const before = (await alive()).map((worker) => worker.pid);
  for (const pid of before) process.kill(pid, 'SIGKILL');
  await eventually('another worker is alive', async () =>
    (await alive()).some((worker) => !before.includes(worker.pid)),
  );
}

test('the control worker is killed in every step of every routine', async ({ makeGroup }) => {
  test.slow();
  const group = await makeGroup('killed-control');
  expect(await runKillingTheWorker(group, 'initial-copy')).toContain('S110');
  await api.ledger.start.mutate({ group: group.name });
  await group.completes(20);
  await api.faults.inject.mutate({ kind: 'site-loss', group: group.name, target: 'production' });
  await group.losesHeartbeatOf('host-P', 'host-R');
  const steps = await runKillingTheWorker(group, 'failover');
  for (const step of ['S205', 'S230', 'S245', 'S260', 'S270', 'S280']) expect(steps).toContain(step);
  const [failover] = await api.runs.list.query({ group: group.name, limit: 1 });
  expect(failover?.verdict?.kind).toBe('no-data-loss');
  await group.completes(10);
  expect(await group.verifyLedger('R')).toMatchObject({ missingCount: 0, corrupt: 0, balance: { adds: true } });

  await api.faults.inject.mutate({ kind: 'site-return', group: group.name, target: 'production' });
  await group.isWhole();
  expect(await runKillingTheWorker(group, 'reverse-copy')).toContain('S330');
  expect(await runKillingTheWorker(group, 'failback')).toContain('S530');
  expect((await group.run('initial-copy')).ending).toBe('done');
  expect(await group.verifyLedger()).toMatchObject({ verifiedOn: 'P', missingCount: 0, balance: { adds: true } });
  await group.isIdenticalEverywhere(['P', 'I', 'R']);
});
