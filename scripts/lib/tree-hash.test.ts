import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { filesBelow, treeHash } from './tree-hash.mjs';

let root: string;
const write = (file: string, content: string) => {
  mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
  writeFileSync(path.join(root, file), content);
};

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'switchback-hash-'));
  write('server/a.ts', 'one');
  write('server/deep/b.ts', 'two');
});
afterEach(() => rmSync(root, { recursive: true }));

describe('filesBelow', () => {
  it('lists code, sorted, without what tools made', () => {
    write('server/node_modules/x.ts', '');
    write('server/control/generated/x.ts', '');
    write('server/notes.md', '');
    expect(filesBelow(root, 'server', (file) => file.endsWith('.ts'))).toEqual(['server/a.ts', 'server/deep/b.ts']);
  });

  it('takes a file named outright, and nothing for a folder that is absent', () => {
    expect(filesBelow(root, 'server/a.ts', () => false)).toEqual(['server/a.ts']);
    expect(filesBelow(root, 'absent')).toEqual([]);
  });
});

describe('treeHash', () => {
  it('stays when only times change', () => {
    const before = treeHash(root, ['server']);
    utimesSync(path.join(root, 'server/a.ts'), 1, 1);
    expect(treeHash(root, ['server'])).toBe(before);
  });

  it.each([
    ['a changed content', () => write('server/a.ts', 'uno')],
    ['a new file', () => write('server/c.ts', '')],
    ['a removed file', () => rmSync(path.join(root, 'server/deep/b.ts'))],
    [
      'bytes that moved from one file to the next',
      () => {
        write('server/a.ts', 'onet');
        write('server/deep/b.ts', 'wo');
      },
    ],
  ])('changes with %s', (_what, change) => {
    const before = treeHash(root, ['server']);
    change();
    expect(treeHash(root, ['server'])).not.toBe(before);
  });
});
