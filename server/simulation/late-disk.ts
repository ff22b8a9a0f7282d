/** The disk of the seeded defect `register-answers-early`. */
import type { Ports } from '../domain/ports.ts';

/** How late it writes, ms. */
const LATE_MS = 200;

/** A disk that says a replacement is durable long before it is. */
export function lateDisk({ disk, clock }: Ports): Ports['disk'] {
  const pending = new Map<string, Uint8Array>();
  return {
    exists: (name) => pending.has(name) || disk.exists(name),
    list: (folder) => disk.list(folder),
    open: (name, createBytes) => disk.open(name, createBytes),
    readWhole: (name) => pending.get(name) ?? disk.readWhole(name),
    replace: (name, content) => {
      // The very first record stands, else there would be nothing to go back to.
      if (!disk.exists(name)) return disk.replace(name, content);
      pending.set(name, content);
      clock.after(LATE_MS, () => disk.replace(name, content));
    },
    remove: (name) => disk.remove(name),
    bootId: disk.bootId,
  };
}
