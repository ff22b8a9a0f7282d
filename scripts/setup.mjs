// Sets up a clone: packages, binaries, database client, bundles, screens. `npm start`, `npm test` and `switchback` do the same first.
import { setUp } from './lib/steps.mjs';

try {
  await setUp({ log: (line) => process.stdout.write(`${line}\n`) });
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
