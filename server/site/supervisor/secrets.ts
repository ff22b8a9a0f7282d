import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import path from 'node:path';

/**
 * The secret kept in `name` below the data folder, made at the first call: 256 random bits as hexadecimal, readable by
 * the owner alone. Written aside and renamed, so that no crash leaves half a secret. Throws the file system's errors.
 */
export function keepSecret(dataFolder: string, name: string): { file: string; secret: string } {
  const file = path.join(dataFolder, name);
  if (!existsSync(file)) {
    const aside = `${file}.${process.pid}.new`;
    const descriptor = openSync(aside, 'w', 0o600);
    writeSync(descriptor, `${randomBytes(32).toString('hex')}\n`);
    fsyncSync(descriptor);
    closeSync(descriptor);
    renameSync(aside, file);
  }
  return { file, secret: readFileSync(file, 'utf8').trim() };
}
