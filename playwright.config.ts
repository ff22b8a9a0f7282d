import { rmSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { defineConfig, devices } from '@playwright/test';
import { CHROMIUM_FLAGS, findChromium, provideFilmTool } from './scripts/lib/browser.mjs';

/** A port that is free now, for an instance of our own beside one that may be running. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

// Every worker reads this file again; what the first reader chose stands in the environment they inherit.
process.env.SWITCHBACK_E2E_PORT ??= String(await freePort());
if (process.env.SWITCHBACK_E2E_DATA === undefined) {
  // A first start, every time. What the last run left stays until then: its logs tell what happened.
  process.env.SWITCHBACK_E2E_DATA = path.join(import.meta.dirname, '.data', process.env.SWITCHBACK_E2E_NAME ?? 'e2e');
  rmSync(process.env.SWITCHBACK_E2E_DATA, { recursive: true, force: true });
}
provideFilmTool();

const port = process.env.SWITCHBACK_E2E_PORT;
const baseURL = `http://127.0.0.1:${port}`;

export default defineConfig({
  testDir: 'e2e',
  outputDir: 'test-results',
  // Those of `e2e/arrangements` make groups of their own; all others share the demo, and kill what its installation needs.
  projects: [
    { name: 'demo', testIgnore: 'arrangements/**' },
    { name: 'arrangements', testMatch: 'arrangements/**/*.spec.ts' },
  ],
  // One installation, one set of storage systems: specs take turns.
  workers: 1,
  fullyParallel: false,
  forbidOnly: Boolean(process.env.CI),
  timeout: 300_000,
  expect: { timeout: 60_000 },
  use: {
    ...devices['Desktop Chrome'],
    baseURL,
    trace: 'retain-on-failure',
    screenshot: 'only-on-failure',
    launchOptions: { executablePath: await findChromium(), args: CHROMIUM_FLAGS },
  },
  webServer: {
    command: 'exec node scripts/start.mjs',
    url: `${baseURL}/readyz`,
    env: { PORT: port, SWITCHBACK_DATA: process.env.SWITCHBACK_E2E_DATA },
    timeout: 300_000,
    gracefulShutdown: { signal: 'SIGTERM', timeout: 60_000 },
    stdout: 'ignore',
    stderr: 'pipe',
  },
});
