// `npm start`: sets up, then becomes the supervisor. In one process, so that a signal for the one reaches the other.
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { repositoryRoot, setUp } from './lib/steps.mjs';

process.chdir(repositoryRoot);
try {
  await setUp({ log: (line) => process.stderr.write(`${line}\n`) });
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exit(1);
}
process.setSourceMapsEnabled(true);
await import(pathToFileURL(path.join(repositoryRoot, 'dist', 'supervisor.js')).href);
