import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FenceEvidence, FenceLevel } from './storage-controller.ts';
import { judgeChain, type VerdictFacts } from './verdict-chain.ts';
import { entry, evidence, facts, guardEvidence, heard, register } from './verdict-testkit.ts';

/** What really happened, from which the facts are then taken: P's own counts, and who could be asked. */
interface Truth {
  level: FenceLevel;
  completed: number;
  answered: number;
  alone: 'nowhere' | 'register' | 'I' | 'unrecorded';
  drained: number;
  heard: number;
  pAnswers: boolean;
  iAnswers: boolean;
  registerAnswers: boolean;
  /** Writes completed after the fence, where nothing keeps P from it. */
  after: number;
}

/** Only what the levels allow: without going alone P completes nothing that I has not answered. */
const truth: fc.Arbitrary<Truth> = fc
  .record({
    level: fc.constantFrom<FenceLevel>('never', 'data', 'status'),
    answered: fc.nat(30),
    unanswered: fc.nat(5),
    alone: fc.constantFrom<Truth['alone']>('nowhere', 'register', 'I', 'unrecorded'),
    beyond: fc.nat(10),
    // What each hop on the way to the survivor did not pass on: one drain in chain-3, two in chain-4.
    short: fc.array(fc.nat(4), { minLength: 1, maxLength: 3 }),
    unheard: fc.nat(6),
    pAnswers: fc.boolean(),
    iAnswers: fc.boolean(),
    registerAnswers: fc.boolean(),
    after: fc.nat(3),
  })
  .map((draw) => {
    const mayBeAlone =
      draw.level === 'never' || (draw.level === 'status' && (draw.alone === 'register' || draw.alone === 'I'));
    const alone =
      draw.level === 'never' && draw.alone !== 'nowhere' ? 'unrecorded' : mayBeAlone ? draw.alone : 'nowhere';
    const completed = alone === 'nowhere' ? Math.max(0, draw.answered - draw.unanswered) : draw.answered + draw.beyond;
    return {
      level: draw.level,
      completed,
      answered: draw.answered,
      alone,
      drained: draw.short.reduce((left, short) => Math.max(0, left - short), draw.answered),
      heard: Math.max(0, completed - draw.unheard),
      pAnswers: draw.pAnswers,
      iAnswers: draw.iAnswers,
      registerAnswers: draw.registerAnswers,
      after: draw.after,
    };
  });

/** What P may still complete once the reachable parties have persisted the new generation. */
function completedAfterFence(world: Truth): number {
  if (world.pAnswers) return world.completed;
  if (world.alone !== 'nowhere') return world.completed + world.after;
  const iHolds = world.iAnswers && (world.level === 'data' || (world.level === 'status' && world.registerAnswers));
  if (iHolds) return world.completed;
  // In duplex with an unfenced I, or free to record `alone` where the new generation is not known.
  return world.completed + world.after;
}

function factsOf(world: Truth): VerdictFacts {
  const fences: FenceEvidence[] = [];
  if (world.pAnswers) fences.push(evidence('P', { completedNumber: world.completed, lastNumber: world.completed }));
  if (world.iAnswers) fences.push(guardEvidence(world.level, world.answered, { aloneSeen: world.alone === 'I' }));
  return facts({
    number: world.drained,
    level: world.level,
    fences,
    register: world.registerAnswers ? register(world.alone === 'register' ? 'alone' : 'joined') : null,
    heartbeats: [heard(world.heard)],
    entries: { observer: 'P', list: Array.from({ length: 60 }, (_, index) => entry(index + 1)) },
  });
}

describe('verdict against the truth', () => {
  it('never says no data loss unless every completed write survives, and counts truly', () => {
    fc.assert(
      fc.property(truth, (world) => {
        const verdict = judgeChain(factsOf(world));
        const lost = Math.max(0, completedAfterFence(world) - world.drained);
        if (verdict.kind === 'no-data-loss') expect(lost).toBe(0);
        if (verdict.kind === 'data-loss') expect(verdict.lost.updates).toBeGreaterThan(0);
        if (verdict.kind === 'data-loss' && verdict.lost.bound === 'exact') expect(verdict.lost.updates).toBe(lost);
        if (verdict.lost.bound === 'at-least') expect(verdict.lost.updates).toBeLessThanOrEqual(lost);
        if (verdict.lost.bound === 'at-most') expect(verdict.lost.updates).toBeGreaterThanOrEqual(lost);
        if (verdict.fenced) expect(completedAfterFence(world)).toBe(world.completed);
      }),
      { numRuns: 3000 },
    );
  });

  it('says unknown only where the proof does not exist', () => {
    fc.assert(
      fc.property(truth, (world) => {
        const guarded =
          world.iAnswers &&
          world.alone === 'nowhere' &&
          (world.level === 'data' || (world.level === 'status' && world.registerAnswers));
        const provenSafe =
          (world.pAnswers && world.drained >= world.completed) || (guarded && world.drained >= world.answered);
        const provenLost = world.heard > world.drained || (world.pAnswers && world.completed > world.drained);
        const { kind } = judgeChain(factsOf(world));
        expect(kind).toBe(provenLost ? 'data-loss' : provenSafe ? 'no-data-loss' : 'unknown');
      }),
      { numRuns: 3000 },
    );
  });

  it('judges the mirror image of a chain as it judges the chain', () => {
    fc.assert(
      fc.property(truth, (world) => {
        const judged = judgeChain(factsOf(world));
        expect(judgeChain(mirrored(factsOf(world)))).toEqual(mirrored(judged));
      }),
      { numRuns: 1000 },
    );
  });
});

const MIRROR: Record<string, string> = { P: 'R', I: 'J', R: 'P' };

/** The same with every system's name exchanged for that of its mirror image, in names of pairs and hosts and in sentences too. */
function mirrored<T>(value: T): T {
  const text = JSON.stringify(value).replace(/\b[PIR]\b/g, (name) => MIRROR[name] ?? name);
  // Only names were exchanged, so the shape is the same.
  return JSON.parse(text) as T;
}
