// The steps that turn a fresh clone into something that runs. Each knows whether its result is current, by content and not by time, so
// that a second start costs a few hashes. Node built-ins only: the first step is what brings everything else.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { binariesReady, prepareBinaries } from './binaries.mjs';
import { runQuietly } from './command.mjs';
import { withLock } from './lock.mjs';
import { filesBelow, treeHash } from './tree-hash.mjs';

export const repositoryRoot = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '');

const isCode = (file) => /\.(ts|tsx|mts|js|mjs|css|json|svg|woff2?)$/.test(file) && !/\.test\.tsx?$/.test(file);

/**
 * Whether node_modules is what the lock asks for, by npm's own record, which it writes last: every package there has the locked version,
 * and none is missing but optional ones (other platforms' binaries).
 * @param {string} root
 */
export function installedMatchesLock(root) {
  const record = path.join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(record)) return false;
  const installed = JSON.parse(readFileSync(record, 'utf8')).packages;
  const { '': _project, ...wanted } = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')).packages;
  const right = (name) => installed[name]?.version === wanted[name]?.version;
  return (
    Object.keys(installed).every(right) &&
    Object.keys(wanted).every((name) => right(name) || (wanted[name].optional && !(name in installed)))
  );
}

async function install(root) {
  // Run by npm, this process knows npm's own file; started by hand, npm is on the path.
  const npm = process.env.npm_execpath?.endsWith('.js') ? [process.execPath, process.env.npm_execpath] : ['npm'];
  const options = ['--include=dev', '--ignore-scripts', '--no-audit', '--no-fund'];
  await runQuietly('npm ci', npm[0], [...npm.slice(1), 'ci', ...options], { cwd: root });
}

async function generate(root) {
  const prisma = path.join(root, 'node_modules', 'prisma', 'build', 'index.js');
  await runQuietly('prisma generate', process.execPath, [prisma, 'generate'], { cwd: root });
}

/**
 * The processes' entry points, `server/**\/main-<name>.ts`, by the name of their bundle. Two of one name are an error.
 * @param {string} root
 * @returns {Record<string, string>}
 */
export function entryPoints(root) {
  const entries = {};
  for (const file of filesBelow(root, 'server')) {
    const name = /\/main-([a-z0-9-]+)\.ts$/.exec(file)?.[1];
    if (name === undefined) continue;
    if (entries[name]) throw new Error(`${file} and ${entries[name]} would both become dist/${name}.js: rename one.`);
    entries[name] = file;
  }
  return entries;
}

/** Writes each bundle aside and then renames it, so that a process restarted in this moment never reads half a file. */
async function bundleEntries(root) {
  const { build, stop } = await import('esbuild');
  const dist = path.join(root, 'dist');
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: entryPoints(root),
    outdir: dist,
    write: false,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    sourcemap: true,
    logLevel: 'silent',
  }).finally(stop); // esbuild works in a process of its own, which would stay as long as this one.
  for (const { path: file, contents } of outputFiles) {
    writeFileSync(`${file}.new`, contents);
    renameSync(`${file}.new`, file);
  }
  const made = new Set(outputFiles.map((output) => path.basename(output.path)));
  for (const file of readdirSync(dist)) if (!made.has(file)) rmSync(path.join(dist, file), { recursive: true });
}

async function buildScreens(root) {
  const next = path.join(root, 'node_modules', 'next', 'dist', 'bin', 'next');
  await runQuietly('next build', process.execPath, [next, 'build'], { cwd: root });
}

/**
 * A step whose result lies in a folder keeps its stamp there: who deletes the result deletes the stamp.
 * @param {string} title
 * @param {string} output folder of the result
 * @param {string[]} inputs files, and folders whose code counts
 * @param {(root: string) => Promise<void>} run
 */
function stamped(title, output, inputs, run) {
  const stampFile = (root) => path.join(root, output, '.switchback-stamp');
  const currentHash = (root) => treeHash(root, [...inputs, 'scripts/lib/steps.mjs', 'package-lock.json'], isCode);
  return {
    title,
    isCurrent: (root) => {
      const file = stampFile(root);
      return existsSync(file) && readFileSync(file, 'utf8') === currentHash(root);
    },
    run: async (root) => {
      // Taken before the work, so that a file changed meanwhile makes the step run again instead of passing as built.
      const hash = currentHash(root);
      rmSync(stampFile(root), { force: true });
      mkdirSync(path.join(root, output), { recursive: true });
      await run(root);
      writeFileSync(stampFile(root), hash);
    },
  };
}

const CLIENT_INPUTS = ['prisma/schema.prisma', 'prisma.config.ts', 'scripts/prisma-schema-engine.mjs'];
const BUNDLE_INPUTS = ['server', 'scripts/lib', 'prisma/schema.prisma', 'tsconfig.json'];
const SCREEN_INPUTS = ['app', 'components', 'next.config.ts', 'postcss.config.mjs', ...BUNDLE_INPUTS];

const processSteps = [
  { title: 'packages (npm ci)', isCurrent: installedMatchesLock, run: install },
  { title: 'binaries', isCurrent: binariesReady, run: prepareBinaries },
  stamped('database client (prisma generate)', 'server/control/generated', CLIENT_INPUTS, generate),
  stamped('processes (esbuild)', 'dist', BUNDLE_INPUTS, bundleEntries),
];
const allSteps = [...processSteps, stamped('screens (next build)', '.next', SCREEN_INPUTS, buildScreens)];

/**
 * Brings everything up to date, one process at a time. Without `screens`, only what the processes and the command need.
 * @param {{ log: (line: string) => void, screens?: boolean, root?: string }} options
 */
export async function setUp({ log, screens = true, root = repositoryRoot }) {
  const steps = screens ? allSteps : processSteps;
  const outdated = () => steps.filter((step) => !step.isCurrent(root));
  if (outdated().length === 0) return;
  const onWait = (owner) => log(`waiting for the set-up that process ${owner.pid} is running`);
  await withLock(`setup ${root}`, onWait, async () => {
    for (const step of steps) {
      if (step.isCurrent(root)) continue;
      const began = performance.now();
      await step.run(root);
      log(`set up ${step.title} in ${((performance.now() - began) / 1000).toFixed(1)} s`);
    }
  });
}
