/** Runbooks, recorded against an installation that runs already. Started by the control plane, which seals what comes of it. */
import { defineConfig, devices } from '@playwright/test';
import { CHROMIUM_FLAGS, findChromium, provideFilmTool } from './scripts/lib/browser.mjs';

provideFilmTool();
if (process.channel && process.send && process.env.SWITCHBACK_DRILL_FOLDER) {
  // The worker that started this recording is gone: nobody would seal what came after.
  process.once('disconnect', () => process.exit(1));
  process.channel.unref();
}

export default defineConfig({
  testDir: 'e2e/runbooks',
  testMatch: '*.runbook.ts',
  // Nothing of Playwright's own is kept: the recorder writes into the bundle.
  outputDir: process.env.SWITCHBACK_DRILL_SCRATCH ?? 'test-results/runbooks',
  workers: 1,
  retries: 0,
  expect: { timeout: 30_000 },
  reporter: 'line',
  use: {
    ...devices['Desktop Chrome'],
    actionTimeout: 60_000,
    baseURL: process.env.SWITCHBACK_DRILL_URL,
    launchOptions: { executablePath: await findChromium(), args: CHROMIUM_FLAGS },
  },
});
