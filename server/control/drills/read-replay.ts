/** What a bundle holds of a drill, for the player: read from its sealed files alone, and not from the database. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { parseNotes } from '../../domain/evidence/drill-notes.ts';
import { refuse } from '../../domain/refusal.ts';
import type { DrillReplay } from '../views.ts';
import { readNotes } from './recorder-process.ts';

const nullableNumber = z.number().nullable();
const eventSchema = z.object({
  seq: z.number(),
  at: z.number(),
  kind: z.string(),
  subject: z.string(),
  observer: z.string(),
  text: z.string(),
  run: z.string().nullable(),
  facts: z.record(z.string(), z.unknown()),
});
const secondSchema = z.object({
  at: z.number(),
  rpoMs: nullableNumber,
  systems: z.record(
    z.string(),
    z.object({ writesPerSecond: z.number(), bytesPerSecond: z.number(), journalUsedBytes: z.number() }),
  ),
  pairs: z.record(z.string(), z.object({ lagMs: nullableNumber, lagBytes: z.number(), bytesPerSecond: z.number() })),
});
const wayOnSchema = z.object({ text: z.string(), command: z.string().nullable() });
const phaseSchema = z.object({
  run: z.string(),
  routine: z.string(),
  startedAt: z.number(),
  endedAt: nullableNumber,
  ending: z.string().nullable(),
  durationMs: nullableNumber,
  outageMs: nullableNumber,
  lost: z.object({ updates: z.number(), ms: z.number() }).nullable(),
  worstRpoMs: nullableNumber,
  verdict: z.object({ kind: z.enum(['no-data-loss', 'data-loss', 'unknown']) }).nullable(),
});
const stepSchema = z.object({
  id: z.string(),
  outcome: z.string().nullable(),
  startedAt: z.number(),
  endedAt: nullableNumber,
});
const runSchema = z.object({ run: z.string(), routine: z.string(), steps: z.array(stepSchema) });
const topologySchema = z.object({
  arrangement: z.string(),
  volumeCount: z.number(),
  volumeBytes: z.number(),
  journalBytes: z.number(),
  lines: z.record(z.string(), z.object({ km: z.number() })),
});

/** Refuses with `wrong-state` where the bundle, or a file of it, is gone or is not what the control plane writes. */
export function readReplay(folder: string): DrillReplay {
  const part = <T>(name: string, schema: z.ZodType<T>, absent: T | null = null): T => {
    const file = path.join(folder, 'facts', `${name}.json`);
    if (absent !== null && existsSync(folder) && !existsSync(file)) return absent;
    const parsed = schema.safeParse(readJson(file));
    if (parsed.success) return parsed.data;
    throw unreadable(file, `${parsed.error.issues[0]?.path.join('.')}: ${parsed.error.issues[0]?.message}`);
  };
  const holds = (name: string) => existsSync(path.join(folder, name));
  return {
    notes: parseNotes(readNotes(folder)),
    topology: part('topology', topologySchema),
    timeline: part('timeline', z.array(eventSchema)),
    // Bundles of earlier versions have neither of these.
    standing: part('standing', z.array(eventSchema), []),
    seconds: part('seconds', z.array(secondSchema), []),
    phases: part('phases', z.array(phaseSchema)),
    runs: part('runs', z.array(runSchema)),
    aftermath: part('aftermath', z.object({ summary: z.string(), goOn: z.array(wayOnSchema) })),
    holds: {
      film: holds('film.webm'),
      pdf: holds('report.pdf'),
      trace: holds('trace.zip'),
      archive: existsSync(`${folder}.zip`),
    },
  };
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw unreadable(file, error instanceof Error ? error.message : String(error));
  }
}

function unreadable(file: string, why: string) {
  return refuse(
    'wrong-state',
    `${file} cannot be read: ${why}`,
    'Verify the bundle: what was changed or is missing is named. Its archive holds the same.',
  );
}
