/**
 * Is a bundle what was sealed? Every changed, missing, added or exchanged file is named, and every bundle of a chain that
 * does not follow the one before it. What was found is judged here; reading it and checking signatures is done elsewhere.
 */
import { MANIFEST_FILE, type Manifest, type SealedFile, SIGNATURE_FILE, sha256Of, textOfManifest } from './manifest.ts';

export type FindingKind =
  | 'manifest-changed'
  | 'archive-changed'
  | 'foreign-key'
  | 'changed'
  | 'exchanged'
  | 'missing'
  | 'added'
  | 'not-next'
  | 'not-followed';

export interface Finding {
  kind: FindingKind;
  bundle: string;
  /** The file it is about, relative to the bundle. */
  path: string;
  text: string;
}

export interface FoundBundle {
  manifest: Manifest;
  /** As it stands in the bundle. */
  manifestText: string;
  /** Does the signature that lies beside it fit the text, under the key the manifest names? */
  signed: boolean;
  /** Everything else that lies there, hashed anew. */
  files: readonly SealedFile[];
  /** Of an archive: why it is not the one that is made of such a bundle; null where it is, and for a folder. */
  unlikeArchive: string | null;
}

/**
 * Findings of one bundle by itself, in the order of their paths; none where it is what was sealed.
 * `ownKeys`: public keys of this control plane, or null where they are not known, as on an auditor's machine.
 */
export function judgeBundle(found: FoundBundle, ownKeys: readonly string[] | null): Finding[] {
  const { manifest } = found;
  const say = (kind: FindingKind, path: string, text: string): Finding => ({
    kind,
    bundle: manifest.bundle,
    path,
    text,
  });
  const findings: Finding[] = [];
  if (!found.signed || textOfManifest(manifest) !== found.manifestText)
    findings.push(
      say('manifest-changed', MANIFEST_FILE, `${MANIFEST_FILE} is not the text that ${SIGNATURE_FILE} was made for`),
    );
  if (ownKeys && !ownKeys.includes(manifest.publicKey))
    findings.push(say('foreign-key', MANIFEST_FILE, 'it was sealed with a key that is not of this control plane'));
  if (found.unlikeArchive) findings.push(say('archive-changed', '', `the archive: ${found.unlikeArchive}`));
  return [...findings, ...judgeFiles(found).map(([kind, path, text]) => say(kind, path, text))];
}

function judgeFiles({ manifest, files }: FoundBundle): [FindingKind, string, string][] {
  const sealed = new Map(manifest.files.map((file) => [file.path, file]));
  const present = new Map(files.map((file) => [file.path, file]));
  const findings: [FindingKind, string, string][] = [];
  for (const path of [...new Set([...sealed.keys(), ...present.keys()])].sort()) {
    const [was, is] = [sealed.get(path), present.get(path)];
    if (was && !is) findings.push(['missing', path, `${path} was sealed and is not there`]);
    else if (is && !was) findings.push(['added', path, `${path} is there and was not sealed`]);
    else if (was && is && was.sha256 !== is.sha256) findings.push(changed(was, is, manifest.files));
  }
  return findings;
}

function changed(was: SealedFile, is: SealedFile, sealed: readonly SealedFile[]): [FindingKind, string, string] {
  const other = sealed.find((file) => file.sha256 === is.sha256);
  if (other) return ['exchanged', was.path, `${was.path} holds what was sealed as ${other.path}`];
  const how =
    is.bytes === was.bytes
      ? `has its ${was.bytes} bytes, but not the ones that were sealed`
      : `has ${is.bytes} bytes, ${was.bytes} were sealed`;
  return ['changed', was.path, `${was.path} ${how}`];
}

/**
 * Findings between the bundles of one group, given in the order in which they are kept. A bundle that has been taken away
 * shows at the one after it, which does not follow; the last ones of a chain show only against `head`, what the control
 * plane has on record as sealed last (null where that is not known).
 */
export function judgeChain(
  chain: readonly Pick<FoundBundle, 'manifest'>[],
  head: { bundle: string; sequence: number; sha256: string } | null,
): Finding[] {
  const findings: Finding[] = [];
  let before: Manifest | null = null;
  for (const { manifest } of chain) {
    const why = whyNotNext(manifest, before);
    if (why) findings.push({ kind: 'not-next', bundle: manifest.bundle, path: MANIFEST_FILE, text: why });
    before = manifest;
  }
  if (head && (!before || sha256Of(textOfManifest(before)) !== head.sha256)) {
    const last = before ? `${before.bundle} is the last one here` : 'there is none here';
    findings.push({
      kind: 'not-followed',
      bundle: before?.bundle ?? head.bundle,
      path: MANIFEST_FILE,
      text: `${head.bundle} (number ${head.sequence}) is on record as the last one sealed; ${last}`,
    });
  }
  return findings;
}

function whyNotNext(manifest: Manifest, before: Manifest | null): string | null {
  const { bundle, previous, sequence } = manifest;
  if (!before) return previous ? `${bundle} follows ${previous.bundle}, which is not there` : null;
  if (!previous) return `${bundle} says that it is the first of its group, and stands behind ${before.bundle}`;
  if (previous.sha256 !== sha256Of(textOfManifest(before)))
    return `${bundle} (number ${sequence}) follows ${previous.bundle}, and stands behind ${before.bundle} (number ${before.sequence})`;
  // Numbers may be left out: a drill that could not be sealed had one.
  if (sequence <= before.sequence)
    return `${bundle} is number ${sequence}, and stands behind number ${before.sequence}`;
  return null;
}
