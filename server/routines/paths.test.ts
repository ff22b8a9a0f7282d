import { describe, expect, it } from 'vitest';
import type { Path } from './graph-check.ts';
import type { RoutineGraph } from './step-graph.ts';
import { coveringPaths } from './testkit/covering-paths.ts';
import { sceneFor } from './testkit/path-scenes.ts';
import { PathWalk } from './testkit/path-walk.ts';
import { WALKED } from './testkit/walked-routines.ts';

async function walkPath(graph: RoutineGraph, path: Path): Promise<string[]> {
  const walk = new PathWalk(graph, path);
  const { world, run } = walk;
  const judges = graph.steps.filter((step) => step.action === 'judge').map((step) => step.id);
  const perform = world.perform.bind(world);
  world.perform = async (host, instruction) => {
    // What is said of the data is on record before anybody may write to it again.
    if (instruction.verb === 'storage' && instruction.instruction.verb === 'promote') {
      expect([...run.records.keys()].some((key) => judges.some((step) => key.includes(step)))).toBe(true);
    }
    return perform(host, instruction);
  };
  const end = await walk.walk();
  expect(end.view.ending).toBe(path.ending);
  expect(world.given.length).toBeLessThanOrEqual(1);
  return end.view.steps.map((step) => `${step.id} ${step.outcome}`);
}

describe.each(WALKED)('%s', (_id, graph) => {
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
