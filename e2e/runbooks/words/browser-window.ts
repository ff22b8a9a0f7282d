/** The window of a runbook: a page of a real browser. */
import type { Page } from '@playwright/test';
import { CATCHES_UP_MS, pause, type Window } from './patience.ts';

const PROBE_MS = 2_000;

export function browserWindow(page: Page): Window {
  return {
    standing: async () => {
      const words = await page
        .getByTestId('stream-sign')
        .textContent({ timeout: PROBE_MS })
        .catch(() => null);
      if (words === null) return 'broken';
      return words === 'Live' || words === 'Connecting' ? 'live' : 'lost';
    },
    answers: async () => {
      const answer = await page.request.get('/readyz', { timeout: PROBE_MS }).catch(() => null);
      return answer?.ok() ?? false;
    },
    reload: async () => {
      await page.reload({ timeout: CATCHES_UP_MS }).catch(() => {});
    },
    open: async (address) => {
      const answer = await page.goto(address, { timeout: CATCHES_UP_MS }).catch(() => null);
      return answer?.status() ?? null;
    },
    now: () => Date.now(),
    pause,
  };
}
