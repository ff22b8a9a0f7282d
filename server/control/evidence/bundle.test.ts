import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { unzipSync, zipSync } from 'fflate';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeArchive } from './archive.ts';
import { newSigningKey, sealBundle } from './seal.ts';
import { verifyBundle } from './verify-bundle.ts';

const KEY = newSigningKey();
const CONTENT: Record<string, string> = {
  'report.html': '<!doctype html><p>no data loss',
  'report.pdf': '%PDF-1.7',
  'film.webm': 'a film',
  'notes.ndjson': '{}\n',
  'pictures/001.png': 'a picture',
  'pictures/002.png': 'another one',
  'facts/verdict.json': '{"kind":"no-data-loss"}',
};

let place: string;
let bundle: string;

beforeEach(() => {
  place = mkdtempSync(path.join(tmpdir(), 'switchback-test-'));
  bundle = path.join(place, 'demo-0001-site-loss');
  for (const [name, text] of Object.entries(CONTENT)) {
    mkdirSync(path.dirname(path.join(bundle, name)), { recursive: true });
    writeFileSync(path.join(bundle, name), text);
  }
  sealBundle(
    bundle,
    {
      bundle: 'demo-0001-site-loss',
      group: 'demo',
      sequence: 1,
      previous: null,
      runbook: 'site-loss',
      outcome: 'passed',
      sealedAt: 1_700_000_000_000,
    },
    KEY,
  );
});

afterEach(() => rmSync(place, { recursive: true }));

const file = (name: string) => path.join(bundle, name);
const verified = (where = bundle) => verifyBundle(where, [KEY.publicKey]);
const named = (where = bundle) => verified(where).findings.map(({ kind, path: inside }) => `${kind} ${inside}`);

function flip(name: string): void {
  const bytes = readFileSync(file(name));
  // The last bit of the byte in the middle.
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
  writeFileSync(file(name), bytes);
}

describe('a sealed bundle', () => {
  it('is intact, as a folder and as an archive, here and after it was copied', async () => {
    expect(verified()).toMatchObject({ intact: true, findings: [], manifest: { outcome: 'passed', sequence: 1 } });
    const copy = path.join(place, 'copied');
    cpSync(bundle, copy, { recursive: true });
    expect(verified(copy).intact).toBe(true);
    const archive = path.join(place, 'bundle.zip');
    await writeArchive(bundle, archive);
    expect(verified(archive)).toMatchObject({ intact: true, sha256: verified().sha256 });
    expect(Object.keys(unzipSync(readFileSync(archive)))).toContain('demo-0001-site-loss/pictures/002.png');
  });

  it.each(Object.keys(CONTENT))('names %s when one bit of it is another', (name) => {
    flip(name);
    expect(named()).toEqual([`changed ${name}`]);
  });

  it('names the manifest and its signature when a bit of either is another', () => {
    flip('manifest.json');
    expect(named()).toContain('manifest-changed manifest.json');
  });

  it('names the signature as wrong or missing', () => {
    const text = readFileSync(file('manifest.sig'), 'utf8');
    writeFileSync(file('manifest.sig'), `${text.startsWith('A') ? 'B' : 'A'}${text.slice(1)}`);
    expect(named()).toEqual(['manifest-changed manifest.json']);
    rmSync(file('manifest.sig'));
    expect(named()).toEqual(['missing manifest.sig', 'manifest-changed manifest.json']);
  });

  it('names a file that is gone, one that was put in, and two that were exchanged', () => {
    renameSync(file('pictures/001.png'), file('aside'));
    renameSync(file('pictures/002.png'), file('pictures/001.png'));
    renameSync(file('aside'), file('pictures/002.png'));
    rmSync(file('film.webm'));
    writeFileSync(file('letter.txt'), 'all went well');
    expect(named()).toEqual([
      'missing film.webm',
      'added letter.txt',
      'exchanged pictures/001.png',
      'exchanged pictures/002.png',
    ]);
  });

  it('without its manifest is not intact, and says why', () => {
    rmSync(file('manifest.json'));
    expect(named()).toEqual(['missing manifest.json']);
  });

  it('sealed anew with another key shows as foreign here, and to whoever knows the key', () => {
    writeFileSync(file('facts/verdict.json'), '{"kind":"data-loss"}');
    const { manifest } = verified();
    if (!manifest) throw new Error('sealed in beforeEach');
    const { format: _format, files: _files, publicKey: _key, ...facts } = manifest;
    sealBundle(bundle, facts, newSigningKey());
    expect(named()).toEqual(['foreign-key manifest.json']);
    expect(verifyBundle(bundle, null).intact).toBe(true);
  });

  it('in an archive that was repacked with one byte changed names it', async () => {
    const archive = path.join(place, 'bundle.zip');
    await writeArchive(bundle, archive);
    const entries = unzipSync(readFileSync(archive));
    entries['demo-0001-site-loss/film.webm'] = Buffer.from('A film');
    writeFileSync(archive, zipSync(entries));
    expect(named(archive)).toEqual(['changed film.webm']);
  });
});

describe('what is no bundle', () => {
  it.each([
    ['nothing', 'nowhere', 'there is nothing of that name'],
    ['a file that is no archive', 'text', 'it is no zip archive'],
  ])('%s is refused', (_what, name, why) => {
    writeFileSync(path.join(place, 'text'), 'hello');
    expect(() => verified(path.join(place, name))).toThrow(why);
  });

  it('a link that leads out of it is refused', () => {
    symlinkSync('/etc/hostname', file('pictures/003.png'));
    expect(() => verified()).toThrow('pictures/003.png is no plain file');
  });
});
