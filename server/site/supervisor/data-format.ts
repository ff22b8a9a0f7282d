import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { refuse } from '../../domain/refusal.ts';

/** Raised by every change after which records in a data folder can no longer be read by the version before, or of it. */
export const DATA_FORMAT = 3;

const FILE = 'format';

/**
 * Makes sure that the data folder, which exists, was made by a version with the same format of records; an empty one is
 * marked as made by this. Throws a `RefusedError` otherwise: reading half of an older record would be worse than not starting.
 */
export function keepDataFormat(dataFolder: string): void {
  const file = path.join(dataFolder, FILE);
  if (existsSync(file)) {
    const found = readFileSync(file, 'utf8').trim();
    if (found !== String(DATA_FORMAT)) throw otherFormat(dataFolder, found);
    return;
  }
  if (readdirSync(dataFolder).some((name) => name === 'postgres' || name === 'sites'))
    throw otherFormat(dataFolder, '1');
  writeFileSync(file, `${DATA_FORMAT}\n`);
}

function otherFormat(dataFolder: string, found: string) {
  return refuse(
    'bad-request',
    `The data folder ${dataFolder} has format ${found}, and this version reads format ${DATA_FORMAT} only.`,
    'Start the version that made it, or move the folder away (or set SWITCHBACK_DATA to another) to begin anew.',
  );
}
