import { describe, expect, it } from 'vitest';
import type { Path } from './graph-check.ts';
import type { RoutineGraph } from './step-graph.ts';
import { coveringPaths } from './testkit/covering-paths.ts';
import { KilledError, Killer } from './testkit/memory-run-store.ts';
import { PathWalk } from './testkit/path-walk.ts';
import { resultOf, SAME_WAY } from './testkit/run-result.ts';
import { WALKED } from './testkit/walked-routines.ts';

/** Notes at which place on the path each call was made. */
class Witness extends Killer {
  readonly places: number[] = [];

  constructor(private readonly walk: PathWalk) {
    super(0);
  }

  override point(): void {
    super.point();
    this.places.push(this.walk.position());
  }
}

async function undisturbed(graph: RoutineGraph, path: Path) {
  const walk = new PathWalk(graph, path);
  const witness = new Witness(walk);
  const { view } = await walk.walk(witness);
  return { result: resultOf(walk.world, view), places: witness.places };
}

/** The driver is killed at its call number `at`, and another goes on. */
async function interrupted(graph: RoutineGraph, path: Path, at: number) {
  const walk = new PathWalk(graph, path);
  await expect(walk.walk(new Killer(at))).rejects.toThrow(KilledError);
  const { view } = await walk.walk();
  expect(walk.world.violations).toEqual([]);
  return resultOf(walk.world, view);
}

describe.each(WALKED)('%s', (_id, graph) => {
  it('ends as if it had not been interrupted, at whatever call of whatever step that was', {
    timeout: 120_000,
  }, async () => {
    const done = new Set<string>();
    for (const path of coveringPaths(graph)) {
      const words = path.steps.map(({ step, outcome }) => `${step} ${outcome}`);
      // A step need not be interrupted again on every path on which it ends the same way.
      const fresh = new Set(words.filter((word) => !done.has(word)));
      if (fresh.size === 0) continue;
      const { result, places } = await undisturbed(graph, path);
      for (const [index, place] of places.entries()) {
        const where = { call: index + 1, word: words[place] ?? '' };
        if (!fresh.has(where.word)) continue;
        expect({ ...where, ...(await interrupted(graph, path, where.call)) }).toEqual({ ...where, ...result });
      }
      for (const word of fresh) done.add(word);
    }
    const wanted = graph.steps.flatMap((step) => Object.keys(step.outcomes).map((outcome) => `${step.id} ${outcome}`));
    expect(wanted.filter((word) => !done.has(word))).toEqual([]);
  });

  it('goes the same way whether a step has done its work or finds it done', () => {
    for (const { id, outcomes } of graph.steps) {
      for (const [found, did] of Object.entries(SAME_WAY)) {
        if (outcomes[found] && outcomes[did])
          expect({ id, next: outcomes[found].next }).toEqual({ id, next: outcomes[did].next });
      }
    }
  });
});
