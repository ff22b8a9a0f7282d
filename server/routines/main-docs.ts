/** Writes `docs/generated/`: run `npx tsx server/routines/main-docs.ts` after a change of a table. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { generatedDocs } from './docs.ts';

const folder = new URL('../../docs/generated/', import.meta.url);
mkdirSync(folder, { recursive: true });
for (const { file, content } of generatedDocs()) writeFileSync(new URL(file, folder), content);
