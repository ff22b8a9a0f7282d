import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { PAIR_STATES, TRANSITIONS } from '../domain/pair-states.ts';
import { DOCUMENTED, generatedDocs } from './docs.ts';

const folder = fileURLToPath(new URL('../../docs/generated/', import.meta.url));
const CURE = 'run: npx vitest run server/routines/docs.test.ts -u';

it('the committed docs say what the tables say', async () => {
  const docs = generatedDocs();
  const committed = existsSync(folder) ? readdirSync(folder) : [];
  // Run with -u this writes them; otherwise a file that differs or is missing fails here.
  for (const { file, content } of docs) await expect(content, CURE).toMatchFileSnapshot(`${folder}${file}`);
  const wanted = docs.map((doc) => doc.file);
  expect(
    committed.filter((file) => !wanted.includes(file)),
    'files that no table stands behind',
  ).toEqual([]);
});

it('every state, transition, step, outcome and choice is in them', () => {
  const docs = new Map(generatedDocs().map((doc) => [doc.file, doc.content]));
  const states = docs.get('pair-states.md') ?? '';
  for (const state of PAIR_STATES) expect(states).toContain(`state "${state}"`);
  for (const row of [...TRANSITIONS.sync, ...TRANSITIONS.async])
    expect(states).toContain(`| ${row.from} | ${row.on} | ${row.to} |`);
  for (const graph of DOCUMENTED) {
    const text = docs.get(`${graph.arrangement}-${graph.id}.md`) ?? '';
    for (const step of graph.steps) {
      expect(text).toContain(`${step.id} ${step.title}`);
      for (const outcome of Object.values(step.outcomes)) expect(text).toContain(outcome.text);
    }
  }
});
