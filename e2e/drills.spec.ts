/** Runbooks recorded on the demo group: from the screen to a bundle that proves itself, and what becomes of one that is broken off. */
import { appendFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, type Page, test } from '@playwright/test';
import { processesIn, scratchOf } from '../server/control/drills/recorder-remains.ts';
import { verifyBundle } from '../server/control/evidence/verify-bundle.ts';
import type { DrillReport, DrillView } from '../server/control/views.ts';
import { done, refused, switchback } from './support/cli.ts';
import { eventually } from './support/groups.ts';
import { api, dataFolder } from './support/instance.ts';

/** A recording takes its time: a browser is started, and every step is shown. */
const RECORDED = { timeout: 240_000 };

async function openRunbooks(page: Page): Promise<void> {
  await page.goto('/groups/demo/runbooks');
  await expect(page.getByRole('heading', { name: 'Runbooks', level: 1 })).toBeVisible();
}

const rowOf = (page: Page, bundle: string) =>
  page.getByRole('region', { name: 'Recorded drills' }).first().getByRole('row').filter({ hasText: bundle });
const bundleFile = (bundle: string, name: string) => path.join(dataFolder, 'evidence', bundle, name);

/** One bit of each file of a real bundle is turned, and turned back: exactly that file is named. */
function expectEveryByteCounts(folder: string): void {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)));
  for (const name of ['film.webm', 'trace.zip', 'report.html', 'report.pdf', 'notes.ndjson', 'facts/timeline.json'])
    expect(names).toContain(name);
  for (const name of names) {
    const whole = readFileSync(path.join(folder, name));
    const bytes = Buffer.from(whole);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    writeFileSync(path.join(folder, name), bytes);
    const found = verifyBundle(folder, null).findings.map((finding) => finding.path);
    writeFileSync(path.join(folder, name), whole);
    expect(found, name).toContain(name.startsWith('manifest') ? 'manifest.json' : name);
    if (!name.startsWith('manifest')) expect(found).toHaveLength(1);
  }
}

test('a runbook is recorded from the screen; its bundle opens, is proven, and tells when a byte is changed', async ({
  page,
}) => {
  await openRunbooks(page);
  await page.getByRole('button', { name: 'Record A cut line' }).click();
  await page.getByLabel('Approved by (optional)').fill('Berta B.');
  await page.getByRole('button', { name: 'Record “A cut line”' }).click();
  const underWay = page.getByTestId('drill-under-way');
  await expect(underWay).toContainText('Being recorded: A cut line');
  await expect(underWay).toContainText('Chapter: The line is cut', RECORDED);
  await refused('runbook', 'record', 'line-cut', '--group', 'demo', '--no-wait');
  await expect(underWay).toBeHidden(RECORDED);

  const [drill] = await done<DrillView[]>('runbook', 'list', '--group', 'demo');
  if (!drill) throw new Error('none was recorded');
  const { bundle } = drill;
  expect(drill).toMatchObject({ runbook: 'line-cut', outcome: 'passed', status: 'sealed' });
  const row = rowOf(page, bundle);
  await expect(row).toContainText('passed');
  await expect(row).toContainText('approved by Berta B.');
  await expect(page.getByTestId('last-proof')).toContainText('A cut line');
  await row.getByRole('button', { name: `Verify ${bundle}` }).click();
  await expect(row).toContainText('Every byte is what was sealed');

  await row.getByRole('link', { name: bundle, exact: true }).click();
  const moment = page.getByTestId('replay-words');
  await page
    .getByRole('button', { name: /^Show .*: Pair P-I: duplex$/ })
    .first()
    .click();
  await expect(moment).not.toContainText('failure-suspend');
  await page.getByRole('button', { name: /^Show .*: Pair P-I: failure-suspend$/ }).click();
  await expect(moment).toContainText('failure-suspend');
  await expect
    .poll(() => page.locator('video').evaluate((film: HTMLVideoElement) => film.currentTime))
    .toBeGreaterThan(1);

  await page.goto(`/api/evidence/${bundle}/report.html`);
  await expect(page.getByText('Walked to its end')).toBeVisible();
  await expect(page.getByText('✓ Pair P-I: failure-suspend')).toBeVisible();
  await page.getByRole('button', { name: '· The line is joined' }).click();
  await expect
    .poll(() => page.locator('#film').evaluate((film: HTMLVideoElement) => film.currentTime > 1 && film.videoWidth))
    .toBe(1280);
  const pictures = await page
    .locator('main img')
    .evaluateAll((all) => all.map((picture) => (picture as HTMLImageElement).getAttribute('src')));
  expect(pictures.length).toBeGreaterThan(5);
  for (const name of [...pictures, 'report.pdf', 'trace.zip', 'facts/runs.json'])
    expect((await page.request.get(`/api/evidence/${bundle}/${name}`)).status(), String(name)).toBe(200);
  expect((await page.request.get(`/api/evidence/${bundle}.zip`)).status()).toBe(200);

  for (const place of [bundleFile(bundle, ''), `${bundleFile(bundle, '')}.zip`])
    expect(verifyBundle(path.resolve(place), null).findings).toEqual([]);
  expectEveryByteCounts(bundleFile(bundle, ''));

  const film = bundleFile(bundle, 'film.webm');
  const bytes = readFileSync(film);
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  writeFileSync(film, bytes);
  appendFileSync(bundleFile(bundle, 'facts/ledger.json'), ' ');
  const answer = await switchback('runbook', 'verify', bundle);
  expect(answer.code).toBe(1);
  const report = await api.drills.verify.query({ drill: bundle });
  expect(report.findings.map(({ kind, path: name }) => `${kind} ${name}`)).toEqual([
    'changed facts/ledger.json',
    'changed film.webm',
  ]);
  await openRunbooks(page);
  await rowOf(page, bundle)
    .getByRole('button', { name: `Verify ${bundle}` })
    .click();
  await expect(rowOf(page, bundle)).toContainText('It is not what was sealed');
});

test('the control worker is killed in mid-recording, which goes on; the recorder is killed, and what there is, is sealed', async () => {
  const begun = await done<DrillView>('runbook', 'record', 'line-cut', '--group', 'demo', '--no-wait');
  const now = () => api.drills.get.query({ drill: begun.id });
  const folder = path.join(dataFolder, 'evidence', begun.bundle);
  const notes = () => readFileSync(path.join(folder, 'notes.ndjson'), 'utf8');
  await eventually('it is recorded', async () => (await now()).progress.chapter === 'Normal operation');
  await api.faults.inject.mutate({ kind: 'kill', target: 'control' });
  await eventually('the line is cut', async () => notes().includes('Cut P-I'));
  for (const pid of processesIn(scratchOf(folder))) process.kill(pid, 'SIGKILL');
  await expect.poll(async () => (await now()).status, RECORDED).toBe('sealed');
  const drill = await now();
  expect(drill.outcome).toBe('incomplete');
  const report = await done<DrillReport>('runbook', 'verify', path.join(dataFolder, 'evidence', drill.bundle));
  expect(report.intact).toBe(true);
  expect((await api.drills.verify.query({ drill: drill.bundle })).chain).toEqual([]);
  const aftermath = JSON.parse(readFileSync(bundleFile(drill.bundle, 'facts/aftermath.json'), 'utf8'));
  expect(JSON.stringify(aftermath.goOn)).toContain('A fault is still injected');
  expect(readFileSync(bundleFile(drill.bundle, 'report.html'), 'utf8')).toContain('the recording was broken off');
  for (const fault of await api.faults.list.query({ group: 'demo', active: true }))
    await api.faults.clear.mutate({ fault: fault.id });
  await done('run', 'initial-copy', '--group', 'demo', '--yes');
});
