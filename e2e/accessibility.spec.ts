/** Every screen, in light and dark, by the rules of WCAG 2.2 AA that a machine can check. */
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, type TestGroup, test } from './support/groups.ts';
import { api } from './support/instance.ts';

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

async function expectAccessible(page: Page, what: string): Promise<void> {
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  const light = await new AxeBuilder({ page }).withTags(RULES).analyze();
  // Of all rules only contrast depends on the colours.
  await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
  const dark = await new AxeBuilder({ page }).withRules(['color-contrast']).analyze();
  const found = [...light.violations, ...dark.violations].map(
    ({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 160)).join(' | ')}`,
  );
  expect(found, what).toEqual([]);
}

/** Screens of a group, each with what must be seen before it is judged. */
function screensOf({ name }: TestGroup, run: string): [path: string, seen: string | RegExp][] {
  return [
    ['/', /groups?$/],
    [`/groups/${name}`, 'Show legend'],
    [`/groups/${name}?view=table`, 'Storage P, primary'],
    [`/groups/${name}?view=table&inspect=pair:P-I`, 'Fence level'],
    [`/groups/${name}?view=table&inspect=system:P`, 'Journal tail'],
    [`/groups/${name}?view=table&inspect=host:host-P`, 'Verify ledger'],
    [`/groups/${name}/faults`, 'Inject a fault'],
    [`/groups/${name}/runs`, 'Opening a preflight starts nothing.'],
    [`/groups/${name}/runs/new?routine=failover`, 'Predicted'],
    [`/groups/${name}/runs/${run}`, /^Run ended: done/],
    [`/groups/${name}/runs/${run}/report`, 'Steps taken'],
    ['/history', 'What happened'],
  ];
}

test('every screen of a group in normal operation', async ({ page, makeGroup }) => {
  const group = await makeGroup('for-axe');
  await group.form();
  const [run] = await api.runs.list.query({ group: group.name, limit: 1 });
  for (const [path, seen] of screensOf(group, run?.run ?? '')) {
    await page.goto(path);
    await expect(page.getByText(seen).first(), path).toBeVisible();
    await expectAccessible(page, path);
  }
});

test('a disaster: alarm, decision and verdict', async ({ page, makeGroup }) => {
  const group = await makeGroup('for-axe-lost');
  await group.form();
  await api.faults.inject.mutate({ kind: 'site-loss', group: group.name, target: 'production' });
  await group.losesHeartbeatOf('host-P', 'host-R');
  const { run } = await api.runs.start.mutate({ group: group.name, routine: 'failover' });
  for (const path of [`/groups/${group.name}`, `/groups/${group.name}?view=table`, `/groups/${group.name}/faults`]) {
    await page.goto(path);
    await expect(page.getByRole('region', { name: 'Attention' })).toBeVisible();
    await expectAccessible(page, path);
  }
  await page.goto(`/groups/${group.name}/runs/${run}`);
  await expect(page.getByTestId('decision')).toBeVisible();
  await expectAccessible(page, 'a decision');
  await api.runs.order.mutate({ run, key: 'confirm', order: { order: 'decide', step: 'S201', choice: 'confirm' } });
  await expect(page.getByTestId('verdict')).toBeVisible();
  await expectAccessible(page, 'a verdict');
});
