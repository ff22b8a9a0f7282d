import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { unzipSync, zipSync } from 'fflate';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RefusedError } from '../../domain/refusal.ts';
import { writeArchive } from './archive.ts';
import { newSigningKey, sealBundle } from './seal.ts';
import { verifyBundle } from './verify-bundle.ts';

const KEY = newSigningKey();
/** Odd, so that it comes by every field of a header somewhere: each byte would take seconds. */
const STRIDE = 13;
const CONTENT: Record<string, string> = {
  'report.html': '<!doctype html><p>no data loss',
  'report.pdf': '%PDF-1.7',
  'film.webm': 'a film',
  'notes.ndjson': '{}\n',
  'pictures/001.png': 'a picture',
  'pictures/002.png': 'another one',
  'facts/verdict.json': '{"kind":"no-data-loss"}',
  'facts/timeline.json': '[{"text":"P-I: duplex → suspend"}]',
  'trace.zip': 'a trace',
  'recorder.log': '1 passed',
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
    await writeArchive(bundle, archive, 1_700_000_000_000);
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

  it('notices whichever byte of the signature is another, though it may still be read as the same', () => {
    const whole = readFileSync(file('manifest.sig'));
    for (let at = 0; at < whole.length; at += 1) {
      const bytes = Buffer.from(whole);
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      writeFileSync(file('manifest.sig'), bytes);
      expect(named(), `byte ${at} of ${whole.length}`).toEqual(['manifest-changed manifest.json']);
    }
  });

  it.each(['manifest.sig.new', 'manifest.json.new'])(
    'sealed again after a seal that was broken off at %s is intact',
    (left) => {
      const { manifest } = verified();
      if (!manifest) throw new Error('sealed in beforeEach');
      const { format: _format, files: _files, publicKey: _key, ...facts } = manifest;
      writeFileSync(file(left), 'half');
      sealBundle(bundle, facts, KEY);
      expect(verified()).toMatchObject({ intact: true, findings: [] });
    },
  );

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

  it('under the name of another one is named', () => {
    const other = path.join(place, 'demo-0002-line-cut');
    cpSync(bundle, other, { recursive: true });
    expect(verified(other).findings.map(({ kind, text }) => `${kind}: ${text}`)).toEqual([
      'exchanged: under the name demo-0002-line-cut lies what was sealed as demo-0001-site-loss',
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

  it('in an archive that was repacked with one byte changed names it, and the archive', async () => {
    const archive = await archived();
    const entries = unzipSync(readFileSync(archive));
    entries['demo-0001-site-loss/film.webm'] = Buffer.from('A film');
    writeFileSync(archive, zipSync(entries));
    expect(named(archive)).toEqual(['archive-changed ', 'changed film.webm']);
    writeFileSync(archive, zipSync(unzipSync(readFileSync(await archived()))));
    expect(named(archive)).toEqual(['archive-changed ']);
  });

  it('in an archive notices a byte that is changed, put behind it or cut off, wherever it stands', async () => {
    const archive = await archived();
    const whole = readFileSync(archive);
    for (let at = 0; at < whole.length; at += STRIDE) {
      const bytes = Buffer.from(whole);
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      writeFileSync(archive, bytes);
      expect(isRefusedOrNamed(archive), `byte ${at} of ${whole.length}`).toBe(true);
    }
    for (const bytes of [whole.subarray(0, -1), Buffer.concat([whole, Buffer.from('x')]), whole.subarray(0, 40)]) {
      writeFileSync(archive, bytes);
      expect(isRefusedOrNamed(archive)).toBe(true);
    }
    writeFileSync(archive, whole);
    expect(verified(archive).intact).toBe(true);
  });
});

/** Made anew from the folder. */
async function archived(): Promise<string> {
  const archive = path.join(place, 'bundle.zip');
  await writeArchive(bundle, archive, 1_700_000_000_000);
  return archive;
}

function isRefusedOrNamed(archive: string): boolean {
  try {
    return !verified(archive).intact;
  } catch (error) {
    return error instanceof RefusedError;
  }
}

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

  it.each<[string, () => void, string]>([
    [
      'a manifest of 100 MB',
      () => truncateSync(file('manifest.json'), 100 * 1024 * 1024),
      'manifest.json has 104857600 bytes',
    ],
    [
      'a signature of 100 MB',
      () => truncateSync(file('manifest.sig'), 100 * 1024 * 1024),
      'manifest.sig has 104857600',
    ],
    ['a manifest that is a link', () => relink('manifest.json'), 'manifest.json is no plain file'],
    ['folders without an end', () => mkdirSync(file('a/a/a/a/a/a/a/a/a/a'), { recursive: true }), 'lies too deep'],
  ])('a folder with %s is refused', (_what, spoil, why) => {
    spoil();
    expect(() => verified()).toThrow(why);
  });

  it('a manifest that is no UTF-8 is named', () => {
    writeFileSync(file('manifest.json'), Buffer.from([0xff, 0xfe, 0x00, 0x7b]));
    expect(named()).toEqual(['manifest-changed manifest.json']);
  });

  it.each<[string, Record<string, Uint8Array>, string]>([
    ['a name that leads out', { '../evil': new Uint8Array(1) }, '../evil, which leads out of it'],
    ['an absolute name', { '/etc/passwd': new Uint8Array(1) }, '/etc/passwd, which leads out of it'],
    ['a name of Windows', { 'a\\..\\b': new Uint8Array(1) }, 'which leads out of it'],
    ['a manifest of 5 MB', { 'b/manifest.json': new Uint8Array(5_000_000) }, 'b/manifest.json has 5000000 bytes'],
  ])('an archive with %s is refused', (_what, entries, why) => {
    const archive = path.join(place, 'hostile.zip');
    writeFileSync(archive, zipSync(entries, { level: 9 }));
    expect(() => verified(archive)).toThrow(why);
  });

  it('an archive that claims to hold more than any does is refused before anything is unpacked', () => {
    const archive = path.join(place, 'bomb.zip');
    const bytes = Buffer.from(zipSync({ film: new Uint8Array(1_000) }, { level: 9 }));
    // The size that the directory at its end gives for the file.
    bytes.writeUInt32LE(0xfffffff0, bytes.indexOf(Buffer.from('504b0102', 'hex')) + 24);
    writeFileSync(archive, bytes);
    expect(() => verified(archive)).toThrow('it says that it holds more than');
  });

  it('an archive that holds a name twice is refused', () => {
    const archive = path.join(place, 'twice.zip');
    const bytes = Buffer.from(zipSync({ 'film-a': new Uint8Array(1), 'film-b': new Uint8Array(1) }));
    const text = bytes.toString('latin1').replaceAll('film-b', 'film-a');
    writeFileSync(archive, text, 'latin1');
    expect(() => verified(archive)).toThrow('film-a twice');
  });
});

function relink(name: string): void {
  rmSync(file(name));
  symlinkSync('/etc/hostname', file(name));
}
