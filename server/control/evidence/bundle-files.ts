/** What lies in a bundle: in its folder, or in the one file that it can be handed over as. Read once, hashed as it is read. */
import { createHash } from 'node:crypto';
import { closeSync, lstatSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import path from 'node:path';
import { unzipSync } from 'fflate';
import { MANIFEST_FILE, type SealedFile, SIGNATURE_FILE, sha256Of } from '../../domain/evidence/manifest.ts';
import { refuse } from '../../domain/refusal.ts';

export interface BundleContent {
  /** As it stands there; null where there is none. */
  manifestText: string | null;
  signature: string | null;
  /** Everything else. */
  files: SealedFile[];
}

const CHUNK_BYTES = 1024 * 1024;
const SEALS: readonly string[] = [MANIFEST_FILE, SIGNATURE_FILE];

/** Reads a bundle's folder or its archive. Refuses with `bad-request` where `place` is neither. */
export function readBundle(place: string): BundleContent {
  const facts = lstatSync(place, { throwIfNoEntry: false });
  if (!facts) throw notABundle(place, 'there is nothing of that name');
  if (facts.isDirectory()) return readFolder(place);
  if (!facts.isFile()) throw notABundle(place, 'it is neither a folder nor a file');
  return readArchive(place);
}

/** Every file below `folder` but the seals, in the order of their paths. Refuses with `bad-request` what is no plain file. */
export function hashFolder(folder: string): SealedFile[] {
  const files: SealedFile[] = [];
  const visit = (relative: string) => {
    for (const name of readdirSync(path.join(folder, relative)).sort()) {
      const inside = relative === '' ? name : `${relative}/${name}`;
      const facts = lstatSync(path.join(folder, inside));
      if (facts.isDirectory()) visit(inside);
      else if (!facts.isFile()) throw notABundle(folder, `${inside} is no plain file`);
      else if (!SEALS.includes(inside)) files.push(hashFile(folder, inside));
    }
  };
  visit('');
  return files.sort((one, other) => (one.path < other.path ? -1 : 1));
}

function hashFile(folder: string, inside: string): SealedFile {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  const file = openSync(path.join(folder, inside), 'r');
  let bytes = 0;
  try {
    for (;;) {
      const length = readSync(file, buffer, 0, CHUNK_BYTES, null);
      if (length === 0) break;
      bytes += length;
      hash.update(buffer.subarray(0, length));
    }
  } finally {
    closeSync(file);
  }
  return { path: inside, bytes, sha256: hash.digest('hex') };
}

function readFolder(folder: string): BundleContent {
  return {
    manifestText: textIn(folder, MANIFEST_FILE),
    signature: textIn(folder, SIGNATURE_FILE),
    files: hashFolder(folder),
  };
}

function textIn(folder: string, name: string): string | null {
  try {
    return readFileSync(path.join(folder, name), 'utf8');
  } catch {
    return null;
  }
}

/** An archive holds the files of one bundle, or one folder with them in it. */
function readArchive(file: string): BundleContent {
  let entries: Record<string, Uint8Array>;
  try {
    entries = unzipSync(readFileSync(file));
  } catch (error) {
    throw notABundle(file, `it is no zip archive (${error instanceof Error ? error.message : error})`);
  }
  const names = Object.keys(entries).filter((name) => !name.endsWith('/'));
  const manifest = names.find((name) => name === MANIFEST_FILE || /^[^/]+\/manifest\.json$/.test(name));
  const prefix = manifest?.slice(0, -MANIFEST_FILE.length) ?? commonFolder(names);
  const text = (name: string) => {
    const bytes = entries[prefix + name];
    return bytes ? Buffer.from(bytes).toString('utf8') : null;
  };
  const files = names
    .map((name) => ({ name, inside: name.startsWith(prefix) ? name.slice(prefix.length) : name }))
    .filter(({ inside }) => !SEALS.includes(inside))
    .map(({ name, inside }) => ({
      path: inside,
      bytes: entries[name]?.length ?? 0,
      sha256: sha256Of(entries[name] ?? new Uint8Array()),
    }));
  return { manifestText: text(MANIFEST_FILE), signature: text(SIGNATURE_FILE), files };
}

function commonFolder(names: readonly string[]): string {
  const first = names[0]?.match(/^[^/]+\//)?.[0] ?? '';
  return names.every((name) => name.startsWith(first)) ? first : '';
}

function notABundle(place: string, why: string) {
  return refuse(
    'bad-request',
    `${place} is no bundle of evidence: ${why}.`,
    'Name the folder of a bundle, its archive, or a bundle that `switchback runbook list` shows.',
  );
}
