/** Which software this is: its version, and the content that it was built from. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Software } from '../domain/evidence/staleness.ts';
import { VERSION } from './version.ts';

/** Set-up leaves the hash of all code, lock included, beside what it built last. */
const STAMP = path.join('.next', '.switchback-stamp');

/** `root`: of the repository. Read at a start: what is built afterwards is not what runs. */
export function readSoftware(root: string): Software {
  const file = path.join(root, STAMP);
  return { version: VERSION, content: existsSync(file) ? readFileSync(file, 'utf8').trim() : null };
}
