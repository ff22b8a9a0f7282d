/** One path of a graph, walked with the real actions by one driver or by several, each step in the scene that the path asks for. */
import { findArrangement } from '../../domain/arrangement.ts';
import type { ActionTable } from '../action-types.ts';
import { ACTIONS } from '../actions/table.ts';
import type { Path } from '../graph-check.ts';
import type { WalkEnd } from '../runner.ts';
import type { RoutineGraph, RunStart } from '../step-graph.ts';
import type { FakeWorld } from './fake-world.ts';
import { drive, groupOf, type Killer, MemoryRun, startOf } from './memory-run-store.ts';
import { sceneFor } from './path-scenes.ts';
import type { Scene } from './scene-parts.ts';
import { answerOf } from './verdict-scenes.ts';
import { forwardWorld, reverseWorld } from './worlds.ts';

export class PathWalk {
  readonly world: FakeWorld;
  readonly run = new MemoryRun();
  private readonly scene: Scene;
  private readonly start: RunStart;
  /** Steps whose scene has been made: a step that is repeated meets what its first attempt left. */
  private readonly staged = new Set<number>();
  private drivers = 0;

  constructor(
    private readonly graph: RoutineGraph,
    private readonly path: Path,
    how: Pick<Partial<RunStart>, 'stepByStep'> = {},
  ) {
    this.world = worldOf(graph, path);
    this.scene = {
      graph,
      world: this.world,
      run: this.run,
      path,
      definition: groupOf(this.world),
      endRequested: false,
    };
    const stepOf = (id: string) => graph.steps.find((step) => step.id === id);
    const chosen = path.steps.filter(({ step }) => stepOf(step)?.decision).map(({ step, outcome }) => [step, outcome]);
    const attestation = { text: 'the site burnt down', destroyedAt: 0 };
    this.start = startOf(graph.id, { ...how, decisions: Object.fromEntries(chosen), attestation });
  }

  /** Goes on with a new driver to the end. Rejects with `KilledError` where `killer` cuts it off. */
  walk(killer?: Killer): Promise<WalkEnd> {
    const { world, run, start, scene } = this;
    this.drivers += 1;
    return drive({
      world,
      run,
      routine: this.graph.id,
      start,
      actions: this.actions(),
      definition: scene.definition,
      claimEpoch: this.drivers,
      killer,
    });
  }

  /** Place on the path of the step that was entered last, from 0; -1 before the first. */
  position(): number {
    return (this.run.view?.steps.length ?? 0) - 1;
  }

  /** The real actions, each in the scene that the path asks for. */
  private actions(): ActionTable {
    const { scene } = this;
    return Object.fromEntries(
      Object.entries(ACTIONS).map(([name, action]) => [
        name,
        async (context) => {
          const position = this.position();
          const wanted = this.path.steps[position];
          scene.endRequested = context.endRequested;
          if (wanted && !context.step.decision && !this.staged.has(position)) {
            this.staged.add(position);
            sceneFor(context.step, wanted.outcome)?.(scene, context.step);
          }
          return action(context);
        },
      ]),
    );
  }
}

function worldOf(graph: RoutineGraph, path: Path): FakeWorld {
  const { moves, normal } = findArrangement(graph.arrangement) ?? {};
  const serving = servingOf(graph, path);
  const isForward = serving
    ? serving === normal?.holder
    : graph.intent === 'test' || [moves?.form, moves?.takeover, moves?.planned].includes(graph.id);
  return isForward ? forwardWorld(graph.arrangement) : reverseWorld(graph.arrangement);
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
