/** Judges a screen as it stands, with real data on it, by the rules of WCAG 2.2 AA that a machine can check. */
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect } from './groups.ts';

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

/** Every screen with every scene is judged by the tests of components; this is for what only a living group shows. */
export async function expectAccessible(page: Page, what: string): Promise<void> {
  const found: string[] = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    // Of all rules only contrast depends on the colours.
    const rules = colorScheme === 'light' ? RULES : null;
    const builder = new AxeBuilder({ page }).setLegacyMode();
    const { violations } = await (rules ? builder.withTags(rules) : builder.withRules(['color-contrast'])).analyze();
    found.push(
      ...violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`),
    );
  }
  await page.emulateMedia({ colorScheme: null });
  expect(found, what).toEqual([]);
}
