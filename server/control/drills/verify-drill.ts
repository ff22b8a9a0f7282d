/** Verifies the bundle of a drill where it is kept, and its place in the chain of its group. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { type Finding, judgeChain } from '../../domain/evidence/judge.ts';
import { MANIFEST_FILE, type Manifest, parseManifest } from '../../domain/evidence/manifest.ts';
import { RefusedError, refuse } from '../../domain/refusal.ts';
import type { Database } from '../database.ts';
import { readSeal } from '../evidence/bundle-files.ts';
import { verifyBundle } from '../evidence/verify-bundle.ts';
import type { DrillReport, DrillView } from '../views.ts';
import { publicKeys, readDrill, readSealed } from './drill-records.ts';

/** `folder`: where bundles are kept. Refuses with `wrong-state` what is not sealed yet. */
export async function verifyDrill(database: Database, folder: string, id: string): Promise<DrillReport> {
  const drill = await readDrill(database, id);
  if (drill.status !== 'sealed')
    throw refuse('wrong-state', `${drill.bundle} is not sealed yet`, 'Wait until the drill has ended.');
  if (drill.manifestHash === null) {
    const text = `${drill.bundle} was never sealed: ${drill.progress.trouble ?? 'nobody was left to do it'}`;
    const unsealed: Finding = { kind: 'missing', bundle: drill.bundle, path: MANIFEST_FILE, text };
    return { bundle: drill.bundle, intact: false, findings: [unsealed], chain: [], sha256: null, publicKey: null };
  }
  const place = path.join(folder, drill.bundle);
  const missing: Finding = {
    kind: 'missing',
    bundle: drill.bundle,
    path: '',
    text: `the folder ${place} is not there`,
  };
  const own = existsSync(place)
    ? verifyBundle(place, await publicKeys(database))
    : { manifest: null, sha256: null, intact: false, findings: [missing] };
  const findings = [...own.findings];
  if (own.sha256 && own.sha256 !== drill.manifestHash && findings.length === 0)
    findings.push({
      kind: 'manifest-changed',
      bundle: drill.bundle,
      path: MANIFEST_FILE,
      text: `${MANIFEST_FILE} is not the one on record as sealed for ${drill.bundle}`,
    });
  const chain = chainFindings(folder, await readSealed(database, drill.group));
  return {
    bundle: drill.bundle,
    intact: findings.length + chain.length === 0,
    findings,
    chain,
    sha256: own.sha256,
    publicKey: own.manifest?.publicKey ?? null,
  };
}

/** Of the whole group: every bundle must follow the one before it, and none on record may be missing. */
export function chainFindings(
  folder: string,
  sealed: readonly Pick<DrillView, 'bundle' | 'sequence' | 'manifestHash'>[],
): Finding[] {
  const found: { manifest: Manifest }[] = [];
  const findings: Finding[] = [];
  for (const { bundle } of sealed) {
    const manifest = manifestIn(path.join(folder, bundle));
    if (manifest) found.push({ manifest });
    else
      findings.push({
        kind: 'missing',
        bundle,
        path: MANIFEST_FILE,
        text: `the manifest of ${bundle} cannot be read`,
      });
  }
  const last = sealed.at(-1);
  const head = last?.manifestHash ? { bundle: last.bundle, sequence: last.sequence, sha256: last.manifestHash } : null;
  return [...findings, ...judgeChain(found, head)];
}

function manifestIn(folder: string): Manifest | null {
  try {
    const text = readSeal(folder, MANIFEST_FILE);
    return text === null ? null : parseManifest(text);
  } catch (error) {
    if (error instanceof RefusedError) return null;
    throw error;
  }
}
