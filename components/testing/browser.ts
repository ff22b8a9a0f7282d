/** A browser on the screens, for tests. */
import { AxeBuilder } from '@axe-core/playwright';
import { type BrowserContext, chromium, type Page } from '@playwright/test';
import { CHROMIUM_FLAGS, findChromium } from '../../scripts/lib/browser.mjs';

export const DESKTOP = { width: 1440, height: 900 } as const;
export const PHONE = { width: 390, height: 844 } as const;

export interface View {
  width: number;
  height: number;
}

/** The browser that end-to-end tests use too, with one profile: what a page has fetched and compiled, the next one need not. */
export async function startBrowser(): Promise<{ context: BrowserContext; stop(): Promise<void> }> {
  const browser = await chromium.launch({ executablePath: await findChromium(), args: CHROMIUM_FLAGS });
  const context = await browser.newContext({ reducedMotion: 'reduce' });
  return { context, stop: () => browser.close() };
}

export interface OpenPage {
  page: Page;
  /** What went wrong in the page by itself. */
  errors: string[];
  close(): Promise<void>;
}

/** Opens `url` in a window of that size; nothing that an earlier one chose is remembered. */
export async function openPage(context: BrowserContext, url: string, { width, height }: View): Promise<OpenPage> {
  await context.clearCookies();
  const page = await context.newPage();
  await page.setViewportSize({ width, height });
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  await page.goto(url);
  return { page, errors, close: () => page.close() };
}

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

/** Judges within the page itself: there are no frames, whose results would be put together in a second page. */
function builder(page: Page): AxeBuilder {
  return new AxeBuilder({ page }).setLegacyMode();
}

/** Breaches of WCAG 2.2 A and AA in light and, where asked for, of its contrast in dark: the rest does not depend on colour. */
export async function accessibilityBreaches(page: Page, withDark: boolean): Promise<string[]> {
  await page.emulateMedia({ colorScheme: 'light' });
  const light = await builder(page).withTags(RULES).analyze();
  await page.emulateMedia({ colorScheme: 'dark' });
  const dark = withDark ? await builder(page).withRules(['color-contrast']).analyze() : null;
  const violations = [...light.violations, ...(dark?.violations ?? [])];
  return violations.map(
    (one) => `${one.id}: ${one.help}\n  ${one.nodes.map((node) => node.html.slice(0, 160)).join('\n  ')}`,
  );
}

/** True where something on the page is wider than the page. */
export function overflowsSideways(page: Page): Promise<boolean> {
  return page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
}
