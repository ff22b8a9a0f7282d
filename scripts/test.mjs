// `npm test`: set-up, type check, lint, unit tests with the simulation, end-to-end tests. Everything runs even when something before it
// failed, so that one run tells all. The last line sums up; the status is 0 only when something passed and nothing failed.
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runOpenly } from './lib/command.mjs';
import { repositoryRoot, setUp } from './lib/steps.mjs';
import { addUp, countPlaywright, countVitest } from './lib/test-counts.mjs';

const results = mkdtempSync(path.join(tmpdir(), 'switchback-test-'));
const tool = (...parts) => path.join(repositoryRoot, 'node_modules', ...parts);

function run(title, args) {
  process.stdout.write(`\n== ${title}\n`);
  return runOpenly(process.execPath, args, { cwd: repositoryRoot });
}

/** A tool that only says yes or no counts as one test. */
async function runCheck(title, args) {
  const failed = (await run(title, args)) !== 0;
  return { passed: failed ? 0 : 1, failed: failed ? 1 : 0 };
}

function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    // A runner that broke off wrote none; its status says so.
    return null;
  }
}

async function runVitest() {
  const report = path.join(results, 'vitest.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const status = await run('unit tests and simulation (vitest)', [tool('vitest', 'vitest.mjs'), 'run', ...reporters]);
  return countVitest(readReport(report), status);
}

/** One part of the end-to-end tests on an installation of its own. */
async function runPart(part, output) {
  const report = path.join(results, `playwright-${part}.json`);
  const cli = tool('@playwright', 'test', 'cli.js');
  const args = [cli, 'test', '--reporter=list,json', `--project=${part}`, `--output=test-results/${part}`];
  const env = { PLAYWRIGHT_JSON_OUTPUT_NAME: report, SWITCHBACK_E2E_NAME: `e2e-${part}` };
  const status = await runOpenly(process.execPath, args, { cwd: repositoryRoot, env, output });
  return countPlaywright(readReport(report), status);
}

/** Most of an end-to-end test is waiting for a site to be missed, so the two parts run side by side; the second is printed after the first. */
async function runPlaywright() {
  process.stdout.write('\n== end-to-end tests (playwright), two parts side by side\n');
  const printed = path.join(results, 'arrangements.log');
  const file = openSync(printed, 'w');
  const counts = await Promise.all([runPart('demo', 'inherit'), runPart('arrangements', file)]);
  closeSync(file);
  process.stdout.write(`\n== the second part\n${readFileSync(printed, 'utf8')}`);
  return addUp(counts);
}

async function runAll() {
  try {
    await setUp({ log: (line) => process.stdout.write(`${line}\n`) });
  } catch (error) {
    process.stdout.write(`${error instanceof Error ? error.message : error}\n`);
    return [{ passed: 0, failed: 1 }];
  }
  return [
    await runCheck('types (tsc)', [tool('typescript', 'bin', 'tsc'), '--noEmit', '-p', '.']),
    await runCheck('lint and format (biome)', [
      tool('@biomejs', 'biome', 'bin', 'biome'),
      'check',
      '--error-on-warnings',
      '.',
    ]),
    await runVitest(),
    await runPlaywright(),
  ];
}

process.chdir(repositoryRoot);
const total = addUp(await runAll());
rmSync(results, { recursive: true, force: true });
process.stdout.write(`\n${total.passed} passed, ${total.failed} failed\n`);
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;
