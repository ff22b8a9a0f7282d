/**
 * A bundle out of its archive, without ever unpacking it to the disk. An archive may come from anywhere: what it claims of
 * itself is checked before anything is believed, and nothing larger than a bundle is taken into memory.
 */
import { readFileSync, statSync } from 'node:fs';
import { unzipSync } from 'fflate';
import { MANIFEST_FILE, parseManifest, SIGNATURE_FILE, sha256Of } from '../../domain/evidence/manifest.ts';
import { RefusedError } from '../../domain/refusal.ts';
import { archiveChunks } from './archive.ts';
import { type BundleContent, isSeal, notABundle, printable, refuseLargeSeal, sealText } from './bundle-files.ts';

/** Both of the file itself and of what it says that it holds. */
const MOST_BYTES = 1024 * 1024 * 1024;
const MOST_ENTRIES = 20_000;

/** Refuses with `bad-request` what is no archive of a bundle, with the reason. */
export function readArchive(file: string): BundleContent {
  const { size } = statSync(file);
  if (size > MOST_BYTES) throw notABundle(file, `it has ${size} bytes; unpack it, and name the folder`);
  const bytes = readFileSync(file);
  const entries = entriesOf(file, bytes);
  const names = [...entries.keys()];
  const manifestName = names.find((name) => name === MANIFEST_FILE || /^[^/]+\/manifest\.json$/.test(name));
  const prefix = manifestName?.slice(0, -MANIFEST_FILE.length) ?? commonFolder(names);
  const inside = new Map(
    [...entries].map(([name, content]) => [name.startsWith(prefix) ? name.slice(prefix.length) : name, content]),
  );
  const seal = (name: string) => {
    const found = inside.get(name);
    return found ? sealText(found) : null;
  };
  const files = [...inside]
    .filter(([name]) => !isSeal(name))
    .map(([name, content]) => ({ path: printable(name), bytes: content.length, sha256: sha256Of(content) }));
  return {
    manifestText: seal(MANIFEST_FILE),
    signature: seal(SIGNATURE_FILE),
    files,
    unlikeArchive: whyUnlike(bytes, inside),
  };
}

function entriesOf(file: string, bytes: Uint8Array): Map<string, Uint8Array> {
  const seen = new Set<string>();
  let total = 0;
  try {
    const entries = unzipSync(bytes, {
      filter: ({ name, size, originalSize }) => {
        refuseName(file, name, seen);
        total += Math.max(size, originalSize);
        if (total > MOST_BYTES) throw notABundle(file, `it says that it holds more than ${MOST_BYTES} bytes`);
        if (isSeal(name.slice(name.lastIndexOf('/') + 1))) refuseLargeSeal(file, printable(name), originalSize);
        return !name.endsWith('/');
      },
    });
    return new Map(Object.entries(entries));
  } catch (error) {
    if (error instanceof RefusedError) throw error;
    throw notABundle(file, `it is no zip archive (${error instanceof Error ? error.message : error})`);
  }
}

function refuseName(file: string, name: string, seen: Set<string>): void {
  const leads =
    name.startsWith('/') || /^[A-Za-z]:/.test(name) || name.includes('\\') || name.split('/').includes('..');
  if (leads) throw notABundle(file, `it holds ${printable(name)}, which leads out of it`);
  // The reader keeps what it reads under its name in an object, where this name is none.
  if (name === '__proto__') throw notABundle(file, 'it holds __proto__, which is no name of a file');
  if (seen.has(name)) throw notABundle(file, `it holds ${printable(name)} twice`);
  if (seen.size >= MOST_ENTRIES) throw notABundle(file, `it holds more than ${MOST_ENTRIES} files`);
  seen.add(name);
}

/**
 * One bundle has one archive. Made anew of what this one holds, it must come out the same: that finds a changed byte also
 * where no file of the bundle is, in the names, dates and sums of the archive itself.
 */
function whyUnlike(bytes: Uint8Array, inside: ReadonlyMap<string, Uint8Array>): string | null {
  const facts = sealFactsOf(inside.get(MANIFEST_FILE));
  if (!facts) return null;
  let place = 0;
  for (const chunk of archiveChunks(facts.bundle, inside, facts.sealedAt)) {
    const found = bytes.subarray(place, place + chunk.length);
    if (Buffer.compare(chunk, found) !== 0) {
      const at = chunk.findIndex((byte, index) => byte !== found[index]);
      return `byte ${place + at} of it is not the one of the archive that was made at the seal`;
    }
    place += chunk.length;
  }
  return place === bytes.length ? null : `it goes on behind byte ${place}, where the archive made at the seal ends`;
}

/** Null where there is no manifest to go by, which is found without this. */
function sealFactsOf(manifest: Uint8Array | undefined): { bundle: string; sealedAt: number } | null {
  if (!manifest) return null;
  try {
    return parseManifest(sealText(manifest));
  } catch (error) {
    if (error instanceof RefusedError) return null;
    throw error;
  }
}

function commonFolder(names: readonly string[]): string {
  const first = names[0]?.match(/^[^/]+\//)?.[0] ?? '';
  return names.every((name) => name.startsWith(first)) ? first : '';
}
