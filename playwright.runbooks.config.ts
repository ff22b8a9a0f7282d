/** Runbooks, recorded against an installation that runs already. Started by the control plane, which seals what comes of it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { defineConfig, devices } from '@playwright/test';
import { CHROMIUM_FLAGS, findChromium, provideFilmTool } from './scripts/lib/browser.mjs';

/** What is left to a recorder that nobody will seal: time to finish its film. */
const ABANDONED_MS = 10_000;
const LOOK_EVERY_MS = 500;

provideFilmTool();
const { SWITCHBACK_DRILL_SCRATCH: scratch, SWITCHBACK_ADMIN_PASSWORD: password } = process.env;
// Playwright's workers read this file too, and find the browser that was found first.
process.env.CHROME = await findChromium();
if (scratch) {
  // Profiles of the browser and whatever else is put aside go where it is cleared away, even after a kill.
  mkdirSync(scratch, { recursive: true });
  process.env.TMPDIR = scratch;
  const isRunner = process.env.TEST_WORKER_INDEX === undefined;
  if (isRunner && process.channel) {
    // The worker that started this recording is gone. Another one takes it on, as long as somebody is there to start it; else the
    // runbook is told to stop where it stands.
    process.once('disconnect', () => {
      const watch = setInterval(() => {
        if (isAlive(Number(process.env.SWITCHBACK_DRILL_KEEPER))) return;
        clearInterval(watch);
        writeFileSync(path.join(scratch, 'stop'), 'abandoned\n');
        setTimeout(() => process.exit(1), ABANDONED_MS).unref();
      }, LOOK_EVERY_MS);
      watch.unref();
    });
    process.channel.unref();
  }
}

export default defineConfig({
  testDir: 'e2e/runbooks',
  testMatch: '*.runbook.ts',
  // Nothing of Playwright's own is kept: the recorder writes into the bundle.
  outputDir: scratch ? path.join(scratch, 'results') : 'test-results/runbooks',
  workers: 1,
  retries: 0,
  expect: { timeout: 30_000 },
  reporter: 'line',
  use: {
    ...devices['Desktop Chrome'],
    actionTimeout: 60_000,
    baseURL: process.env.SWITCHBACK_DRILL_URL,
    ...(password ? { httpCredentials: { username: 'admin', password } } : {}),
    launchOptions: { executablePath: process.env.CHROME, args: CHROMIUM_FLAGS },
  },
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
