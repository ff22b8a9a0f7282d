import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newSigningKey, sealBundle } from '../evidence/seal.ts';
import { chainFindings } from './verify-drill.ts';

const KEY = newSigningKey();
let place: string;
let sealed: { bundle: string; sequence: number; manifestHash: string }[];

beforeEach(() => {
  place = mkdtempSync(path.join(tmpdir(), 'switchback-test-'));
  sealed = [];
  for (const sequence of [1, 2, 3]) {
    const bundle = `demo-000${sequence}-line-cut`;
    mkdirSync(path.join(place, bundle));
    writeFileSync(path.join(place, bundle, 'report.html'), `report ${sequence}`);
    const last = sealed.at(-1);
    const { sha256 } = sealBundle(
      path.join(place, bundle),
      {
        bundle,
        group: 'demo',
        sequence,
        previous: last ? { bundle: last.bundle, sha256: last.manifestHash } : null,
        runbook: 'line-cut',
        outcome: 'passed',
        sealedAt: sequence,
      },
      KEY,
    );
    sealed.push({ bundle, sequence, manifestHash: sha256 });
  }
});
afterEach(() => rmSync(place, { recursive: true }));

const at = (sequence: number) => path.join(place, `demo-000${sequence}-line-cut`);
const findings = () => chainFindings(place, sealed).map(({ kind, bundle }) => `${kind} ${bundle}`);

describe('the bundles kept of a group', () => {
  it('as they were sealed have no findings', () => expect(findings()).toEqual([]));

  it('two whose places were exchanged are named', () => {
    renameSync(at(1), path.join(place, 'aside'));
    renameSync(at(2), at(1));
    renameSync(path.join(place, 'aside'), at(2));
    expect(findings()).toEqual([
      'not-next demo-0002-line-cut',
      'not-next demo-0001-line-cut',
      'not-next demo-0003-line-cut',
    ]);
  });

  it('the newest taken away is named, as missing and as what is on record', () => {
    rmSync(at(3), { recursive: true });
    expect(findings()).toEqual(['missing demo-0003-line-cut', 'not-followed demo-0002-line-cut']);
  });

  it('one in the middle taken away shows at the one behind it', () => {
    rmSync(at(2), { recursive: true });
    expect(findings()).toEqual(['missing demo-0002-line-cut', 'not-next demo-0003-line-cut']);
  });

  it('a manifest with one byte changed, and one that is no manifest, are named', () => {
    const file = path.join(at(2), 'manifest.json');
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replace('"passed"', '"failed"'));
    expect(findings()).toEqual(['not-next demo-0003-line-cut']);
    writeFileSync(file, text.slice(1));
    expect(findings()).toEqual(['missing demo-0002-line-cut', 'not-next demo-0003-line-cut']);
  });
});
