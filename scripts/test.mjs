// `npm test`: set-up, type check, lint, unit tests with the simulation, end-to-end tests. Everything runs even when something before it
// failed, so that one run tells all. The last line sums up; the status is 0 only when something passed and nothing failed.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runOpenly } from './lib/command.mjs';
import { repositoryRoot, setUp } from './lib/steps.mjs';
import { addUp, countPlaywright, countVitest } from './lib/test-counts.mjs';
import { filesBelow } from './lib/tree-hash.mjs';

const results = mkdtempSync(path.join(tmpdir(), 'switchback-test-'));
const tool = (...parts) => path.join(repositoryRoot, 'node_modules', ...parts);

function run(title, args, env) {
  process.stdout.write(`\n== ${title}\n`);
  return runOpenly(process.execPath, args, { cwd: repositoryRoot, env });
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

async function runPlaywright() {
  if (!filesBelow(repositoryRoot, 'e2e').some((file) => file.endsWith('.spec.ts'))) {
    process.stdout.write('\n== end-to-end tests (playwright): there are none in e2e/\n');
    return { passed: 0, failed: 0 };
  }
  const report = path.join(results, 'playwright.json');
  const args = [tool('@playwright', 'test', 'cli.js'), 'test', '--reporter=list,json'];
  const status = await run('end-to-end tests (playwright)', args, { PLAYWRIGHT_JSON_OUTPUT_NAME: report });
  return countPlaywright(readReport(report), status);
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
