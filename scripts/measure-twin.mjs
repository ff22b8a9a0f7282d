#!/usr/bin/env node
// What each mode of twin sites moves on the same data, measured on the running instance (npm start). The measurement is TypeScript, bundled by
// the set-up; this file makes sure that the bundle is current, then hands over.
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { repositoryRoot, setUp } from './lib/steps.mjs';

await setUp({ log: (line) => process.stderr.write(`${line}\n`), screens: false });
process.setSourceMapsEnabled(true);
await import(pathToFileURL(path.join(repositoryRoot, 'dist', 'measure-twin.js')).href);
