/** What the recorder of a drill writes down while it drives the dashboard, line by line: what is written is kept, whatever ends it. */
import { z } from 'zod';
import type { WayOn } from './aftermath.ts';

/** Milliseconds since 1970, and since the film began (null where nothing is filmed). */
const moment = { at: z.number().int(), filmMs: z.number().min(0).nullable() };
/** Relative to the bundle. */
const picture = z.string().nullable();

export const drillNoteSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('begun'),
    ...moment,
    runbook: z.string(),
    title: z.string(),
    says: z.string(),
    group: z.string(),
    arrangement: z.string(),
  }),
  z.strictObject({ kind: z.literal('chapter'), ...moment, title: z.string(), text: z.string() }),
  /** A step of a routine was walked, with its outcome. */
  z.strictObject({
    kind: z.literal('step'),
    ...moment,
    step: z.string(),
    title: z.string(),
    outcome: z.string().nullable(),
    picture,
  }),
  /** The operator did something; `command` is the same on the command line, where there is one. */
  z.strictObject({ kind: z.literal('act'), ...moment, text: z.string(), command: z.string().nullable(), picture }),
  /** Something was expected, and held. */
  z.strictObject({ kind: z.literal('check'), ...moment, text: z.string(), picture }),
  z.strictObject({ kind: z.literal('attached'), ...moment, path: z.string(), text: z.string() }),
  /** The dashboard did not answer so long, as while it is started again. */
  z.strictObject({ kind: z.literal('away'), ...moment, ms: z.number().min(0) }),
  z.strictObject({
    kind: z.literal('ended'),
    ...moment,
    passed: z.boolean(),
    /** Where it stopped and why; null where all was walked. */
    stoppedAt: z.string().nullable(),
    reason: z.string().nullable(),
    picture,
  }),
]);
export type DrillNote = z.infer<typeof drillNoteSchema>;

/** Lines of the recorder's file. What a killed recorder was about to write last is left out. */
export function parseNotes(text: string): DrillNote[] {
  const notes: DrillNote[] = [];
  for (const line of text.split('\n')) {
    if (line === '') continue;
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      break;
    }
    const parsed = drillNoteSchema.safeParse(value);
    if (!parsed.success) break;
    notes.push(parsed.data);
  }
  return notes;
}

export interface DrillProgress {
  chapter: string | null;
  /** What was done or seen last, in words. */
  last: string | null;
  done: number;
  ended: { passed: boolean; stoppedAt: string | null; reason: string | null } | null;
  /** What hindered the recording or its seal from outside the runbook; null where nothing did. */
  trouble: string | null;
  /** Once it is sealed: what is left to be done with the group. */
  goOn: WayOn[];
  /** Once it is sealed: what the bundle takes on the disk, without its archive. */
  bytes: number | null;
}

/** How far a drill has come, from its notes alone. */
export function progressOf(notes: readonly DrillNote[]): DrillProgress {
  const progress: DrillProgress = {
    chapter: null,
    last: null,
    done: 0,
    ended: null,
    trouble: null,
    goOn: [],
    bytes: null,
  };
  for (const note of notes) {
    if (note.kind === 'chapter') progress.chapter = note.title;
    if (note.kind === 'ended') progress.ended = { passed: note.passed, stoppedAt: note.stoppedAt, reason: note.reason };
    const words = wordsOf(note);
    if (words === null) continue;
    progress.last = words;
    progress.done += 1;
  }
  return progress;
}

/** A note as a line of a report; null where it is no happening of its own. */
export function wordsOf(note: DrillNote): string | null {
  if (note.kind === 'step') return `${note.step} ${note.title}${note.outcome ? `: ${note.outcome}` : ''}`;
  if (note.kind === 'act' || note.kind === 'check' || note.kind === 'attached') return note.text;
  if (note.kind === 'away') return `The dashboard was away for ${Math.round(note.ms / 1_000)} s`;
  return null;
}
