/** Small records of the site: replaced whole, so that a reader sees the old one or the new one and never half of either. */
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ZodType } from 'zod';
import { refuse } from '../../domain/refusal.ts';

/**
 * Replaces `file` atomically and durably (new file, sync, rename, sync folder), readable by its owner only. Refuses with
 * `disk-full` or `disk-fault`; then the old record stands.
 */
export function replaceRecord(file: string, record: unknown): void {
  const folder = path.dirname(file);
  const aside = `${file}.new`;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeSynced(aside, `${JSON.stringify(record, null, 2)}\n`);
    renameSync(aside, file);
    syncFolder(folder);
  } catch (error) {
    const message = `${file} could not be written: ${error instanceof Error ? error.message : String(error)}.`;
    if (codeOf(error) === 'ENOSPC')
      throw refuse('disk-full', message, 'Free space on the disk of this site, then try again.');
    throw refuse('disk-fault', message, 'Repair the disk of this site or the access to it, then try again.');
  }
}

function writeSynced(file: string, text: string): void {
  const handle = openSync(file, 'w', 0o600);
  try {
    writeFileSync(handle, text);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** The record in `file`; null where there is none. Throws an error that names the file where it is not what was expected. */
export function readRecord<T>(file: string, schema: ZodType<T>): T | null {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw new Error(`${file} is damaged: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : null;
}
