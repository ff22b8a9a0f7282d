/** Checks at the boundary: every message a host or the witness takes from another process has one of these shapes. */
import { z } from 'zod';
import type { DriverToken, Generation, RegisterRecord } from '../domain/generation.ts';
import type {
  Heartbeat,
  HeartbeatView,
  HostInstruction,
  HostReply,
  WitnessFacts,
  WitnessInstruction,
  WorkState,
} from '../domain/host.ts';
import { PAIR_STATES } from '../domain/pair-states.ts';
import { refuse } from '../domain/refusal.ts';
import type { StorageInstruction, StorageReply } from '../domain/storage-controller.ts';

const count = z.int().min(0);
const name = z.string().min(1).max(64);
const cloneName = z.string().regex(/^[a-z0-9-]{1,20}$/);
const runId = z.string().min(1).max(128);

export const generationSchema: z.ZodType<Generation> = z.object({ number: count, runId, holder: name.nullable() });

export const tokenSchema: z.ZodType<DriverToken> = z.object({
  generation: count,
  runId,
  claimEpoch: count,
  step: count,
});

const workState: z.ZodType<WorkState> = z.object({
  running: z.boolean(),
  generation: count,
  lastCompletedTransaction: count,
  completedTransactions: count,
  ratePerSecond: z.number().min(0),
  stoppedReason: z.string().max(2000).nullable(),
});

const pairState = z.object({ name, state: z.enum(PAIR_STATES) });

export const heartbeatSchema: z.ZodType<Heartbeat> = z.object({
  from: name,
  system: name,
  beat: count,
  incarnation: name,
  generation: generationSchema,
  pairs: z.array(pairState).max(64),
  completedNumber: count,
  completedAt: z.number().nullable(),
  lastIoAgeMs: z.number().min(0),
  storageAnswers: z.boolean(),
  work: workState,
  echo: z.object({ beat: count, ageMs: z.number().min(0) }).nullable(),
});

/** What a host needs of its storage system's facts; the rest is for the control plane. */
export interface StorageTestimony {
  generation: Generation;
  hostWrites: { accepted: boolean; reason: string };
  completedNumber: number;
  completedAt: number | null;
  lastIoAgeMs: number;
  pairs: { name: string; state: (typeof PAIR_STATES)[number] }[];
}

const testimonySchema: z.ZodType<StorageTestimony> = z.object({
  generation: generationSchema,
  hostWrites: z.object({ accepted: z.boolean(), reason: z.string() }),
  completedNumber: count,
  completedAt: z.number().nullable(),
  lastIoAgeMs: z.number().min(0),
  pairs: z.array(pairState),
});

const registerFence = z.object({ verb: z.literal('register-fence'), expected: count, runId });
const registerHolder = z.object({ verb: z.literal('register-holder'), generation: count, runId, holder: name });
const registerRead = z.object({ verb: z.literal('register-read') });

export const witnessInstructionSchema: z.ZodType<WitnessInstruction> = z.discriminatedUnion('verb', [
  z.object({ verb: z.literal('witness-facts') }),
  registerRead,
  registerFence,
  registerHolder,
  z.object({
    verb: z.literal('register-split'),
    generation: count,
    epoch: count,
    state: z.enum(['alone', 'joined']),
    number: count,
  }),
  z.object({ verb: z.literal('register-confirm'), system: name, generation: count }),
  z.object({ verb: z.literal('heartbeat'), beat: heartbeatSchema }),
]);

const hostFacts = z.object({ verb: z.literal('host-facts') });
const raiseHostGeneration = z.object({
  verb: z.literal('raise-host-generation'),
  generation: generationSchema,
  token: tokenSchema,
});

/** Checked by the storage system that carries it out; a host only relays. */
const storageInstruction = z.custom<StorageInstruction>(
  (value) => typeof value === 'object' && value !== null && 'verb' in value && typeof value.verb === 'string',
);

export const hostInstructionSchema: z.ZodType<HostInstruction> = z.discriminatedUnion('verb', [
  hostFacts,
  z.object({ verb: z.literal('storage'), target: name, instruction: storageInstruction }),
  raiseHostGeneration,
  z.object({ verb: z.literal('work-start'), generation: count, token: tokenSchema }),
  z.object({ verb: z.literal('work-stop'), token: tokenSchema, reason: z.string().max(500) }),
  z.object({ verb: z.literal('work-rate'), transactionsPerSecond: z.number().min(0).max(100_000) }),
  z.object({
    verb: z.literal('ledger-verify'),
    completedThrough: count.nullable(),
    source: z.string().max(500),
    generation: count.optional(),
  }),
  z.object({ verb: z.literal('test-start'), run: runId, clone: cloneName }),
  z.object({ verb: z.literal('test-work'), run: runId, transactions: z.int().min(1).max(10_000) }),
  z.object({ verb: z.literal('test-verify'), run: runId }),
  z.object({ verb: z.literal('test-stop'), run: runId }),
  registerRead,
  registerFence,
  registerHolder,
  z.object({ verb: z.literal('witness-facts') }),
  z.object({
    verb: z.literal('peer-host'),
    instruction: z.discriminatedUnion('verb', [hostFacts, raiseHostGeneration]),
  }),
]);

/** All that one host may ask of another. */
export const peerInstructionSchema = z.discriminatedUnion('verb', [hostFacts, raiseHostGeneration]);

export const lastHeldSchema = z.object({ number: count, holder: name });

const registerReplySchema = z.object({
  verb: z.literal('register'),
  record: z.object({
    generation: generationSchema,
    epoch: count,
    state: z.enum(['joined', 'alone']),
    number: count,
    lastHeld: lastHeldSchema.optional(),
  }),
});

/** `params` as an instruction of that shape; refuses with `bad-request`, naming the first field that is wrong. */
export function parseInstruction<T>(schema: z.ZodType<T>, params: unknown): T {
  const parsed = schema.safeParse(params);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue?.path.join('.') || 'instruction';
  throw refuse(
    'bad-request',
    `The instruction is malformed: ${field}: ${issue?.message ?? 'wrong shape'}.`,
    'Send an instruction of this version.',
  );
}

/** Testimony in a storage system's answer to `query`; refuses with `internal` where it is none. */
export function parseTestimony(reply: unknown): StorageTestimony {
  const parsed = z.object({ verb: z.literal('query'), facts: testimonySchema }).safeParse(reply);
  if (!parsed.success) throw strange('the storage system');
  return parsed.data.facts;
}

/** A storage system's answer, relayed as it is. Only the tag is looked at: the reader of the run checks the rest. */
export function parseStorageReply(reply: unknown): StorageReply {
  if (typeof reply !== 'object' || reply === null || !('verb' in reply)) throw strange('the storage system');
  return reply as StorageReply;
}

/** The witness's answer to a register instruction. */
export function parseRegisterReply(reply: unknown): { verb: 'register'; record: RegisterRecord } {
  const parsed = registerReplySchema.safeParse(reply);
  if (!parsed.success) throw strange('the witness');
  return parsed.data;
}

const heartbeatView: z.ZodType<HeartbeatView> = z.object({
  observer: name,
  of: name,
  ageMs: z.number().min(0).nullable(),
  lost: z.boolean(),
  last: heartbeatSchema.nullable(),
  highestCompletedNumber: count,
  highestCompletedAt: z.number().nullable(),
});

/** What the witness knows. */
export function parseWitnessFacts(reply: unknown): WitnessFacts {
  const facts = z.object({
    register: registerReplySchema.shape.record.nullable(),
    heartbeats: z.array(heartbeatView).max(64),
  });
  const parsed = z.object({ verb: z.literal('witness-facts'), facts }).safeParse(reply);
  if (!parsed.success) throw strange('the witness');
  return parsed.data.facts;
}

/** Another host's answer. Only the tag is looked at: it is handed on to whoever asked. */
export function parseHostReply(reply: unknown): HostReply {
  if (typeof reply !== 'object' || reply === null || !('verb' in reply)) throw strange('the other host');
  return reply as HostReply;
}

function strange(who: string): Error {
  return refuse('internal', `The answer of ${who} is malformed.`, 'Run the same version on both ends.');
}
