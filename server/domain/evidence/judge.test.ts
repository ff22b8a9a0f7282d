import { describe, expect, it } from 'vitest';
import { type FoundBundle, judgeBundle, judgeChain } from './judge.ts';
import { type Manifest, parseManifest, type SealedFile, sha256Of, textOfManifest } from './manifest.ts';

const file = (path: string, content: string): SealedFile => ({
  path,
  bytes: content.length,
  sha256: sha256Of(content),
});

const FILES = [file('report.html', '<html>'), file('screens/01.png', 'png'), file('video.webm', 'film')];

function sealed(sequence: number, previous: Manifest | null): Manifest {
  return {
    format: 1,
    bundle: `demo-000${sequence}-site-loss`,
    group: 'demo',
    sequence,
    previous: previous && { bundle: previous.bundle, sha256: sha256Of(textOfManifest(previous)) },
    runbook: 'site-loss',
    outcome: 'passed',
    sealedAt: 1_700_000_000_000 + sequence,
    publicKey: 'a key',
    files: FILES,
  };
}

const found = (manifest: Manifest, files: readonly SealedFile[] = FILES): FoundBundle => ({
  manifest,
  manifestText: textOfManifest(manifest),
  signed: true,
  files,
  unlikeArchive: null,
});

const FIRST = sealed(1, null);
const SECOND = sealed(2, FIRST);
const THIRD = sealed(3, SECOND);
const kinds = (findings: { kind: string; path: string }[]) => findings.map(({ kind, path }) => `${kind} ${path}`);

describe('a bundle by itself', () => {
  it('that is what was sealed has no findings, in whatever order its files are met', () => {
    expect(judgeBundle(found(FIRST, [...FILES].reverse()), ['a key'])).toEqual([]);
  });

  it.each([
    ['one byte changed', [FILES[0], file('screens/01.png', 'pnG'), FILES[2]], 'changed screens/01.png'],
    ['a file cut short', [FILES[0], FILES[1], file('video.webm', 'fil')], 'changed video.webm'],
    ['a file dropped', FILES.slice(1), 'missing report.html'],
    ['a file put in', [...FILES, file('notes.txt', 'nothing happened')], 'added notes.txt'],
  ])('%s is named', (_what, files, expected) => {
    expect(kinds(judgeBundle(found(FIRST, files as SealedFile[]), ['a key']))).toEqual([expected]);
  });

  it('two files exchanged are both named, with what they hold', () => {
    const swapped = [FILES[0], file('screens/01.png', 'film'), file('video.webm', 'png')] as SealedFile[];
    const findings = judgeBundle(found(FIRST, swapped), null);
    expect(kinds(findings)).toEqual(['exchanged screens/01.png', 'exchanged video.webm']);
    expect(findings[0]?.text).toBe('screens/01.png holds what was sealed as video.webm');
  });

  it('a manifest that was rewritten to fit no longer fits its signature', () => {
    const rewritten = { ...FIRST, outcome: 'failed' as const };
    expect(kinds(judgeBundle({ ...found(rewritten), signed: false }, null))).toEqual([
      'manifest-changed manifest.json',
    ]);
  });

  it('a manifest with the same content in another text is not the one that was signed', () => {
    const text = JSON.stringify(FIRST);
    expect(kinds(judgeBundle({ ...found(FIRST), manifestText: text }, null))).toEqual([
      'manifest-changed manifest.json',
    ]);
  });

  it('whose archive is another says where, beside what its files say', () => {
    const findings = judgeBundle({ ...found(FIRST), unlikeArchive: 'byte 7 of it is another' }, null);
    expect(kinds(findings)).toEqual(['archive-changed ']);
    expect(findings[0]?.text).toContain('byte 7');
  });

  it('sealed anew by somebody else shows by the key, where ours are known', () => {
    expect(kinds(judgeBundle(found(FIRST), ['another key']))).toEqual(['foreign-key manifest.json']);
    expect(judgeBundle(found(FIRST), null)).toEqual([]);
  });
});

describe('the bundles of a group', () => {
  const head = { bundle: THIRD.bundle, sequence: 3, sha256: sha256Of(textOfManifest(THIRD)) };
  const chain = (...manifests: Manifest[]) =>
    judgeChain(
      manifests.map((manifest) => ({ manifest })),
      head,
    );

  it('in their order have no findings', () => {
    expect(chain(FIRST, SECOND, THIRD)).toEqual([]);
  });

  it.each([
    ['two exchanged', [SECOND, FIRST, THIRD], [SECOND.bundle, FIRST.bundle, THIRD.bundle]],
    ['the first taken away', [SECOND, THIRD], [SECOND.bundle]],
    ['one in the middle taken away', [FIRST, THIRD], [THIRD.bundle]],
    ['one changed and sealed anew', [FIRST, { ...SECOND, outcome: 'failed' as const }, THIRD], [THIRD.bundle]],
  ])('%s are named', (_what, manifests, named) => {
    const findings = chain(...manifests);
    expect(findings.map(({ bundle }) => bundle)).toEqual(named);
    expect(findings.every(({ kind }) => kind === 'not-next')).toBe(true);
  });

  it('may leave a number out, for a drill that could not be sealed; none may come twice', () => {
    const later = { ...sealed(5, SECOND), bundle: 'demo-0005-site-loss' };
    const ends = (last: Manifest) => ({ bundle: last.bundle, sequence: 5, sha256: sha256Of(textOfManifest(last)) });
    const all = (last: Manifest) => [FIRST, SECOND, last].map((manifest) => ({ manifest }));
    expect(judgeChain(all(later), ends(later))).toEqual([]);
    const again = { ...later, sequence: 2 };
    expect(judgeChain(all(again), ends(again)).map(({ text }) => text)).toEqual([
      'demo-0005-site-loss is number 2, and stands behind number 2',
    ]);
  });

  it('without the last one differ from what is on record, and say which is missing', () => {
    const findings = chain(FIRST, SECOND);
    expect(findings.map(({ kind }) => kind)).toEqual(['not-followed']);
    expect(findings[0]?.text).toContain(THIRD.bundle);
    expect(chain()).toHaveLength(1);
  });
});

describe('a manifest', () => {
  it('reads back what was written', () => {
    expect(parseManifest(textOfManifest(SECOND))).toEqual(SECOND);
  });

  it.each([
    ['no JSON', '{'],
    ['a path that leads out', textOfManifest({ ...FIRST, files: [file('../secret', 'x')] })],
    ['an absolute path', textOfManifest({ ...FIRST, files: [file('/etc/passwd', 'x')] })],
    ['a field nobody knows', `${JSON.stringify({ ...FIRST, note: 'trust me' })}`],
  ])('with %s is refused', (_what, text) => {
    expect(() => parseManifest(text)).toThrow('is no manifest of a bundle');
  });
});
