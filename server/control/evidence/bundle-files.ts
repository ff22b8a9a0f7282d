/** What lies in a bundle: in its folder, or in the one file that it can be handed over as. Read once, hashed as it is read. */
import { createHash } from 'node:crypto';
import { closeSync, lstatSync, openSync, readdirSync, readSync } from 'node:fs';
import path from 'node:path';
import { MANIFEST_FILE, type SealedFile, SIGNATURE_FILE } from '../../domain/evidence/manifest.ts';
import { refuse } from '../../domain/refusal.ts';

export interface BundleContent {
  /** As it stands there; null where there is none. */
  manifestText: string | null;
  signature: string | null;
  /** Everything else. */
  files: SealedFile[];
  /** Of an archive: why it is not, byte for byte, the one that is made of such a bundle; null where it is, and for a folder. */
  unlikeArchive: string | null;
}

const CHUNK_BYTES = 1024 * 1024;
const SEALS: readonly string[] = [MANIFEST_FILE, SIGNATURE_FILE];
/** A manifest names each file in some hundred bytes; a drill has some hundred files. */
const SEAL_MOST_BYTES = 4 * 1024 * 1024;
const MOST_FILES = 20_000;
const MOST_DEPTH = 8;

/** Every file below `folder` but the seals, in the order of their paths. Refuses with `bad-request` what is no plain file. */
export function hashFolder(folder: string): SealedFile[] {
  const files: SealedFile[] = [];
  const visit = (relative: string, depth: number) => {
    if (depth > MOST_DEPTH) throw notABundle(folder, `${relative} lies too deep`);
    for (const name of readdirSync(path.join(folder, relative)).sort()) {
      const inside = relative === '' ? name : `${relative}/${name}`;
      const facts = lstatSync(path.join(folder, inside));
      if (facts.isDirectory()) visit(inside, depth + 1);
      else if (!facts.isFile()) throw notABundle(folder, `${printable(inside)} is no plain file`);
      else if (!SEALS.includes(inside)) files.push(hashFile(folder, inside));
      if (files.length > MOST_FILES) throw notABundle(folder, `it holds more than ${MOST_FILES} files`);
    }
  };
  visit('', 0);
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

/** Refuses with `bad-request` what cannot be a bundle: links, devices, seals of a size that none has. */
export function readFolder(folder: string): BundleContent {
  return {
    manifestText: readSeal(folder, MANIFEST_FILE),
    signature: readSeal(folder, SIGNATURE_FILE),
    files: hashFolder(folder),
    unlikeArchive: null,
  };
}

/** Text of the manifest or of its signature; null where there is none. Refuses what is no plain file, and what is too large. */
export function readSeal(folder: string, name: string): string | null {
  const place = path.join(folder, name);
  const facts = lstatSync(place, { throwIfNoEntry: false });
  if (!facts) return null;
  if (!facts.isFile()) throw notABundle(folder, `${name} is no plain file`);
  if (facts.size > SEAL_MOST_BYTES) throw sealTooLarge(folder, name, facts.size);
  const bytes = Buffer.alloc(facts.size);
  const file = openSync(place, 'r');
  try {
    return sealText(bytes.subarray(0, readSync(file, bytes, 0, facts.size, 0)));
  } finally {
    closeSync(file);
  }
}

/** Of the bytes of a seal. What is no UTF-8 becomes text that was never signed. */
export const sealText = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');

export function isSeal(inside: string): boolean {
  return SEALS.includes(inside);
}

/** Refuses a seal that is larger than any is. */
export function refuseLargeSeal(place: string, name: string, bytes: number): void {
  if (bytes > SEAL_MOST_BYTES) throw sealTooLarge(place, name, bytes);
}

function sealTooLarge(place: string, name: string, bytes: number) {
  return notABundle(place, `${name} has ${bytes} bytes, and none has more than ${SEAL_MOST_BYTES}`);
}

/** A name from elsewhere, without what a terminal would obey. */
export function printable(name: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones that are meant.
  return name.replace(/[\u0000-\u001f\u007f-\u009f]/g, '?').slice(0, 200);
}

export function notABundle(place: string, why: string) {
  return refuse(
    'bad-request',
    `${place} is no bundle of evidence: ${why}.`,
    'Name the folder of a bundle, its archive, or a bundle that `switchback runbook list` shows.',
  );
}
