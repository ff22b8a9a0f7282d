/** Scenes of the fence and of the verdict, which must tell one story on every path. */
import { guardedPairOf } from '../../domain/arrangement.ts';
import { pairName } from '../../domain/names.ts';
import type { Path } from '../graph-check.ts';
import type { RoutineGraph, RoutineStep } from '../step-graph.ts';
import type { Letter } from './fake-systems.ts';
import type { FakeHostName } from './fake-world.ts';
import { type Make, type Scene, told } from './scene-parts.ts';
import { FORWARD_LINEAGE, REVERSE_LINEAGE } from './worlds.ts';

/** A numbers' tale for each verdict: what the writer could complete, what the survivor holds, what was heard. */
const FORWARD = { answered: 100, kept: 100, short: 90, heard: 95 };
const REVERSE = { answered: 150, kept: 150, short: 140, heard: 150 };
const REVERSE_GUARDED = { answered: 120, kept: 120, short: 110, heard: 115 };

function tale({ world, graph }: Scene, step: RoutineStep) {
  const writer = told(step, 'writer');
  const guarded = guardedPairOf(world.arrangement, writer);
  const isForward = writer === world.arrangement.normal.holder;
  const numbers = isForward ? FORWARD : guarded ? REVERSE_GUARDED : REVERSE;
  return { writer: writer as Letter, guarded, isForward, numbers, graph };
}

/** Where the path leads at the step that has this action. */
export const answerOf = (graph: RoutineGraph, path: Path, action: string) =>
  path.steps.find((walked) => graph.steps.find((step) => step.id === walked.step)?.action === action)?.outcome;

/** The writer is silent and its guard answers, or not; without a guard the writer itself answers, or not. */
export const fenced =
  (is: boolean): Make =>
  (scene, step) => {
    const { world, graph, path } = scene;
    const { writer, guarded, numbers } = tale(scene, step);
    const verdict = answerOf(graph, path, 'judge');
    const { lastHeld } = world.register;
    // Whoever held the role before, it was the writer.
    if (lastHeld) world.register = { ...world.register, lastHeld: { ...lastHeld, holder: writer } };
    if (!guarded) {
      Object.assign(world.systems[writer], {
        up: is,
        completedNumber: numbers.answered,
        lastNumber: numbers.answered,
        // Where the path wants no proof all the same, the writer has lost records.
        evidenceLost: verdict === 'unknown',
      });
      return;
    }
    Object.assign(world.systems[writer], { up: false });
    const guard = world.systems[guarded.destination as Letter];
    // A guard that is the survivor answers in any case; then it is the register that says the writer went on alone.
    const isSurvivor = guarded.destination === told(step, 'survivor');
    Object.assign(guard, { up: is || isSurvivor, answeredNumber: numbers.answered });
    world.setPair(
      pairName(guarded.source, guarded.destination),
      is || !isSurvivor ? 'duplex' : 'failure-suspend',
      'sync',
    );
    if (isSurvivor && !is) world.register = { ...world.register, state: 'alone' };
    // What was heard once counts for ever, so a path without proof must not have heard too much before.
    if (verdict !== 'no-data-loss') world.heard[told(step, 'writerHost') as FakeHostName].completed = numbers.short;
  };

/** The survivor held the last generation itself; whoever else answers does not matter. */
export const own: Make = ({ world }, step) => {
  const survivor = told(step, 'survivor');
  const { number } = world.register.generation;
  world.register = { ...world.register, generation: { ...world.register.generation, holder: null } };
  world.register = { ...world.register, lastHeld: { number, holder: survivor } };
  world.systems[survivor as Letter].lineage.push({ generation: number, first: 1_000 });
};

/** The survivor's number and what was heard of the writer's, at the moment the verdict is drawn. */
export const judged =
  (kind: 'no-data-loss' | 'data-loss' | 'unknown'): Make =>
  (scene, step) => {
    const { world } = scene;
    const { guarded, isForward, numbers } = tale(scene, step);
    const kept = kind === 'no-data-loss' || (kind === 'unknown' && !guarded);
    Object.assign(world.systems[told(step, 'survivor') as Letter], {
      up: true,
      mixedTracks: 0,
      lastNumber: kept ? numbers.kept : numbers.short,
      consistent: true,
      lineage: [...(isForward ? FORWARD_LINEAGE : REVERSE_LINEAGE)],
      evidenceLost: false,
    });
    const heard = kept ? numbers.kept : kind === 'data-loss' ? numbers.heard : numbers.short;
    world.heard[told(step, 'writerHost') as FakeHostName].completed = heard;
  };
