/** What an operator does on the screens, in a real browser: what is sent is checked by the API's own input rules. */
import type { Page } from '@playwright/test';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { accessibilityBreaches, DESKTOP, type OpenPage, openPage, PHONE, startBrowser } from './browser.ts';
import { FixtureServices, type Scene, sceneFixture } from './fixture-services.ts';
import { lossStatus } from './group-fixture.ts';
import { drainingRun, endedRun, LOSS, waitingRun } from './run-fixture.ts';
import { type ScreenServer, startScreenServer } from './screen-server.ts';

let server: ScreenServer;
let browser: Awaited<ReturnType<typeof startBrowser>>;
let open: OpenPage | null = null;
let fixture: FixtureServices;
let page: Page;

beforeAll(async () => {
  server = await startScreenServer(new FixtureServices(sceneFixture(Date.now())));
  browser = await startBrowser();
});

afterAll(async () => {
  await browser.stop();
  await server.stop();
});

beforeEach(() => {
  fixture = new FixtureServices(sceneFixture(Date.now()));
});

afterEach(async () => {
  expect(open?.errors.filter((error) => !error.includes('Failed to load resource'))).toEqual([]);
  await open?.close();
  open = null;
});

async function visit(
  path: string,
  change: (scene: Scene) => void = () => undefined,
  view: typeof DESKTOP | typeof PHONE = DESKTOP,
) {
  change(fixture.scene);
  server.use(fixture);
  open = await openPage(browser.context, server.url + path, view);
  page = open.page;
}

/** Waits until the API has been asked for a change of that kind, and returns what was sent. */
async function changeOf(kind: string): Promise<unknown> {
  await expect.poll(() => fixture.changes.map((change) => change.kind), { timeout: 10_000 }).toContain(kind);
  return fixture.changes.find((change) => change.kind === kind)?.params;
}

const inLoss = (scene: Scene) => {
  scene.status = lossStatus(Date.now());
};

describe('pair actions', () => {
  it('say why they are refused, and stay where a keyboard finds them', async () => {
    await visit('/groups/demo?view=graph&inspect=pair:P-I');
    const refused = page.getByRole('button', { name: 'Resync P-I' });
    await refused.waitFor();
    expect(await refused.getAttribute('aria-disabled')).toBe('true');
    await refused.focus();
    expect(await refused.evaluate((element) => element === document.activeElement)).toBe(true);
    // Playwright takes a button that is refused for one that cannot be pressed; an operator can, and is told why.
    await refused.click({ force: true });
    await page.getByText('The pair is in duplex already.').first().waitFor();
    expect(fixture.changes).toEqual([]);
  });

  it('tell their consequence before they are given, and a refusal after', async () => {
    await visit('/groups/demo?view=graph&inspect=pair:P-I');
    await page.getByRole('button', { name: 'Split P-I' }).click();
    const confirm = page.getByRole('group', { name: 'Split P-I' });
    await confirm.getByText('Updates stop flowing.').waitFor();
    expect(fixture.changes).toEqual([]);
    await confirm.getByRole('button', { name: 'Split P-I' }).click();
    expect(await changeOf('pair.instruct')).toEqual({ group: 'demo', pair: 'P-I', instruction: 'split' });
    await page.getByTestId('refusal').waitFor();
  });

  it('that lose something ask for the group’s name, and Enter in the field gives no order', async () => {
    await visit('/groups/demo?view=graph&inspect=pair:P-I');
    await page.getByRole('button', { name: 'Delete P-I' }).click();
    const confirm = page.getByRole('group', { name: 'Delete P-I' });
    const act = confirm.getByRole('button', { name: 'Delete P-I' });
    expect(await act.getAttribute('aria-disabled')).toBe('true');
    const field = confirm.getByLabel('Type demo to confirm');
    await field.fill('demo');
    await field.press('Enter');
    expect(fixture.changes).toEqual([]);
    await act.click();
    expect(await changeOf('pair.instruct')).toMatchObject({ instruction: 'delete' });
  });
});

describe('the difference bitmap', () => {
  it('is read from the end that is asked for', async () => {
    await visit('/groups/demo?view=graph&inspect=pair:I-R');
    await page.getByRole('img', { name: 'Vol 0: 100 of 1,024 tracks marked' }).waitFor();
    await page.getByText('by storage I').last().waitFor();
    await page.getByText('At R, destination').click();
    await page.getByText('by storage R').last().waitFor();
    await page.getByText('Ranges with most marked tracks').click();
    await page.getByText('Vol 0, tracks 0 to 15: 16 marked, from 0 B').waitFor();
  });
});

describe('the history', () => {
  it('shows the group as it stood at any event, by keyboard too, and can be sent to somebody', async () => {
    await visit('/history?group=demo');
    await page.getByRole('button', { name: 'Show the group at event 1,200' }).click();
    await page.getByText('All processes were up.').waitFor();
    await page.getByRole('slider', { name: 'Event at the cursor' }).press('ArrowRight');
    await page.getByText('Down: storage P').waitFor();
    await page.waitForURL(/at=1201/);
    await page.getByRole('button', { name: 'Later event' }).click();
    await page.getByRole('region', { name: 'At the cursor' }).getByText('failure-suspend').waitFor();
    await page.waitForURL(/at=1202/);
  });

  it('does not move under the reader’s eye', async () => {
    await visit('/history?group=demo&at=1203');
    const rows = page.getByRole('button', { name: /^Show the group at event/ });
    await rows.first().waitFor();
    const before = await rows.count();
    const [event] = fixture.scene.events;
    if (!event) throw new Error('no event');
    fixture.push({ kind: 'event', event: { ...event, seq: 1300, text: 'something new' } });
    await page.getByRole('button', { name: '1 newer event. Show' }).click();
    await page.getByRole('cell', { name: /something new/ }).waitFor();
    expect(await rows.count()).toBe(before + 1);
  });
});

describe('a routine', () => {
  it('shows every step before it is started, and what each will do', async () => {
    await visit('/groups/demo/runs/new?routine=failover', inLoss);
    await page.getByRole('button', { name: /^S245 / }).click();
    await page.getByTestId('step-card').getByRole('heading', { name: /S245/ }).waitFor();
    expect(fixture.changes).toEqual([]);
  });

  it('is started from its preflight, which starts nothing by itself', async () => {
    await visit('/groups/demo', (scene) => {
      inLoss(scene);
      scene.runs = [waitingRun(Date.now())];
    });
    await page.getByRole('link', { name: 'Open Failover preflight' }).click();
    await page.getByText('Host P has failed').waitFor();
    expect(fixture.changes).toEqual([]);
    await page.getByText('Step by step').click();
    await page.getByRole('button', { name: 'Start Failover' }).click();
    expect(await changeOf('run.start')).toMatchObject({ group: 'demo', routine: 'failover' });
    await page.waitForURL(/\/runs\/run-waiting$/);
  });

  it('refuses to start beside another, and says which', async () => {
    await visit('/groups/demo/runs/new?routine=failover', (scene) => {
      inLoss(scene);
      scene.status.activeRun = {
        run: 'run-draining',
        routine: 'reverse-copy',
        step: 'S310',
        status: 'running',
        changing: true,
      };
    });
    const start = page.getByRole('button', { name: 'Start Failover' });
    await start.waitFor();
    expect(await start.getAttribute('aria-disabled')).toBe('true');
    await page.getByText('Reverse copy is under way in this group already.').first().waitFor();
  });

  it('asks for decisions with nothing chosen beforehand', async () => {
    await visit('/groups/demo/runs/run-waiting', (scene) => {
      inLoss(scene);
      scene.runs = [waitingRun(Date.now())];
    });
    const decision = page.getByRole('group', { name: 'Is the production site really down?' });
    await decision.waitFor();
    expect(await decision.getByRole('radio', { checked: true }).count()).toBe(0);
    const decide = decision.getByRole('button', { name: 'Decide' });
    expect(await decide.getAttribute('aria-disabled')).toBe('true');
    await decision.getByRole('radio', { name: 'It is down: fail over' }).check();
    await decision.getByRole('button', { name: 'It is down: fail over' }).click();
    expect(await changeOf('run.order')).toMatchObject({
      order: 'decide',
      step: 'S201',
      choice: 'confirm',
      by: 'operator',
    });
  });

  it('takes a dangerous decision only with the name typed and the words it asks for', async () => {
    await visit('/groups/demo/runs/run-waiting', (scene) => {
      inLoss(scene);
      const run = waitingRun(Date.now());
      scene.runs = [
        {
          ...run,
          currentStep: 'S220',
          steps: run.steps.map((step) => (step.id === 'S201' ? { ...step, id: 'S220' } : step)),
        },
      ];
    });
    const decision = page.getByTestId('decision');
    await decision.getByRole('radio', { name: 'Restart on my word that the site is destroyed' }).check();
    const act = decision.getByRole('button', { name: 'Restart on my word that the site is destroyed' });
    expect(await act.getAttribute('aria-disabled')).toBe('true');
    await decision.getByLabel('What you know, in words').fill('The building burnt down.');
    await decision.getByLabel('When the site was destroyed').fill('2025-11-20T03:12:05');
    await decision.getByLabel('Type demo to confirm').fill('demo');
    await act.click();
    expect(await changeOf('run.order')).toMatchObject({
      choice: 'attest',
      typedName: 'demo',
      attestation: { text: 'The building burnt down.' },
    });
  });

  it('is aborted only after its named state was read', async () => {
    await visit('/groups/demo/runs/run-draining', (scene) => {
      scene.runs = [drainingRun(Date.now())];
    });
    await page.getByRole('button', { name: 'Abort', exact: true }).click();
    const confirm = page.getByRole('group', { name: 'Abort run' });
    await confirm.getByText('The run ends here. The group is left as:').waitFor();
    expect(fixture.changes).toEqual([]);
    await confirm.getByRole('button', { name: 'Abort run' }).click();
    expect(await changeOf('run.order')).toMatchObject({ order: 'abort' });
  });

  it('that is at a step this page does not know says so', async () => {
    await visit('/groups/demo/runs/run-draining', (scene) => {
      scene.runs = [{ ...drainingRun(Date.now()), currentStep: 'S999' }];
    });
    await page.getByRole('heading', { name: 'Unknown step S999' }).waitFor();
  });

  it('shows its verdict as soon as it is heard, and interrupts a screen reader with it', async () => {
    await visit('/groups/demo/runs/run-draining', (scene) => {
      scene.runs = [drainingRun(Date.now())];
    });
    await page.getByTestId('run-standing').getByText('Running: S230').waitFor();
    expect(await page.getByTestId('verdict').count()).toBe(0);
    fixture.push({ kind: 'run', run: { ...endedRun(Date.now(), LOSS), run: 'run-draining' } });
    await page.getByTestId('verdict-headline').getByText('Data loss: at least 37 updates').waitFor();
    await expect.poll(() => page.locator('[role="alert"]').first().textContent()).toContain('Data loss');
    expect(await page.getByRole('link', { name: 'Printable report' }).count()).toBeGreaterThan(0);
  });
});

describe('faults', () => {
  it('are injected as previewed; a whole site asks twice', async () => {
    await visit('/groups/demo/faults');
    await page.getByRole('button', { name: 'Kill P', exact: true }).click();
    expect(await changeOf('fault.inject')).toEqual({ kind: 'kill', group: 'demo', target: 'P' });
    fixture.changes.length = 0;
    await page.getByRole('button', { name: 'Lose site production', exact: true }).click();
    expect(fixture.changes).toEqual([]);
    await page.getByRole('button', { name: 'Lose site production now' }).click();
    expect(await changeOf('fault.inject')).toEqual({ kind: 'site-loss', group: 'demo', target: 'production' });
  });

  it('on a line take the conditions that were given', async () => {
    await visit('/groups/demo/faults');
    await page.getByRole('button', { name: 'Degrade P-I', exact: true }).click();
    await page.getByLabel('Delay added, ms one way').fill('200');
    await page.getByLabel('Share lost, %').fill('');
    await page.getByRole('button', { name: 'Degrade P-I now' }).click();
    expect(await changeOf('fault.inject')).toMatchObject({ kind: 'degrade', conditions: { delayMs: 200 } });
  });
});

describe('the shell', () => {
  it('goes places by keyboard and leaves letters in fields alone', async () => {
    await visit('/groups/demo?view=graph');
    await page.getByTestId('topology-graph').waitFor();
    await page.keyboard.press('v');
    await page.getByRole('region', { name: 'Storage system' }).first().waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('f');
    await page.waitForURL((url) => url.pathname === '/');
    await page.keyboard.press('/');
    await page.keyboard.type('gh');
    expect(await page.getByLabel('Filter groups').inputValue()).toBe('gh');
    await page.getByText('No group matches “gh”.').waitFor();
  });

  it('has a palette that opens a preflight and executes nothing', async () => {
    await visit('/groups/demo');
    await page.getByTestId('group-summary').waitFor();
    await page.keyboard.press('Control+k');
    const dialog = page.getByRole('dialog', { name: 'Command palette' });
    await dialog.waitFor();
    expect(await accessibilityBreaches(page, true)).toEqual([]);
    await page.keyboard.type('failover of');
    await page.keyboard.press('Enter');
    await page.waitForURL(/runs\/new\?routine=failover/);
    expect(fixture.changes).toEqual([]);
  });

  it('keeps theme and motion over a reload, from the first paint on', async () => {
    await visit('/history');
    await page.getByRole('button', { name: 'Theme: System' }).click();
    await page.getByRole('button', { name: 'Theme: Light' }).click();
    await page.getByRole('button', { name: 'Pause motion' }).click();
    await page.reload();
    const html = page.locator('html');
    expect(await html.getAttribute('data-theme')).toBe('dark');
    expect(await html.getAttribute('data-motion')).toBe('off');
  });

  it('has exactly two live regions, mounted empty', async () => {
    await visit('/groups/demo');
    await page.getByTestId('group-summary').waitFor();
    // Next's own announcer, which speaks the title of a page gone to, stands in a tree of its own.
    const regions = page
      .locator('body [aria-live], body [role="alert"], body [role="status"]')
      .and(page.locator(':not(#__next-route-announcer__)'));
    expect(await regions.allTextContents()).toEqual(['', '']);
  });

  it('says when updates are lost, lets values turn unknown, refuses changes, and catches up', async () => {
    await visit('/groups/demo?view=graph&inspect=pair:P-I');
    await page.getByRole('button', { name: 'Split P-I' }).waitFor();
    fixture.scene.silent = true;
    await page.getByTestId('stream-banner').getByText('Live updates lost').waitFor();
    const split = page.getByRole('button', { name: 'Split P-I' });
    await expect.poll(() => split.getAttribute('aria-disabled')).toBe('true');
    await page.getByRole('link', { name: 'Pair P ⇒ I (sync): unknown' }).waitFor();
    await page.getByRole('link', { name: /^Storage P, primary: unknown/ }).waitFor();
    fixture.scene.silent = false;
    await page.getByRole('link', { name: 'Pair P ⇒ I (sync): duplex' }).waitFor();
    await page.getByTestId('stream-banner').waitFor({ state: 'detached' });
  });

  it('shows on a phone the same facts, with targets a thumb can hit', async () => {
    await visit('/groups/demo', inLoss, PHONE);
    await page.getByRole('link', { name: 'Pair P ⇒ I (sync)' }).click();
    await page.getByRole('dialog', { name: 'Pair P ⇒ I (sync)' }).waitFor();
    const heights = await page
      .getByRole('dialog')
      .getByRole('button')
      .evaluateAll((buttons) => buttons.map((button) => button.getBoundingClientRect().height));
    expect(Math.min(...heights)).toBeGreaterThanOrEqual(44);
    await page.getByRole('button', { name: 'Close' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  });
});
