/** `runbook verify` as an auditor calls it: bundles on a machine without a server. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { writeArchive } from '../control/evidence/archive.ts';
import { newSigningKey, sealBundle } from '../control/evidence/seal.ts';
import { runWords } from './testing/run-words.ts';

/** Nobody listens there. */
const NOWHERE = 'http://127.0.0.1:1';
const KEY = newSigningKey();
let place: string;
let bundles: string[];

beforeEach(() => {
  place = mkdtempSync(path.join(tmpdir(), 'switchback-test-'));
  bundles = [];
  let previous: { bundle: string; sha256: string } | null = null;
  for (const sequence of [1, 2, 3]) {
    const bundle = `demo-000${sequence}-line-cut`;
    const folder = path.join(place, bundle);
    mkdirSync(folder);
    writeFileSync(path.join(folder, 'report.html'), `report ${sequence}`);
    const facts = { bundle, group: 'demo', sequence, previous, runbook: 'line-cut', sealedAt: sequence };
    const { sha256 } = sealBundle(folder, { ...facts, outcome: 'passed' }, KEY);
    previous = { bundle, sha256 };
    bundles.push(folder);
  }
});
afterEach(() => rmSync(place, { recursive: true }));

const verify = (...words: string[]) => runWords(NOWHERE, 'runbook', 'verify', ...words);
const at = (sequence: number) => bundles[sequence - 1] ?? '';

it('ends with 0 for a folder and for an archive, and prints the key', async () => {
  const archive = path.join(place, 'one.zip');
  await writeArchive(at(1), archive, 1);
  for (const bundle of [at(1), archive]) {
    const { code, out } = await verify(bundle);
    expect(code).toBe(0);
    expect(out).toContain('every byte is what was sealed');
    expect(out).toContain(`${KEY.publicKey}, which may be anybody’s`);
  }
});

it('ends with 1 where something was changed, and names it', async () => {
  writeFileSync(path.join(at(1), 'report.html'), 'rEport 1');
  const { code, out, err } = await verify(at(1));
  expect(code).toBe(1);
  expect(out).toContain('demo-0001-line-cut: changed: report.html');
  expect(err).toContain('is not what was sealed');
});

it('ends with 2 where there is no bundle that could be judged', async () => {
  writeFileSync(path.join(place, 'letter.txt'), 'all went well');
  for (const words of [[path.join(place, 'letter.txt')], []]) {
    const { code, out } = await verify(...words);
    expect(code).toBe(2);
    expect(out).toBe('');
  }
});

it('with a known key tells whose seal it is', async () => {
  expect((await verify(at(1), '--key', KEY.publicKey)).code).toBe(0);
  const foreign = await verify(at(1), '--key', newSigningKey().publicKey);
  expect(foreign.code).toBe(1);
  expect(foreign.out).toContain('foreign-key');
});

it('judges several as a chain, in the order given', async () => {
  expect((await verify(at(1), at(2), at(3))).code).toBe(0);
  // What came before the first one given may be elsewhere.
  expect((await verify(at(2), at(3))).code).toBe(0);
  const gap = await verify(at(1), at(3));
  expect(gap.code).toBe(1);
  expect(gap.out).toContain('demo-0003-line-cut: not-next');
  expect((await verify(at(2), at(1))).code).toBe(1);
  expect((await verify(at(2), at(2))).code).toBe(1);
});

it('judges bundles of several groups as a chain each', async () => {
  const other = path.join(place, 'other-0001-line-cut');
  mkdirSync(other);
  writeFileSync(path.join(other, 'report.html'), 'report of another group');
  const facts = { bundle: 'other-0001-line-cut', group: 'other', sequence: 1, previous: null, runbook: 'line-cut' };
  sealBundle(other, { ...facts, sealedAt: 1, outcome: 'passed' }, KEY);
  expect((await verify(at(1), other, at(2))).code).toBe(0);
  expect((await verify(at(1), other, at(3))).code).toBe(1);
});
