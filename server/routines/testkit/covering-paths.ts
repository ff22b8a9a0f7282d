/**
 * Ways through a graph, so many that every stretch between two seams is walked. A seam is a step at which ways meet and go
 * on: what follows depends on what came before through the recorded findings alone. All combinations would be the same
 * steps in the same states a hundred thousand times.
 */
import { type Path, type PathStep, pathsThrough } from '../graph-check.ts';
import type { RoutineGraph } from '../step-graph.ts';
import { isImpossible } from './path-scenes.ts';
import { answerOf } from './verdict-scenes.ts';

const SEAM_ACTIONS = [
  'fence',
  'judge',
  'judge-resume',
  'settle-image',
  'settle-image-if-answers',
  'settle-mixed',
  'ask-pair',
  'ask-pair-if-answers',
];

interface Stretch {
  steps: readonly PathStep[];
  /** The seam it leads to; null where it ends the run. */
  next: string | null;
  ending: string | null;
}

/** Every path of a routine that has no seam, else enough of them. */
export function coveringPaths(graph: RoutineGraph): Path[] {
  const seams = graph.steps.filter((step) => SEAM_ACTIONS.includes(step.action)).map((step) => step.id);
  if (seams.length === 0) return [...pathsThrough(graph, graph.resident ? 2 : 1)];
  return new Cover(graph, seams).paths();
}

class Cover {
  private readonly stretches: ReadonlyMap<string, readonly Stretch[]>;

  constructor(
    private readonly graph: RoutineGraph,
    private readonly seams: readonly string[],
  ) {
    const starts = [...new Set([graph.first, ...seams])];
    this.stretches = new Map(starts.map((start) => [start, [...this.stretchesFrom(start, start, [])]]));
  }

  /** Both with the writer fenced and without, for that bears on the verdict. */
  paths(): Path[] {
    const found: Path[] = [];
    for (const [start, stretches] of this.stretches) {
      for (const stretch of stretches) {
        for (const fence of ['fenced', 'not-fenced', 'own']) {
          const path = this.pathWith(start, stretch, fence);
          if (path && !found.some((other) => sameSteps(other, path))) found.push(path);
        }
      }
    }
    return found;
  }

  private pathWith(start: string, stretch: Stretch, fence: string): Path | null {
    for (const before of this.waysTo(start, this.graph.first, [])) {
      for (const after of this.waysFrom(stretch)) {
        const path = { steps: [...before, ...stretch.steps, ...after.steps], ending: after.ending };
        const answer = answerOf(this.graph, path, 'fence');
        if (!isImpossible(this.graph, path) && (answer === undefined || answer === fence)) return path;
      }
    }
    return null;
  }

  /** Ways from the first step to the seam `target`, over one stretch of each kind. */
  private *waysTo(target: string, at: string, walked: readonly PathStep[]): Generator<readonly PathStep[]> {
    if (at === target) {
      yield walked;
      return;
    }
    for (const stretch of this.kindsFrom(at)) {
      if (stretch.next !== null) yield* this.waysTo(target, stretch.next, [...walked, ...stretch.steps]);
    }
  }

  private *waysFrom({ next, ending }: Stretch): Generator<{ steps: readonly PathStep[]; ending: string }> {
    if (next === null) {
      yield { steps: [], ending: ending ?? '' };
      return;
    }
    for (const stretch of this.kindsFrom(next)) {
      for (const rest of this.waysFrom(stretch))
        yield { steps: [...stretch.steps, ...rest.steps], ending: rest.ending };
    }
  }

  /** One stretch for each seam it leads to and each outcome it begins with. */
  private kindsFrom(start: string): readonly Stretch[] {
    const stretches = this.stretches.get(start) ?? [];
    const kind = ({ steps, next }: Stretch) => `${steps[0]?.outcome} ${next}`;
    return stretches.filter(
      (stretch, index) => stretches.findIndex((other) => kind(other) === kind(stretch)) === index,
    );
  }

  private *stretchesFrom(start: string, id: string, walked: readonly PathStep[]): Generator<Stretch> {
    if (id !== start && this.seams.includes(id)) {
      yield { steps: walked, next: id, ending: null };
      return;
    }
    const step = this.graph.steps.find((candidate) => candidate.id === id);
    for (const [outcome, { next }] of Object.entries(step?.outcomes ?? {})) {
      const steps = [...walked, { step: id, outcome }];
      if ('ending' in next) yield { steps, next: null, ending: next.ending };
      else yield* this.stretchesFrom(start, next.step, steps);
    }
  }
}

function sameSteps(a: Path, b: Path): boolean {
  return (
    a.steps.length === b.steps.length &&
    a.steps.every((walked, index) => walked.step === b.steps[index]?.step && walked.outcome === b.steps[index]?.outcome)
  );
}
