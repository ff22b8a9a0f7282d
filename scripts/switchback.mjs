#!/usr/bin/env node
// The `switchback` command. The command itself is TypeScript, bundled to dist/cli.js by the set-up; this file only makes sure that
// the bundle is there and current, then hands over. It keeps stdout clean: with --json a script reads exactly one value from it.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { repositoryRoot, setUp } from './lib/steps.mjs';

const cli = path.join(repositoryRoot, 'dist', 'cli.js');

try {
  await setUp({ log: (line) => process.stderr.write(`${line}\n`), screens: false });
} catch (error) {
  // A bundle of an earlier set-up is still worth running: in a read-only installation nothing can be rebuilt.
  if (!existsSync(cli)) refuse(error instanceof Error ? error.message : String(error));
}
if (!existsSync(cli)) refuse('dist/cli.js was not built: server/cli/main-cli.ts is missing');
process.setSourceMapsEnabled(true);
await import(pathToFileURL(cli).href);

/** Prints a refusal in the form every command uses (an object with --json, else sentences) and ends with status 1. */
function refuse(message) {
  const error = { code: 'not-set-up', message, cure: 'Run `npm run setup` in the Switchback folder, then try again.' };
  if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify({ error })}\n`);
  else process.stderr.write(`switchback: ${error.message}\n${error.cure}\n`);
  process.exit(1);
}
