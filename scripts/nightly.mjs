#!/usr/bin/env node
// Every runbook there is, recorded one after the other, each on a group made for it: `npm run nightly`. Ends with 1 where one of them did
// not pass, or its bundle does not verify.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { startInstance } from './lib/nightly-instance.mjs';
import { chosenFrom, formatResults, isGood, runNightly } from './lib/nightly-runs.mjs';
import { repositoryRoot, setUp } from './lib/steps.mjs';

const USAGE = `npm run nightly -- [--only NAME,NAME] [--url http://…] [--data FOLDER] [--keep]

  --only   these runbooks only, by the names of their files
  --url    on an installation that runs already; otherwise one is started, with a data folder of its own, and stopped at the end
  --data   that data folder (default .data/nightly); the bundles stay in its evidence/
  --keep   leave the groups, and the installation that was started, as they are
`;

let options;
try {
  options = parseArgs({
    options: {
      only: { type: 'string' },
      url: { type: 'string' },
      data: { type: 'string', default: path.join('.data', 'nightly') },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  }).values;
} catch (error) {
  process.stderr.write(`${error.message}\n\n${USAGE}`);
  process.exit(2);
}
if (options.help) {
  process.stdout.write(USAGE);
  process.exit(0);
}

const say = (line) => process.stderr.write(`${line}\n`);
await setUp({ log: say });
const data = path.resolve(options.data);
if (!options.url) mkdirSync(data, { recursive: true });
const instance = options.url
  ? { url: options.url.replace(/\/$/, ''), stop: async () => {} }
  : await startInstance({ root: repositoryRoot, data, say });
let results = [];
try {
  results = await runNightly({
    root: repositoryRoot,
    url: instance.url,
    choose: (library) => chosenFrom(library, options.only),
    keep: options.keep,
    say,
  });
} catch (error) {
  say(error.message);
} finally {
  if (options.keep && !options.url) say(`Left running at ${instance.url}, process ${instance.pid}`);
  else await instance.stop();
}
process.stdout.write(formatResults(results));
if (!options.url) say(`The bundles lie in ${path.join(data, 'evidence')}`);
process.exit(results.length > 0 && results.every(isGood) ? 0 : 1);
