import { describe, expect, it } from 'vitest';
import { findArrangement } from '../domain/arrangement.ts';
import type { ActionTable } from './action-types.ts';
import { ACTIONS } from './actions/table.ts';
import { ROUTINES } from './find-routine.ts';
import type { Path } from './graph-check.ts';
import type { RoutineGraph } from './step-graph.ts';
import { coveringPaths } from './testkit/covering-paths.ts';
import { drive, groupOf, MemoryRun, startOf } from './testkit/memory-run-store.ts';
import { sceneFor } from './testkit/path-scenes.ts';
import type { Scene } from './testkit/scene-parts.ts';
import { answerOf } from './testkit/verdict-scenes.ts';
import { forwardWorld, reverseWorld } from './testkit/worlds.ts';

/** The real actions, each in the scene that the path asks for. */
function stagedActions(scene: Scene): ActionTable {
  return Object.fromEntries(
    Object.entries(ACTIONS).map(([name, action]) => [
      name,
      async (context) => {
        // The view shown when the step was entered ends with the step's own record.
        const wanted = scene.path.steps[(scene.run.view?.steps.length ?? 0) - 1];
        scene.endRequested = context.endRequested;
        if (wanted && !context.step.decision) sceneFor(context.step, wanted.outcome)?.(scene, context.step);
        return action(context);
      },
    ]),
  );
}

/** The system that serves when the path is walked, where the routine goes either way; null where it does not. */
function servingOf(graph: RoutineGraph, path: Path): string | null {
  const side = answerOf(graph, path, 'find-last-side') ?? answerOf(graph, path, 'find-side');
  const { normal, reverse } = findArrangement(graph.arrangement) ?? {};
  const walked = new Set(path.steps.map(({ step }) => step));
  const fence = graph.steps.find((step) => step.action === 'fence' && walked.has(step.id));
  // Where the work is taken from a system, that is the one that serves, whatever was found before.
  if (side !== undefined && fence?.parameters.writer) return fence.parameters.writer;
  return side === undefined ? null : ((side === 'reverse' ? reverse : normal)?.holder ?? null);
}

async function walkPath(graph: RoutineGraph, path: Path): Promise<string[]> {
  const { moves, normal } = findArrangement(graph.arrangement) ?? {};
  const serving = servingOf(graph, path);
  const fromForward = serving
    ? serving === normal?.holder
    : [moves?.form, moves?.takeover, moves?.planned].includes(graph.id);
  const world = fromForward ? forwardWorld(graph.arrangement) : reverseWorld(graph.arrangement);
  const run = new MemoryRun();
  const definition = groupOf(world);
  const scene: Scene = { graph, world, run, path, definition, endRequested: false };
  const stepOf = (id: string) => graph.steps.find((step) => step.id === id);
  const chosen = path.steps.filter(({ step }) => stepOf(step)?.decision).map(({ step, outcome }) => [step, outcome]);
  const judges = graph.steps.filter((step) => step.action === 'judge').map((step) => step.id);
  const perform = world.perform.bind(world);
  world.perform = async (host, instruction) => {
    // What is said of the data is on record before anybody may write to it again.
    if (instruction.verb === 'storage' && instruction.instruction.verb === 'promote') {
      expect([...run.records.keys()].some((key) => judges.some((step) => key.includes(step)))).toBe(true);
    }
    return perform(host, instruction);
  };
  const attestation = { text: 'the site burnt down', destroyedAt: 0 };
  const start = startOf(graph.id, { decisions: Object.fromEntries(chosen), attestation });
  const end = await drive({ world, run, routine: graph.id, start, actions: stagedActions(scene), definition });
  expect(end.view.ending).toBe(path.ending);
  expect(world.given.length).toBeLessThanOrEqual(1);
  return end.view.steps.map((step) => `${step.id} ${step.outcome}`);
}

/** A third backup adds steps of the same make as the second. */
const WALKED = ROUTINES.filter(({ arrangement }) => (findArrangement(arrangement)?.variation?.backups ?? 1) <= 2);

describe.each(WALKED.map((graph) => [`${graph.arrangement} ${graph.id}`, graph] as const))('%s', (_id, graph) => {
  it('has a scene for every outcome of every step', () => {
    for (const step of graph.steps) {
      if (step.decision) continue;
      for (const outcome of Object.keys(step.outcomes))
        expect(sceneFor(step, outcome), `${step.id} ${outcome}`).not.toBeNull();
    }
  });

  it('walks every way through the graph with its real actions', async () => {
    const paths = coveringPaths(graph);
    const walked = new Set(paths.flatMap((path) => path.steps.map(({ step, outcome }) => `${step} ${outcome}`)));
    const wanted = graph.steps.flatMap((step) => Object.keys(step.outcomes).map((outcome) => `${step.id} ${outcome}`));
    expect(wanted.filter((each) => !walked.has(each))).toEqual([]);
    for (const path of paths) {
      const words = path.steps.map(({ step, outcome }) => `${step} ${outcome}`);
      expect(await walkPath(graph, path)).toEqual(words);
    }
  });
});
