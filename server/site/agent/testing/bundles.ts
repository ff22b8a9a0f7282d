/** The processes' bundles, built for one test file as set-up builds them for the product. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../../../..', import.meta.url));

const ENTRIES = {
  agent: 'server/site/agent/main-agent.ts',
  storage: 'server/site/processes/main-storage.ts',
  host: 'server/site/processes/main-host.ts',
  witness: 'server/site/processes/main-witness.ts',
  switch: 'server/site/processes/main-switch.ts',
} as const;

export interface Bundles {
  folder: string;
  remove(): void;
}

/** Lies below node_modules, where the bundles find their packages and git does not look. */
export async function buildBundles(entries: readonly (keyof typeof ENTRIES)[]): Promise<Bundles> {
  const cache = path.join(root, 'node_modules', '.cache');
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(path.join(cache, 'switchback-processes-'));
  await build({
    absWorkingDir: root,
    entryPoints: Object.fromEntries(entries.map((entry) => [entry, ENTRIES[entry]])),
    outdir: folder,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    sourcemap: true,
    logLevel: 'silent',
  });
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
