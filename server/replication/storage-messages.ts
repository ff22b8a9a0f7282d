/** Instructions as they come from outside: checked here, trusted behind. */
import { z } from 'zod';
import { PAIR_STATES } from '../domain/pair-states.ts';
import type { StorageInstruction } from '../domain/storage-controller.ts';
import { definitionSchema, generationSchema, tokenSchema } from './pair-messages.ts';

const pair = z.string().min(3).max(20);
const expectedVersion = z.number().int().optional();
const token = tokenSchema;
/** It becomes part of the names of exports. */
const cloneName = z.string().regex(/^[a-z0-9-]{1,20}$/);
const milliseconds = z.number().min(0).max(3_600_000);

export const instructionSchema: z.ZodType<StorageInstruction> = z.discriminatedUnion('verb', [
  z.object({ verb: z.literal('query') }),
  z.object({
    verb: z.literal('create'),
    pair: definitionSchema,
    token,
    knownEqual: z.boolean(),
    mayDiffer: z.boolean().optional(),
  }),
  z.object({ verb: z.literal('split'), pair, token, expectedVersion }),
  z.object({ verb: z.literal('drain'), pair, token, deadlineMs: milliseconds, expectedVersion }),
  z.object({ verb: z.literal('resync'), pair, token, leaveOwn: z.boolean().optional(), expectedVersion }),
  z.object({ verb: z.literal('reverse'), pair, kind: z.enum(['sync', 'async']).optional(), token, expectedVersion }),
  z.object({ verb: z.literal('delete'), pair, token }),
  z.object({ verb: z.literal('rollback'), pair, token }),
  z.object({
    verb: z.literal('wait-pair'),
    pair,
    states: z.array(z.enum(PAIR_STATES)).min(1),
    timeoutMs: milliseconds,
  }),
  z.object({ verb: z.literal('raise-generation'), generation: generationSchema, token }),
  z.object({
    verb: z.literal('promote'),
    generation: generationSchema,
    token,
    acceptMixed: z.boolean().optional(),
  }),
  z.object({
    verb: z.literal('query-journal'),
    after: z.number().int().min(0),
    limit: z.number().int().min(1).max(1000),
  }),
  z.object({ verb: z.literal('clone-create'), name: cloneName, token }),
  z.object({ verb: z.literal('clone-discard'), name: cloneName, token }),
]);
