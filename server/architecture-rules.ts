import path from 'node:path';
import ts from 'typescript';

/**
 * The rules of the layout, checked on the syntax of every file: which part may know which other, and where the outside
 * world may come in. `architecture.test.ts` applies them to the repository.
 */
export interface Violation {
  /** `path/of/file.ts:line` */
  where: string;
  rule: string;
  cure: string;
}

/** The parts whose whole world is the ports, so that the simulator can run them under a virtual clock. */
const PORT_PARTS = ['domain', 'replication', 'network', 'hosts', 'routines', 'nbd'] as const;
const WORK_PARTS = ['replication', 'network', 'hosts', 'routines', 'nbd'] as const;

/**
 * What each part may import. Work parts may know each other, but not in a circle (`findCircle`). Screens may name the
 * types of any part below them; at run time they meet only what makes sense in a browser or a route handler.
 */
const MAY_IMPORT: Record<string, readonly string[]> = {
  domain: [],
  ...Object.fromEntries(WORK_PARTS.map((part) => [part, ['domain', ...WORK_PARTS]])),
  simulation: PORT_PARTS,
  site: PORT_PARTS,
  control: [...PORT_PARTS, 'simulation', 'site'],
  api: [...PORT_PARTS, 'simulation', 'site', 'control'],
  cli: [...PORT_PARTS, 'simulation', 'site', 'control', 'api'],
  app: ['domain', 'routines', 'api', 'components'],
  components: ['domain', 'routines', 'api'],
};

const DIRECTION =
  'domain ← replication, network, hosts, routines, nbd ← simulation | site ← control ← api ← app, components';

/** Modules a port part may use, and of those only what is pure and synchronous. */
const PURE_IMPORTS: Record<string, readonly string[]> = {
  'node:crypto': ['createHash', 'createHmac', 'hash', 'timingSafeEqual'],
  'node:zlib': ['crc32'],
  'node:assert/strict': ['default'],
  zod: ['z'],
};

/** Globals that are the outside world, and the port that stands for each. */
const WORLD_GLOBALS: Record<string, string> = {
  setTimeout: 'Clock.after',
  setInterval: 'Clock.after',
  setImmediate: 'Clock.after with 0 ms',
  Date: 'Clock.now',
  performance: 'Clock.monotonic',
  crypto: 'Entropy',
  process: 'a port, or a parameter of the entry point in site/',
  fetch: 'Line',
  WebSocket: 'Line',
  console: 'an event or an answer, which the process that runs this reports',
  globalThis: 'a port',
};
const WORLD_MEMBERS: Record<string, string> = { 'Math.random': 'Entropy', 'AbortSignal.timeout': 'Clock.after' };

interface Import {
  specifier: string;
  names: string[];
  typeOnly: boolean;
  node: ts.Node;
}

/** Every rule on one file. `file` is relative to the repository, with forward slashes. */
export function checkFile(file: string, text: string): Violation[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const imports = importsOf(source);
  const at = (node: ts.Node) => `${file}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1}`;
  const found = [...checkDirection(file, imports, at), ...checkSpecifiers(imports, at)];
  if (!isPortFile(file)) return found;
  return [...found, ...checkPureImports(imports, at), ...checkGlobals(source, at), ...checkModuleState(source, at)];
}

/** `server/replication/journal.ts` → `replication`; `app/page.tsx` → `app`; `null` for what belongs to no part. */
export function partOf(file: string): string | null {
  const [top, second, third] = file.split('/');
  if (top === 'app' || top === 'components') return top;
  return top === 'server' && third !== undefined ? (second ?? null) : null;
}

/** The work parts that a file of a work part leans on, for `findCircle`; none for any other file. */
export function importedWorkParts(file: string, text: string): string[] {
  if (!isWorkPart(partOf(file))) return [];
  const imports = importsOf(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true));
  return imports.map(({ specifier }) => partOf(resolveFrom(file, specifier) ?? '') ?? '').filter(isWorkPart);
}

function isWorkPart(part: string | null): boolean {
  return WORK_PARTS.some((name) => name === part);
}

/** A circle among the parts, as the parts along it, or `null`. `edges` says what each part imports. */
export function findCircle(edges: ReadonlyMap<string, ReadonlySet<string>>): string[] | null {
  const visit = (part: string, trail: string[]): string[] | null => {
    if (trail.includes(part)) return [...trail.slice(trail.indexOf(part)), part];
    for (const next of edges.get(part) ?? []) {
      const circle = next === part ? null : visit(next, [...trail, part]);
      if (circle !== null) return circle;
    }
    return null;
  };
  for (const part of edges.keys()) {
    const circle = visit(part, []);
    if (circle !== null) return circle;
  }
  return null;
}

function isPortFile(file: string): boolean {
  const part = partOf(file);
  return PORT_PARTS.some((name) => name === part) && !/\.test\.tsx?$/.test(file);
}

/** Where a relative or `@/` specifier leads, relative to the repository; `null` for a package. */
function resolveFrom(file: string, specifier: string): string | null {
  if (specifier.startsWith('@/')) return specifier.slice(2);
  return specifier.startsWith('.') ? path.posix.join(path.posix.dirname(file), specifier) : null;
}

type Locate = (node: ts.Node) => string;

function checkDirection(file: string, imports: Import[], at: Locate): Violation[] {
  const from = partOf(file);
  if (from === null) return [];
  const allowed = MAY_IMPORT[from];
  if (allowed === undefined) {
    const rule = `server/${from} is not a part of the layout`;
    return [{ where: file, rule, cure: `Move it into one of: ${Object.keys(MAY_IMPORT).join(', ')}.` }];
  }
  const isScreen = from === 'app' || from === 'components';
  return imports.flatMap(({ specifier, typeOnly, node }) => {
    const to = partOf(resolveFrom(file, specifier) ?? '');
    if (to === null || to === from || allowed.includes(to)) return [];
    if (isScreen && typeOnly && to !== 'app' && to !== 'cli') return [];
    // A test may prove its part with the simulator's or the real ports.
    if (/\.test\.tsx?$/.test(file) && (to === 'simulation' || to === 'site')) return [];
    const rule = `${from} must not import ${to}: dependencies point one way (${DIRECTION})`;
    const cure = `Move what both need down into a part that ${from} may import (${allowed.join(', ') || 'none'}), or hand it in as a port.`;
    return [{ where: at(node), rule, cure }];
  });
}

function checkSpecifiers(imports: Import[], at: Locate): Violation[] {
  return imports.flatMap(({ specifier, node }) => {
    if (specifier.startsWith('.') && !/\.(tsx?|mjs|css|json)$/.test(specifier)) {
      return [
        {
          where: at(node),
          rule: `'${specifier}' lacks its extension`,
          cure: `Write './name.ts', as Node will look for it.`,
        },
      ];
    }
    if (/(^|\/)index\.tsx?$/.test(specifier)) {
      return [
        { where: at(node), rule: 'no barrels: an index file hides where things are', cure: 'Import the file itself.' },
      ];
    }
    return [];
  });
}

function checkPureImports(imports: Import[], at: Locate): Violation[] {
  return imports.flatMap(({ specifier, names, typeOnly, node }) => {
    if (typeOnly || specifier.startsWith('.') || specifier.startsWith('@/')) return [];
    const pure = PURE_IMPORTS[specifier];
    const worldly = pure === undefined ? ['*'] : names.filter((name) => !pure.includes(name));
    if (worldly.length === 0) return [];
    const what = pure === undefined ? `'${specifier}'` : `${worldly.join(', ')} of '${specifier}'`;
    const rule = `port rule: ${what} brings the outside world in`;
    const cure =
      'Take it as a port (server/domain/ports.ts), which site/ implements for real and simulation/ virtually.';
    return [{ where: at(node), rule, cure }];
  });
}

function checkGlobals(source: ts.SourceFile, at: Locate): Violation[] {
  const declared = declaredNames(source);
  const found: Violation[] = [];
  const report = (node: ts.Node, name: string, port: string) =>
    found.push({ where: at(node), rule: `port rule: ${name} is the outside world`, cure: `Use ${port} instead.` });
  const visit = (node: ts.Node): void => {
    if (ts.isTypeNode(node)) return;
    if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) {
      const member = `${node.expression.text}.${node.name.text}`;
      const port = WORLD_MEMBERS[member];
      if (port !== undefined) report(node, member, port);
    }
    if (
      ts.isIdentifier(node) &&
      isValueUse(node) &&
      !declared.has(node.text) &&
      Object.hasOwn(WORLD_GLOBALS, node.text)
    ) {
      report(node, node.text, WORLD_GLOBALS[node.text] ?? 'a port');
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** An identifier that stands for a value, not for a member or a key of that name. */
function isValueUse(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isPropertyAssignment(parent) || ts.isMethodDeclaration(parent) || ts.isPropertyDeclaration(parent))
    return parent.name !== node;
  return !ts.isPropertySignature(parent) && !ts.isMethodSignature(parent) && !ts.isQualifiedName(parent);
}

/** Names the file declares anywhere: a parameter called `process` is not Node's. */
function declaredNames(source: ts.SourceFile): Set<string> {
  const names = new Set<string>();
  const visit = (node: ts.Node): void => {
    const named =
      ts.isImportSpecifier(node) ||
      ts.isNamespaceImport(node) ||
      ts.isImportClause(node) ||
      ts.isParameter(node) ||
      ts.isVariableDeclaration(node) ||
      ts.isBindingElement(node) ||
      ts.isFunctionDeclaration(node);
    if (named && node.name && ts.isIdentifier(node.name)) names.add(node.name.text);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return names;
}

const COLLECTIONS = new Set(['Map', 'Set', 'WeakMap', 'WeakSet', 'Array', 'Uint8Array', 'ArrayBuffer']);

/** Two systems in one simulator share a module, and must share nothing through it. */
function checkModuleState(source: ts.SourceFile, at: Locate): Violation[] {
  const rule = 'port rule: module-level state is shared by every system that one simulator runs';
  const cure =
    'Make it a field of the object it belongs to; a table that never changes is a const of type ReadonlyMap or ReadonlySet.';
  return source.statements.filter(ts.isVariableStatement).flatMap(({ declarationList }) => {
    const isConst = (declarationList.flags & ts.NodeFlags.Const) !== 0;
    return declarationList.declarations
      .filter(({ type, initializer }) => {
        const constant = type?.getText().startsWith('Readonly') || type?.getText().startsWith('readonly');
        return !isConst || (initializer !== undefined && isCollection(initializer) && !constant);
      })
      .map((declaration) => ({ where: at(declaration), rule, cure }));
  });
}

function isCollection(value: ts.Expression): boolean {
  if (!ts.isNewExpression(value) || !COLLECTIONS.has(value.expression.getText())) return false;
  // Bytes of length zero can hold nothing.
  return value.arguments?.[0]?.getText() !== '0';
}

function importsOf(source: ts.SourceFile): Import[] {
  const found: Import[] = [];
  const add = (specifier: ts.Node | undefined, names: string[], typeOnly: boolean, node: ts.Node) => {
    if (specifier && ts.isStringLiteral(specifier)) found.push({ specifier: specifier.text, names, typeOnly, node });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      add(node.moduleSpecifier, importedNames(node.importClause), node.importClause?.isTypeOnly ?? false, node);
    } else if (ts.isExportDeclaration(node)) {
      add(node.moduleSpecifier, ['*'], node.isTypeOnly, node);
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0], ['*'], false, node);
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      add(node.argument.literal, ['*'], true, node);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** The names an import brings in as values: `default`, `*`, or as exported. */
function importedNames(clause: ts.ImportClause | undefined): string[] {
  const bindings = clause?.namedBindings;
  const named =
    bindings === undefined
      ? []
      : ts.isNamespaceImport(bindings)
        ? ['*']
        : bindings.elements.filter((one) => !one.isTypeOnly).map((one) => (one.propertyName ?? one.name).text);
  return clause?.name ? ['default', ...named] : named;
}
