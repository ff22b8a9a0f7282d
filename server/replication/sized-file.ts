/** Files of a fixed size. */
import type { Disk, DiskFile } from '../domain/ports.ts';

const CHUNK_BYTES = 64 * 1024;

/** Opens `name`, creating it zero-filled to `sizeBytes`; see `extend` for one that is shorter. Throws `DiskError`. */
export function openSized(disk: Disk, name: string, sizeBytes: number): DiskFile {
  const file = disk.open(name, sizeBytes);
  extend(file, sizeBytes);
  return file;
}

/** A file that lost its power before its size was ever synced may be shorter: what is missing reads as zeros from now on. */
export function extend(file: DiskFile, sizeBytes: number): void {
  for (let end = file.sizeBytes; end < sizeBytes; end = file.sizeBytes)
    file.write(end, new Uint8Array(Math.min(CHUNK_BYTES, sizeBytes - end)));
}
