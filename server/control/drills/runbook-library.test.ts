import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ARRANGEMENTS } from '../../domain/arrangement.ts';
import { sha256Of } from '../../domain/evidence/manifest.ts';
import { findRunbook, parseRunbook, readLibrary } from './runbook-library.ts';

const FOLDER = path.join(import.meta.dirname, '../../../e2e/runbooks');

describe('the library', () => {
  const library = readLibrary(FOLDER);

  it('has every shipped runbook, each for an arrangement that exists and with its chapters', () => {
    expect(library.map(({ name }) => name)).toContain('site-loss-and-failback');
    for (const entry of library) {
      expect(ARRANGEMENTS.map(({ id }) => id)).toContain(entry.arrangement);
      expect(entry.says).not.toBe('');
      expect(entry.chapters.length).toBeGreaterThan(1);
    }
  });

  it('names what there is when asked for what there is not', () => {
    expect(() => findRunbook(library, 'site-gain')).toThrow('there is no runbook site-gain');
  });
});

describe('a runbook', () => {
  it('is read with quotes and line breaks in its words', () => {
    const text = `runbook('R\\'s day', {\n arrangement: 'chain-3',\n says: 'It\\'s over.',\n}, async ({ chapter }) => {\n await chapter(\n'One', 'x', async () => {}); await chapter('Two', 'y', async () => {});`;
    expect(parseRunbook('day', text)).toEqual({
      name: 'day',
      title: "R's day",
      arrangement: 'chain-3',
      says: "It's over.",
      chapters: ['One', 'Two'],
      sha256: sha256Of(text),
    });
  });

  it('that does not say for which arrangement it is, is none', () => {
    expect(parseRunbook('day', "runbook('Day', { says: 'x' }, async () => {})")).toBeNull();
  });
});
