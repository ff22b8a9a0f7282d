/** What the two ends of a pair say to each other beside the stream. Checked at the boundary. */
import { z } from 'zod';
import { PAIR_STATES } from '../domain/pair-states.ts';

const system = z.string().min(1).max(8);
const number = z.number().int().min(0);
const pairKind = z.enum(['sync', 'async']);

export const generationSchema = z.object({ number: number, runId: z.string().max(128), holder: system.nullable() });
export const lineageSchema = z.array(z.object({ generation: number, first: number })).max(10_000);
export const tokenSchema = z.object({
  generation: number,
  runId: z.string().max(128),
  claimEpoch: number,
  step: number,
});

export const definitionSchema = z.object({
  source: system,
  destination: system,
  kind: pairKind,
  transport: z.enum(['journal', 'difference-snapshot']),
  fence: z.enum(['never', 'data', 'status']),
});

/** What one end holds, as far as the other needs it to judge whether a copy is needed. */
export const heldSchema = z.object({
  lineage: lineageSchema,
  lastNumber: number,
  consistent: z.boolean(),
  evidenceLost: z.boolean(),
  trimmedTo: number,
});

/** What one end tells the other of itself, at each contact. */
export const endSchema = z.object({
  generation: generationSchema,
  lineage: lineageSchema,
  lastNumber: number,
  definition: definitionSchema.nullable(),
  state: z.enum(PAIR_STATES).nullable(),
  version: number,
  epoch: number,
  session: number,
  consistent: z.boolean(),
  agreedNumber: number,
  drainTarget: number.nullable(),
  tombstone: number.nullable(),
});
export type EndView = z.infer<typeof endSchema>;

export const pairMethods = {
  /** Both ends tell what they have; each then mends its own side. */
  'pair.exchange': z.object({ key: z.string(), end: endSchema }),
  /** `source`: what the source holds, where the destination is to go on from what it has itself; null for a whole copy. */
  'pair.create': z.object({
    definition: definitionSchema,
    token: tokenSchema,
    source: heldSchema.nullable(),
    /** Where the histories differ, the destination answers with the tracks in question instead of a refusal. */
    mayDiffer: z.boolean().optional(),
  }),
  'pair.delete': z.object({ key: z.string(), token: tokenSchema }),
  'pair.reverse': z.object({ key: z.string(), source: system, kind: pairKind.optional(), token: tokenSchema }),
  /** The other end is, or is to be, suspended. `agreed`: the number up to which the teller knows both to agree. */
  'pair.split': z.object({
    key: z.string(),
    by: z.enum(['instruction', 'fault']),
    agreed: number,
    reason: z.string().max(500),
    token: tokenSchema.nullable(),
  }),
  /** Source answers with the frozen number; a destination is told it. */
  'pair.drain': z.object({
    key: z.string(),
    target: number.nullable(),
    deadlineMs: z.number().min(0),
    token: tokenSchema,
  }),
  /** To the destination: a differential copy is to begin. Answers with its bits. */
  'pair.resync': z.object({
    key: z.string(),
    source: system,
    kind: pairKind.optional(),
    token: tokenSchema,
    /** What only the destination has written is left as it is. */
    leaveOwn: z.boolean().optional(),
  }),
  'pair.open': z.object({
    key: z.string(),
    session: number,
    generation: generationSchema,
    lineage: lineageSchema,
    /** The source will send everything up to here. */
    lastNumber: number,
    /** What of it the source has on its platter. */
    durableNumber: number,
    /** A formation copy: the destination's history is replaced by this one, from `base` on. */
    formation: z.object({ base: number, tracks: number }).nullable(),
  }),
  'pair.alone': z.object({ key: z.string(), generation: number, number: number }),
  /** Makes everything stored before the call durable. */
  'pair.flush': z.object({ key: z.string() }),
  /** Entries above `after` up to `through`, for a source that lost its own with its power. */
  'pair.fetch': z.object({ key: z.string(), after: number, through: number }),
} as const;

export type PairMethod = keyof typeof pairMethods;
export type PairParams<M extends PairMethod> = z.infer<(typeof pairMethods)[M]>;

export const openReply = z.union([
  z.object({ opened: z.literal(true), accepted: number, lineage: lineageSchema }),
  z.object({
    opened: z.literal(false),
    why: z.enum(['stale-generation', 'state', 'busy']),
    generation: generationSchema,
    end: endSchema,
    text: z.string(),
  }),
]);
export type OpenReply = z.infer<typeof openReply>;

/**
 * `held`: the pair is in duplex there, for it goes on from that number. `differs`: a copy of the tracks that either end changed
 * behind the common number is awaited, `bits` being the destination's. Neither: a copy of everything is awaited.
 */
export const createReply = z.object({
  held: z.object({ lastNumber: number, durable: number }).nullable(),
  differs: z.object({ common: number, bits: z.string() }).nullable(),
});

export const resyncReply = z.object({ bits: z.string(), lastNumber: number, lineage: lineageSchema });

export const flushReply = z.object({ accepted: number, durable: number });

/** Entries as they go onto the line, one after another. */
export const fetchReply = z.object({ entries: z.string() });
