/** What an operator may order between two steps, at every step of every routine. */
import { describe, expect, it } from 'vitest';
import type { Path } from './graph-check.ts';
import type { RoutineGraph, RunView } from './step-graph.ts';
import { coveringPaths } from './testkit/covering-paths.ts';
import { PathWalk } from './testkit/path-walk.ts';
import { WALKED } from './testkit/walked-routines.ts';

const by = 'operator';
const wordsOf = (path: Path) => path.steps.map(({ step, outcome }) => `${step} ${outcome}`);

/** Paths that together enter every step, each with the steps that none before it has entered. */
function enteringPaths(graph: RoutineGraph): { path: Path; fresh: string[] }[] {
  const entered = new Set<string>();
  return coveringPaths(graph).flatMap((path) => {
    const fresh = [...new Set(path.steps.map(({ step }) => step))].filter((step) => !entered.has(step));
    for (const step of fresh) entered.add(step);
    return fresh.length > 0 ? [{ path, fresh }] : [];
  });
}

async function stepByStep(graph: RoutineGraph, path: Path, abortBefore: string | null) {
  const walk = new PathWalk(graph, path, { stepByStep: true });
  const asked: string[] = [];
  walk.run.answer = (view: RunView) => {
    asked.push(`${view.status} ${view.currentStep}`);
    return { order: view.currentStep === abortBefore ? 'abort' : 'continue', by };
  };
  const { view } = await walk.walk();
  expect(walk.world.violations).toEqual([]);
  return { view, asked };
}

describe.each(WALKED)('%s', (_id, graph) => {
  const paths = enteringPaths(graph);

  it('waits before every step but the first where it goes step by step, and goes the same way', async () => {
    for (const { path } of paths) {
      const { view, asked } = await stepByStep(graph, path, null);
      expect(asked).toEqual(path.steps.slice(1).map(({ step }) => `paused ${step}`));
      expect(view.steps.map(({ id, outcome }) => `${id} ${outcome}`)).toEqual(wordsOf(path));
      expect(view.ending).toBe(path.ending);
    }
  });

  it('given up before any step, it ends in the state that the step names', { timeout: 60_000 }, async () => {
    for (const { path, fresh } of paths) {
      for (const step of fresh.filter((id) => id !== path.steps[0]?.step)) {
        const { view } = await stepByStep(graph, path, step);
        if (graph.onAbort) {
          // It clears away what it has made, and only that.
          expect({ step, ending: view.ending }).toEqual({ step, ending: 'aborted' });
          expect(view.steps.at(-1)?.id).toBe(graph.onAbort);
          continue;
        }
        const { abortState } = graph.steps.find(({ id }) => id === step) ?? {};
        expect({ step, ending: view.ending, text: view.endingText }).toEqual({
          step,
          ending: 'aborted',
          text: abortState,
        });
        expect(view.steps.map(({ id }) => id)).not.toContain(step);
      }
    }
  });

  it('is entered in every step by these paths', () => {
    expect(paths.flatMap(({ fresh }) => fresh).sort()).toEqual(graph.steps.map(({ id }) => id).sort());
  });
});
