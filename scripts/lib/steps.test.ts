import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { entryPoints, installedMatchesLock } from './steps.mjs';

let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'switchback-steps-'));
});
afterEach(() => rmSync(root, { recursive: true }));

describe('installedMatchesLock', () => {
  const lock = {
    '': { name: 'project' },
    'node_modules/a': { version: '1.0.0' },
    'node_modules/b': { version: '2.0.0' },
    'node_modules/mac-only': { version: '3.0.0', optional: true },
  };
  const writeJson = (file: string, packages: object) => {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), JSON.stringify({ packages }));
  };
  const withInstalled = (packages: object) => {
    writeJson('package-lock.json', lock);
    writeJson('node_modules/.package-lock.json', packages);
    return installedMatchesLock(root);
  };
  const a = { 'node_modules/a': { version: '1.0.0' } };
  const b = { 'node_modules/b': { version: '2.0.0' } };

  it('holds when only optional packages are missing', () => {
    expect(withInstalled({ ...a, ...b })).toBe(true);
  });

  it.each([
    ['a package is missing', { ...a }],
    ['a version differs', { ...a, 'node_modules/b': { version: '2.0.1' } }],
    ['a package is left from before', { ...a, ...b, 'node_modules/old': { version: '1.0.0' } }],
    ['an optional package has another version', { ...a, ...b, 'node_modules/mac-only': { version: '3.0.1' } }],
  ])('fails when %s', (_what, installed) => {
    expect(withInstalled(installed)).toBe(false);
  });

  it('fails where nothing was installed', () => {
    writeJson('package-lock.json', lock);
    expect(installedMatchesLock(root)).toBe(false);
  });
});

describe('entryPoints', () => {
  const write = (file: string) => {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), '');
  };

  it('finds main files by name, and nothing else', () => {
    write('server/api/main-web.ts');
    write('server/site/agent/main-agent.ts');
    write('server/site/agent/main-agent.test.ts');
    write('server/site/domain.ts');
    expect(entryPoints(root)).toEqual({ web: 'server/api/main-web.ts', agent: 'server/site/agent/main-agent.ts' });
  });

  it('refuses two of one name, naming both', () => {
    write('server/api/main-web.ts');
    write('server/site/main-web.ts');
    expect(() => entryPoints(root)).toThrow(/server\/site\/main-web\.ts and server\/api\/main-web\.ts/);
  });
});
