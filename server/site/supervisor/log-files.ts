import { copyFileSync, mkdirSync, openSync, readdirSync, statSync, truncateSync } from 'node:fs';
import path from 'node:path';

/** A log beyond this size makes room; one older part is kept, so a process's logs stay below twice this. */
const LIMIT_BYTES = 8 * 1024 * 1024;

/** Opens `<name>.log` for appending and answers its descriptor, which the caller closes. Makes the folder. */
export function openLog(folder: string, name: string): number {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return openSync(path.join(folder, `${name}.log`), 'a', 0o600);
}

/**
 * Moves the content of every log beyond the limit to `<name>.log.1`. The file itself stays, because processes hold it
 * open: they append, so after the cut they go on at its start.
 */
export function rotateLogs(folder: string, limitBytes = LIMIT_BYTES): void {
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.log'))) {
    const file = path.join(folder, name);
    if (statSync(file).size <= limitBytes) continue;
    copyFileSync(file, `${file}.1`);
    truncateSync(file, 0);
  }
}
