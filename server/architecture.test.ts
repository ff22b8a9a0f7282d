import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { filesBelow } from '../scripts/lib/tree-hash.mjs';
import { checkFile, findCircle, importedWorkParts, partOf } from './architecture-rules.ts';

const root = path.resolve(import.meta.dirname, '..');
const sources = ['server', 'app', 'components']
  .flatMap((folder) => filesBelow(root, folder, (file) => /\.tsx?$/.test(file)))
  .map((file) => ({ file, text: readFileSync(path.join(root, file), 'utf8') }));

/** Beyond this a file has two subjects. */
const LINE_LIMIT = 450;

describe('the repository', () => {
  it('keeps to the direction of dependencies and to the port rule', () => {
    const violations = sources.flatMap(({ file, text }) => checkFile(file, text));
    expect(violations.map(({ where, rule, cure }) => `${where}\n  ${rule}\n  Cure: ${cure}`)).toEqual([]);
  });

  it('has no circle among the parts that do the work', () => {
    const edges = new Map<string, Set<string>>();
    for (const { file, text } of sources) {
      const part = partOf(file);
      // A test may look at its part from outside.
      if (part === null || /\.test\.tsx?$/.test(file)) continue;
      const known = edges.get(part) ?? new Set();
      for (const imported of importedWorkParts(file, text)) known.add(imported);
      edges.set(part, known);
    }
    expect(findCircle(edges)).toBeNull();
  });

  it(`has no file beyond ${LINE_LIMIT} lines`, () => {
    const long = sources.filter(({ text }) => text.split('\n').length > LINE_LIMIT).map(({ file }) => file);
    expect(long).toEqual([]);
  });
});

describe('direction of dependencies', () => {
  const rules = (file: string, text: string) => checkFile(file, text).map(({ rule }) => rule.split(':')[0]);

  it.each([
    ['server/domain/a.ts', "import { x } from '../replication/x.ts';", 'domain must not import replication'],
    ['server/replication/a.ts', "import type { x } from '../site/x.ts';", 'replication must not import site'],
    ['server/simulation/a.ts', "export { x } from '../site/x.ts';", 'simulation must not import site'],
    ['server/site/deep/a.ts', "const x = await import('../../control/x.ts');", 'site must not import control'],
    ['server/control/a.ts', "import { x } from '../api/x.ts';", 'control must not import api'],
    ['server/api/a.ts', "import { x } from '@/components/x.tsx';", 'api must not import components'],
    ['components/a/b.tsx', "import { x } from '../../server/control/x.ts';", 'components must not import control'],
  ])('%s: %s', (file, text, rule) => {
    expect(rules(file, text)).toEqual([rule]);
  });

  it.each([
    ['server/replication/a.ts', "import { x } from '../domain/x.ts';"],
    ['server/hosts/a.ts', "import { x } from '../network/x.ts';"],
    ['server/replication/a.test.ts', "import { x } from '../simulation/x.ts';"],
    ['components/a/b.tsx', "import type { x } from '../../server/control/x.ts';"],
    ['app/page.tsx', "import { x } from '@/components/x.tsx';"],
  ])('allows %s: %s', (file, text) => {
    expect(rules(file, text)).toEqual([]);
  });

  it('knows every folder below server/', () => {
    expect(rules('server/helpers/a.ts', '')).toEqual(['server/helpers is not a part of the layout']);
  });

  it('finds a circle and names the parts along it', () => {
    const edges = new Map([
      ['hosts', new Set(['domain', 'network'])],
      ['network', new Set(['nbd'])],
      ['nbd', new Set(['nbd', 'hosts'])],
    ]);
    expect(findCircle(edges)).toEqual(['hosts', 'network', 'nbd', 'hosts']);
  });
});

describe('port rule', () => {
  const inPart = (text: string) => checkFile('server/replication/a.ts', text).map(({ rule }) => rule);

  it.each([
    'setTimeout(run, 5);',
    'const now = () => Date.now();',
    'const at = (x: number) => new Date(x);',
    'const r = () => Math.random();',
    'const s = () => AbortSignal.timeout(5);',
    'const later = (f: () => void) => process.nextTick(f);',
    "import { readFileSync } from 'node:fs';",
    "import { randomBytes } from 'node:crypto';",
    "import * as crypto from 'node:crypto';",
    "import pino from 'pino';",
    'let counter = 0;',
    'const cache = new Map<string, number>();',
  ])('refuses %s', (text) => {
    expect(inPart(text)).toEqual([expect.stringContaining('port rule')]);
  });

  it.each([
    "import { createHash } from 'node:crypto';",
    "import { crc32 } from 'node:zlib';",
    'const ofProcess = (process: { Date: number }) => process.Date;',
    'const nothing = new Uint8Array(0);',
    'const known: ReadonlySet<string> = new Set(["a"]);',
    'const f = () => { let n = 0; n += 1; return n; };',
    '// setTimeout(run, 5)',
    'interface Clock { performance: number }',
  ])('allows %s', (text) => {
    expect(inPart(text)).toEqual([]);
  });

  it('leaves the real world to site', () => {
    expect(checkFile('server/site/a.ts', 'setTimeout(run, Date.now());')).toEqual([]);
  });
});

describe('imports', () => {
  it.each([
    ["import { x } from './x';", 'lacks its extension'],
    ["import { x } from './parts/index.ts';", 'no barrels'],
  ])('%s', (text, rule) => {
    expect(checkFile('server/site/a.ts', text).map((violation) => violation.rule)).toEqual([
      expect.stringContaining(rule),
    ]);
  });
});
