/** What a host keeps on its own disk, as one record: who may write, who may instruct, and whether its work is meant to run. */
import { z } from 'zod';
import { compareTokens, type DriverToken, type Generation } from '../domain/generation.ts';
import type { Disk } from '../domain/ports.ts';
import { refuse } from '../domain/refusal.ts';
import { DurableRecord } from './durable-record.ts';
import { generationSchema, tokenSchema } from './messages.ts';

export interface HostRecord {
  generation: Generation;
  /** Highest driver obeyed; null before the first. */
  token: DriverToken | null;
  work: {
    /** Meant to run, and so resumed after a restart. */
    wanted: boolean;
    generation: number;
    /** Null: as the group is defined. */
    transactionsPerSecond: number | null;
    stoppedReason: string | null;
  };
}

const hostRecordSchema: z.ZodType<HostRecord> = z.object({
  generation: generationSchema,
  token: tokenSchema.nullable(),
  work: z.object({
    wanted: z.boolean(),
    generation: z.int().min(0),
    transactionsPerSecond: z.number().min(0).nullable(),
    stoppedReason: z.string().nullable(),
  }),
});

/** The record file of a host. */
export function openHostRecord(disk: Disk): DurableRecord<HostRecord> {
  return new DurableRecord(disk, 'host', hostRecordSchema);
}

/** At the very first start: the arrangement's normal holder, and no work before somebody starts it. */
export function firstHostRecord(holder: string): HostRecord {
  return {
    generation: { number: 1, runId: 'initial', holder },
    token: null,
    work: { wanted: false, generation: 1, transactionsPerSecond: null, stoppedReason: 'It was not started yet.' },
  };
}

/** After the record was found damaged: a generation older than any, under which nothing may run. */
export function lostHostRecord(damage: string): HostRecord {
  return {
    generation: { number: 0, runId: 'unknown', holder: null },
    token: null,
    work: {
      wanted: false,
      generation: 0,
      transactionsPerSecond: null,
      stoppedReason: `The record of this host cannot be read: ${damage}. Start the work by instruction.`,
    },
  };
}

/** Refuses with `stale-driver` where an instruction of a newer driver was obeyed before (1b rule 8). */
export function requireCurrentDriver(record: HostRecord, token: DriverToken): void {
  if (record.token === null || compareTokens(token, record.token) >= 0) return;
  throw refuse(
    'stale-driver',
    `This host obeys run ${record.token.runId} (claim ${record.token.claimEpoch}, step ${record.token.step}), which is newer than run ${token.runId} (claim ${token.claimEpoch}, step ${token.step}).`,
    'If it is this run that is to go on, resume it: it takes a new claim. A delayed instruction needs nothing.',
  );
}

/**
 * The generation a host holds after it was told of `told`. Generations are given by the register alone, so a newer one is
 * true wherever it is heard; the same one may meanwhile have been given its holder. Refuses with `stale-generation` where
 * `told` is older, or is the same number given to another run.
 */
export function mergeGeneration(known: Generation, told: Generation): Generation {
  if (told.number > known.number) return told;
  if (told.number === known.number && told.runId === known.runId) {
    if (known.holder === null || told.holder === null || told.holder === known.holder)
      return known.holder === null ? told : known;
  }
  throw refuse(
    'stale-generation',
    `This host holds generation ${known.number} of run ${known.runId}; it was told of generation ${told.number} of run ${told.runId}.`,
    'Read the register and use the newest generation.',
  );
}
