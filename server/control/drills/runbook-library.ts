/** The runbooks there are: files of `e2e/runbooks`, with what each says of itself. Read, never run, by the control plane. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { sha256Of } from '../../domain/evidence/manifest.ts';
import { refuse } from '../../domain/refusal.ts';

export interface RunbookEntry {
  /** Name of its file, which is how it is asked for. */
  name: string;
  title: string;
  arrangement: string;
  says: string;
  /** Titles of its chapters, in order. */
  chapters: string[];
  /** Of its file: a drill proves the runbook that was walked, and not what was made of it since. */
  sha256: string;
}

const FILE = /^([a-z0-9-]+)\.runbook\.ts$/;
const STRING = String.raw`'((?:[^'\\]|\\.)*)'`;
const HEAD = new RegExp(
  String.raw`\brunbook\(\s*${STRING},\s*\{\s*arrangement:\s*${STRING},\s*says:\s*${STRING},?\s*\}`,
);
const CHAPTER = new RegExp(String.raw`\bchapter\(\s*${STRING}`, 'g');

/** In the order of their names. A file that does not begin as a runbook does is left out: Playwright says what is wrong with it. */
export function readLibrary(folder: string): RunbookEntry[] {
  // A control worker that runs without the repository has no runbooks, and works none the less.
  if (!existsSync(folder)) return [];
  const entries: RunbookEntry[] = [];
  for (const file of readdirSync(folder).sort()) {
    const name = FILE.exec(file)?.[1];
    const entry = name ? parseRunbook(name, readFileSync(path.join(folder, file), 'utf8')) : null;
    if (entry) entries.push(entry);
  }
  return entries;
}

/** Null where the text declares no runbook with title, arrangement and what it says, in this order. */
export function parseRunbook(name: string, text: string): RunbookEntry | null {
  const [, title, arrangement, says] = HEAD.exec(text) ?? [];
  if (title === undefined || arrangement === undefined || says === undefined) return null;
  const chapters = [...text.matchAll(CHAPTER)].map((match) => plain(match[1] ?? ''));
  return { name, title: plain(title), arrangement, says: plain(says), chapters, sha256: sha256Of(text) };
}

const plain = (literal: string) => literal.replace(/\\(.)/g, '$1');

/** Refuses with `bad-request` what is not in the library, and names what is. */
export function findRunbook(library: readonly RunbookEntry[], name: string): RunbookEntry {
  const entry = library.find((each) => each.name === name);
  if (entry) return entry;
  throw refuse(
    'bad-request',
    `there is no runbook ${name}`,
    `Take one of: ${library.map((each) => each.name).join(', ')}.`,
  );
}
