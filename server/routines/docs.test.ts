import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { PAIR_STATES, TRANSITIONS } from '../domain/pair-states.ts';
import { generatedDocs } from './docs.ts';
import { ROUTINES } from './find-routine.ts';

const folder = new URL('../../docs/generated/', import.meta.url);
const CURE = 'run: npx tsx server/routines/main-docs.ts';

it('the committed docs say what the tables say', () => {
  const docs = generatedDocs();
  expect(readdirSync(folder).sort(), CURE).toEqual(docs.map((doc) => doc.file).sort());
  for (const { file, content } of docs)
    expect(readFileSync(new URL(file, folder), 'utf8') === content, `${file} is stale; ${CURE}`).toBe(true);
});

it('every state, transition, step, outcome and choice is in them', () => {
  const docs = new Map(generatedDocs().map((doc) => [doc.file, doc.content]));
  const states = docs.get('pair-states.md') ?? '';
  for (const state of PAIR_STATES) expect(states).toContain(`state "${state}"`);
  for (const row of [...TRANSITIONS.sync, ...TRANSITIONS.async])
    expect(states).toContain(`| ${row.from} | ${row.on} | ${row.to} |`);
  for (const graph of ROUTINES) {
    const text = docs.get(`${graph.arrangement}-${graph.id}.md`) ?? '';
    for (const step of graph.steps) {
      expect(text).toContain(`${step.id} ${step.title}`);
      for (const outcome of Object.values(step.outcomes)) expect(text).toContain(outcome.text);
    }
  }
});
