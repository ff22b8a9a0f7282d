/** One file out of a bundle: a zip with one folder in it, made once and streamed from there. */
import { once } from 'node:events';
import { createReadStream, createWriteStream, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { Zip, ZipPassThrough } from 'fflate';

const FIRST_YEAR = 1980;
const LAST_YEAR = 2099;

/**
 * Writes `file` with everything below `folder`, seals included, all dated the day of `sealedAt` (ms since 1970): one bundle
 * has one archive, byte for byte. Films and pictures are compressed already, so nothing is.
 */
export async function writeArchive(folder: string, file: string, sealedAt: number): Promise<void> {
  const aside = `${file}.new`;
  const out = createWriteStream(aside);
  const failed = once(out, 'error').then(([error]) => Promise.reject(error));
  try {
    await Promise.race([failed, writeEntries(folder, out, sealedAt)]);
    renameSync(aside, file);
  } catch (error) {
    rmSync(aside, { force: true });
    throw error;
  }
}

async function writeEntries(folder: string, out: NodeJS.WritableStream, sealedAt: number): Promise<void> {
  const root = path.basename(folder);
  const zip = new Zip((error, chunk) => {
    if (error) out.emit('error', error);
    else out.write(chunk);
  });
  for (const inside of filesOf(folder)) {
    const entry = new ZipPassThrough(`${root}/${inside}`);
    entry.mtime = noonOf(sealedAt);
    zip.add(entry);
    for await (const chunk of createReadStream(path.join(folder, inside))) {
      entry.push(chunk);
      if (out.writable && (out as NodeJS.WritableStream & { writableNeedDrain?: boolean }).writableNeedDrain)
        await once(out, 'drain');
    }
    entry.push(new Uint8Array(), true);
  }
  zip.end();
  out.end();
  await once(out, 'close');
}

/** The same archive out of memory, in pieces. `files`: by their paths in the bundle. */
export function* archiveChunks(
  root: string,
  files: ReadonlyMap<string, Uint8Array>,
  sealedAt: number,
): Generator<Uint8Array> {
  const made: Uint8Array[] = [];
  const zip = new Zip((error, chunk) => {
    if (error) throw error;
    made.push(chunk);
  });
  for (const inside of [...files.keys()].sort()) {
    const entry = new ZipPassThrough(`${root}/${inside}`);
    entry.mtime = noonOf(sealedAt);
    zip.add(entry);
    entry.push(files.get(inside) ?? new Uint8Array(), true);
    yield* made.splice(0);
  }
  zip.end();
  yield* made.splice(0);
}

/** A zip holds the time of day without saying where. Noon of the day in UTC, said as if it were local, is the same everywhere. */
function noonOf(at: number): Date {
  const day = new Date(at);
  const year = day.getUTCFullYear();
  // A manifest from elsewhere may say any time; a zip knows these years.
  if (!(year >= FIRST_YEAR && year <= LAST_YEAR)) return new Date(FIRST_YEAR, 0, 1, 12);
  return new Date(year, day.getUTCMonth(), day.getUTCDate(), 12);
}

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
    .sort();
}
