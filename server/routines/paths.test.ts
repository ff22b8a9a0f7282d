import { describe, expect, it } from 'vitest';
import type { ActionTable } from './action-types.ts';
import { ACTIONS } from './actions/table.ts';
import { ROUTINES } from './find-routine.ts';
import { type Path, pathsThrough } from './graph-check.ts';
import type { RoutineGraph } from './step-graph.ts';
import { chain3, drive, MemoryRun, startOf } from './testkit/memory-run-store.ts';
import { forwardWorld, isImpossible, reverseWorld, SCENES, type Scene } from './testkit/path-scenes.ts';

const JUDGE = ['S245', 'S535'];
/** Steps where ways meet and go on: what follows depends on what came before through the recorded findings alone. */
const SEAMS = ['S205', 'S490', 'S545', 'S565', ...JUDGE];

/** A path cut at its seams; the last part also tells whether the writer was fenced, which bears on the verdict. */
function partsOf(path: Path): string[] {
  const words = path.steps.map((walked) => `${walked.step} ${walked.outcome}`);
  const fenced = words.some((word) => /^S(205|490) fenced$/.test(word));
  const cuts = path.steps.flatMap((walked, index) => (SEAMS.includes(walked.step) ? [index] : []));
  return [0, ...cuts].map((from, part) => {
    const to = cuts[part] ?? words.length;
    return `${to === words.length ? fenced : ''} ${words.slice(from, to === words.length ? to : to + 1).join()}`;
  });
}

/**
 * The paths to be walked: all of them where a routine has no seam, else so many that every way between two seams is walked.
 * All combinations would be the same steps in the same states a hundred thousand times.
 */
function pathsToWalk(graph: RoutineGraph): Path[] {
  const seen = new Set<string>();
  const chosen: Path[] = [];
  for (const path of pathsThrough(graph, graph.resident ? 2 : 1)) {
    if (isImpossible(path)) continue;
    const parts = partsOf(path);
    if (parts.every((part) => seen.has(part))) continue;
    for (const part of parts) seen.add(part);
    chosen.push(path);
  }
  return chosen;
}

/** The real actions, each in the scene that the path asks for. */
function stagedActions(scene: Scene): ActionTable {
  return Object.fromEntries(
    Object.entries(ACTIONS).map(([name, action]) => [
      name,
      async (context) => {
        // The view shown when the step was entered ends with the step's own record.
        const wanted = scene.path.steps[(scene.run.view?.steps.length ?? 0) - 1];
        scene.endRequested = context.endRequested;
        if (wanted && !context.step.decision) SCENES[`${wanted.step} ${wanted.outcome}`]?.(scene);
        return action(context);
      },
    ]),
  );
}

async function walkPath(graph: RoutineGraph, path: Path): Promise<string[]> {
  const fromForward = ['initial-copy', 'failover', 'switch-over'].includes(graph.id);
  const world = fromForward ? forwardWorld() : reverseWorld();
  const run = new MemoryRun();
  const { definition } = chain3();
  const scene: Scene = { world, run, path, definition, endRequested: false };
  const decides = (id: string) => graph.steps.some((step) => step.id === id && step.decision);
  const chosen = path.steps.filter(({ step }) => decides(step)).map(({ step, outcome }) => [step, outcome]);
  const perform = world.perform.bind(world);
  world.perform = async (host, instruction) => {
    // What is said of the data is on record before anybody may write to it again.
    if (instruction.verb === 'storage' && instruction.instruction.verb === 'promote') {
      expect([...run.records.keys()].some((key) => JUDGE.some((step) => key.includes(step)))).toBe(true);
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

describe.each(ROUTINES.map((graph) => [graph.id, graph] as const))('%s', (_id, graph) => {
  it('has a scene for every outcome of every step', () => {
    for (const step of graph.steps) {
      if (step.decision) continue;
      for (const outcome of Object.keys(step.outcomes)) expect(SCENES).toHaveProperty([`${step.id} ${outcome}`]);
    }
  });

  it('walks every way through the graph with its real actions', async () => {
    const paths = pathsToWalk(graph);
    expect(paths.length).toBeGreaterThan(10);
    for (const path of paths) {
      const wanted = path.steps.map((walked) => `${walked.step} ${walked.outcome}`);
      expect(await walkPath(graph, path)).toEqual(wanted);
    }
  });
});
