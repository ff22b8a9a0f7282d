/** One file out of a bundle: a zip with one folder in it, made once and streamed from there. */

import { once } from 'node:events';
import { createReadStream, createWriteStream, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { Zip, ZipPassThrough } from 'fflate';

/** Writes `file` with everything below `folder`, seals included. Films and pictures are compressed already, so nothing is. */
export async function writeArchive(folder: string, file: string): Promise<void> {
  const aside = `${file}.new`;
  const out = createWriteStream(aside);
  const failed = once(out, 'error').then(([error]) => Promise.reject(error));
  try {
    await Promise.race([failed, writeEntries(folder, out)]);
    renameSync(aside, file);
  } catch (error) {
    rmSync(aside, { force: true });
    throw error;
  }
}

async function writeEntries(folder: string, out: NodeJS.WritableStream): Promise<void> {
  const root = path.basename(folder);
  const zip = new Zip((error, chunk) => {
    if (error) out.emit('error', error);
    else out.write(chunk);
  });
  for (const inside of filesOf(folder)) {
    const entry = new ZipPassThrough(`${root}/${inside}`);
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

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
    .sort();
}
