/** Every screen in light and dark, on a desktop and a phone: it stands, it breaks no rule of WCAG 2.2 AA, nothing sticks out. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  accessibilityBreaches,
  DESKTOP,
  type OpenPage,
  openPage,
  overflowsSideways,
  PHONE,
  startBrowser,
} from './browser.ts';
import { FixtureServices, sceneFixture } from './fixture-services.ts';
import { SCREENS, sceneOf } from './scenes.ts';
import { type ScreenServer, startScreenServer } from './screen-server.ts';

let server: ScreenServer;
let browser: Awaited<ReturnType<typeof startBrowser>>;

beforeAll(async () => {
  server = await startScreenServer(new FixtureServices(sceneFixture(Date.now())));
  browser = await startBrowser();
});

afterAll(async () => {
  await browser.stop();
  await server.stop();
});

describe.each([
  ['desktop', DESKTOP],
  ['phone', PHONE],
] as const)('%s', (_name, view) => {
  // One window for all of them: starting a renderer takes longer than most of what is looked at.
  let open: OpenPage;
  beforeAll(async () => {
    open = await openPage(browser.context, 'about:blank', view);
  });
  afterAll(() => open.close());

  it.each(SCREENS.map((screen) => [screen.name, screen] as const))('%s', async (_screenName, screen) => {
    server.use(new FixtureServices(sceneOf(screen)));
    const { page, errors } = open;
    // What the screen before complained of when it was left is not this one's.
    await page.goto('about:blank');
    errors.length = 0;
    await page.goto(server.url + screen.path);
    await page.getByText(screen.shows).first().waitFor();
    expect(await accessibilityBreaches(page, view === DESKTOP)).toEqual([]);
    expect(await overflowsSideways(page)).toBe(false);
    expect(await page.locator('h1').count()).toBeGreaterThan(0);
    expect(errors).toEqual([]);
  });
});
