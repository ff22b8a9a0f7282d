/**
 * Compare-and-set rules of the register (1b rules 1, 3, 4). Pure: each function takes the record as it stands and returns
 * the record as it must be made durable before the answer, or throws a refusal and changes nothing.
 */
import { z } from 'zod';
import type { RegisterRecord } from '../domain/generation.ts';
import { refuse } from '../domain/refusal.ts';
import { generationSchema, lastHeldSchema } from './messages.ts';

/** The record with what the rules need besides; only a `RegisterRecord` is ever answered. */
export interface KeptRegister extends RegisterRecord {
  /** Generation under which `state` was recorded; numbers of different generations are not compared. */
  stateGeneration: number;
}

export const registerSchema: z.ZodType<KeptRegister> = z.object({
  generation: generationSchema,
  epoch: z.int().min(0),
  state: z.enum(['joined', 'alone']),
  number: z.int().min(0),
  stateGeneration: z.int().min(0),
  lastHeld: lastHeldSchema.optional(),
});

/** Run id of the generation that no run gave. */
export const INITIAL_RUN = 'initial';

/** What the register holds at its first start: the arrangement's normal holder, and no pair in duplex yet. */
export function initialRegister(holder: string): KeptRegister {
  return {
    generation: { number: 1, runId: INITIAL_RUN, holder },
    epoch: 0,
    state: 'alone',
    number: 0,
    stateGeneration: 1,
  };
}

/**
 * Gives generation `expected + 1` to `runId`, or the one it gave it already: a run repeats this step after a crash and
 * must never raise twice. Refuses with `stale-generation` where another run was faster.
 */
export function fenceRegister(kept: KeptRegister, expected: number, runId: string): KeptRegister {
  if (runId === INITIAL_RUN)
    throw refuse('bad-request', `No run may be called ${INITIAL_RUN}.`, 'Use the id of the run.');
  if (kept.generation.runId === runId) return kept;
  if (kept.generation.number !== expected) {
    throw refuse(
      'stale-generation',
      `The register holds generation ${kept.generation.number} of run ${kept.generation.runId}; ${expected} was expected.`,
      'Read the register; start a new run if this takeover is still wanted.',
    );
  }
  // State, epoch and number stay: they are the evidence this fence was made for.
  const { number, holder } = kept.generation;
  const lastHeld = holder === null ? kept.lastHeld : { number, holder };
  return { ...kept, generation: { number: expected + 1, runId, holder: null }, lastHeld };
}

/** Names the holder of a generation given earlier to the same run. A holder once named stays: two would both write. */
export function nameHolder(kept: KeptRegister, generation: number, runId: string, holder: string): KeptRegister {
  const current = kept.generation;
  if (current.number !== generation || current.runId !== runId) {
    throw refuse(
      'stale-generation',
      `The register holds generation ${current.number} of run ${current.runId}, not ${generation} of run ${runId}.`,
      'Nothing may be promoted under the older generation; start a new run.',
    );
  }
  if (current.holder === holder) return kept;
  if (current.holder !== null) {
    throw refuse(
      'wrong-state',
      `Generation ${generation} is held by ${current.holder} already.`,
      'Start a new run, which raises a new generation, to move the work.',
    );
  }
  // A new holder begins without a partner: until it records `joined`, nobody's answer binds its completions, and a
  // `joined` of the holder before it must not be taken for its own.
  return { ...kept, generation: { ...current, holder }, state: 'alone', stateGeneration: generation };
}

/**
 * Records that the guarded pair was split or joined.
 * `joined` needs exactly the next epoch, so that a delayed older record is refused. `alone` needs an epoch that is not
 * lower: a source that may have sent `joined` with the next epoch sends `alone` with that same epoch, which outdates it.
 */
export function recordSplit(
  kept: KeptRegister,
  generation: number,
  epoch: number,
  state: 'alone' | 'joined',
  number: number,
  mutants: ReadonlySet<string>,
): KeptRegister {
  if (generation !== kept.generation.number) {
    throw refuse(
      'stale-generation',
      `The register holds generation ${kept.generation.number}; a record of generation ${generation} has no effect.`,
      generation < kept.generation.number
        ? 'The sender has been replaced; it must not complete writes.'
        : 'Read the register again.',
    );
  }
  // A repeated record changes nothing, and the first number stands: above it, the source may have been alone since.
  if (kept.state === state && kept.epoch === epoch && kept.stateGeneration === generation) return kept;
  const late = mutants.has('late-joined-accepted');
  const follows = state === 'alone' ? epoch >= kept.epoch : epoch === kept.epoch + 1 || late;
  if (!follows) throw olderEpoch(kept, epoch);
  return { ...kept, epoch, state, number, stateGeneration: generation };
}

/** May `system` complete writes under `generation` (1b rule 4)? */
export function confirms(kept: KeptRegister, system: string, generation: number): boolean {
  return kept.generation.number === generation && kept.generation.holder === system;
}

/** The part of the record that is answered. */
export function answerOf(kept: KeptRegister): RegisterRecord {
  const { generation, epoch, state, number, lastHeld } = kept;
  return { generation, epoch, state, number, ...(lastHeld ? { lastHeld } : {}) };
}

function olderEpoch(kept: KeptRegister, epoch: number): Error {
  return refuse(
    'version-changed',
    `The register says ${kept.state} at epoch ${kept.epoch}; a record of epoch ${epoch} does not follow it.`,
    'Read the register; the record was delayed or repeated.',
  );
}
