// Content hashes of parts of the repository, by which set-up knows what is out of date. Times of files are not asked: git sets them anew.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

/** Folders that are made by tools, so that their content is never an input. */
const MADE_FOLDERS = new Set(['node_modules', 'dist', '.next', '.git', '.data', 'generated']);

/**
 * Every file below `folder` for which `accept` holds, as paths relative to `root`, sorted. An absent folder has none; a file named
 * outright is itself, accepted or not.
 * @param {string} root
 * @param {string} folder
 * @param {(file: string) => boolean} [accept]
 * @returns {string[]}
 */
export function filesBelow(root, folder, accept = () => true) {
  const stat = statSync(path.join(root, folder), { throwIfNoEntry: false });
  if (stat === undefined) return [];
  if (stat.isFile()) return [folder];
  return readdirSync(path.join(root, folder), { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const file = path.posix.join(folder, entry.name);
      if (entry.isDirectory()) return MADE_FOLDERS.has(entry.name) ? [] : filesBelow(root, file, accept);
      return entry.isFile() && accept(file) ? [file] : [];
    });
}

/**
 * One hash over the names and contents of all files below the given folders (or the given files themselves).
 * @param {string} root
 * @param {string[]} inputs
 * @param {(file: string) => boolean} [accept]
 */
export function treeHash(root, inputs, accept) {
  const hash = createHash('sha256');
  for (const input of inputs) {
    for (const file of filesBelow(root, input, accept)) {
      const content = readFileSync(path.join(root, file));
      hash.update(`${file}\0${content.length}\0`).update(content);
    }
  }
  return hash.digest('hex');
}
