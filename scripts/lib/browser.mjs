// Where end-to-end tests and recordings find a browser and Playwright's film tool, without a download from a vendor's site.
import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { ffmpegFile } from './binaries.mjs';
import { repositoryRoot } from './steps.mjs';

/** Flags for a machine without a display card, and for a browser that calls nobody. */
export const CHROMIUM_FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/**
 * Path of a Chromium: `$CHROME`, else the system's, else the one that comes from npm (Linux on x64), which `CHROME=npm` asks for.
 * @returns {Promise<string>}
 */
export async function findChromium() {
  const candidates = [
    process.env.CHROME,
    '/usr/bin/chromium',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  ];
  const present = process.env.CHROME === 'npm' ? undefined : candidates.find((file) => file && existsSync(file));
  if (present) return present;
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error('No Chromium found. Install one, or set CHROME to its path.');
  }
  // The package unpacks the libraries that a bare system lacks only where it believes to be on its usual host.
  process.env.AWS_LAMBDA_JS_RUNTIME ??= 'nodejs20.x';
  const { default: chromium } = await import('@sparticuz/chromium');
  return chromium.executablePath();
}

/** Lets Playwright find npm's ffmpeg where it looks for its own, so that it can film. Leaves a chosen folder of browsers alone. */
export function provideFilmTool() {
  if (process.env.PLAYWRIGHT_BROWSERS_PATH) return;
  const folder = path.join(repositoryRoot, 'node_modules', '.cache', 'switchback-playwright');
  process.env.PLAYWRIGHT_BROWSERS_PATH = folder;
  const core = path.dirname(createRequire(import.meta.url).resolve('playwright-core/package.json'));
  const { browsers } = JSON.parse(readFileSync(path.join(core, 'browsers.json'), 'utf8'));
  const { revision } = browsers.find(({ name }) => name === 'ffmpeg');
  const link = path.join(folder, `ffmpeg-${revision}`, process.platform === 'darwin' ? 'ffmpeg-mac' : 'ffmpeg-linux');
  if (existsSync(link) || !existsSync(ffmpegFile(repositoryRoot))) return;
  mkdirSync(path.dirname(link), { recursive: true });
  try {
    symlinkSync(ffmpegFile(repositoryRoot), link);
  } catch (error) {
    // Playwright's workers come here all at once, and one of them was first.
    if (error.code !== 'EEXIST') throw error;
  }
}
