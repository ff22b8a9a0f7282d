/** Verifies a bundle wherever it lies. Needs no server: an auditor has the bundle and, for the origin, the public key. */
import { lstatSync } from 'node:fs';
import path from 'node:path';
import { type Finding, type FoundBundle, judgeBundle } from '../../domain/evidence/judge.ts';
import {
  MANIFEST_FILE,
  type Manifest,
  parseManifest,
  SIGNATURE_FILE,
  sha256Of,
} from '../../domain/evidence/manifest.ts';
import { RefusedError, refuse } from '../../domain/refusal.ts';
import { type BundleContent, notABundle, readFolder } from './bundle-files.ts';
import { readArchive } from './read-archive.ts';
import { isSigned } from './seal.ts';

export interface BundleReport {
  /** Null where the manifest itself cannot be read. */
  manifest: Manifest | null;
  /** Of the manifest: what the group's next bundle refers to. */
  sha256: string | null;
  intact: boolean;
  findings: Finding[];
}

/** `ownKeys`: public keys of the control plane, or null where they are not known. Refuses what is no bundle at all. */
export function verifyBundle(place: string, ownKeys: readonly string[] | null): BundleReport {
  const content = readBundle(place);
  const { manifestText, signature } = content;
  if (manifestText === null && signature === null && content.files.length === 0)
    throw refuse('bad-request', `${place} is empty.`, 'Name the folder of a bundle, or its archive.');
  const lost = (path: string, text: string): BundleReport => ({
    manifest: null,
    sha256: null,
    intact: false,
    findings: [{ kind: 'missing', bundle: place, path, text }],
  });
  if (manifestText === null) return lost(MANIFEST_FILE, `${MANIFEST_FILE} is not there: nothing says what was sealed`);
  let manifest: Manifest;
  try {
    manifest = parseManifest(manifestText);
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    const finding: Finding = { kind: 'manifest-changed', bundle: place, path: MANIFEST_FILE, text: error.message };
    return { manifest: null, sha256: null, intact: false, findings: [finding] };
  }
  const signed = signature !== null && isSigned(manifestText, signature, manifest.publicKey);
  const found: FoundBundle = { ...content, manifest, manifestText, signed };
  const findings = [...misnamed(place, manifest), ...judgeBundle(found, ownKeys)];
  if (signature === null)
    findings.unshift({
      kind: 'missing',
      bundle: manifest.bundle,
      path: SIGNATURE_FILE,
      text: `${SIGNATURE_FILE} is not there: nobody vouches for the manifest`,
    });
  return { manifest, sha256: sha256Of(manifestText), intact: findings.length === 0, findings };
}

/** `demo-0007-site-loss`, or that with `.zip` behind it: what bundles are called when they are sealed. */
const BUNDLE_NAME = /^([a-z0-9-]+-\d{4,}-[a-z0-9-]+)(\.zip)?$/;

/** A bundle may lie under a name of anybody's choice, but not under that of another one. */
function misnamed(place: string, { bundle }: Manifest): Finding[] {
  const name = BUNDLE_NAME.exec(path.basename(path.resolve(place)))?.[1];
  if (name === undefined || name === bundle) return [];
  return [{ kind: 'exchanged', bundle, path: '', text: `under the name ${name} lies what was sealed as ${bundle}` }];
}

/** Reads a bundle's folder or its archive. Refuses with `bad-request` where `place` is neither. */
function readBundle(place: string): BundleContent {
  const facts = lstatSync(place, { throwIfNoEntry: false });
  if (!facts) throw notABundle(place, 'there is nothing of that name');
  if (facts.isDirectory()) return readFolder(place);
  if (!facts.isFile()) throw notABundle(place, 'it is neither a folder nor a file');
  return readArchive(place);
}
