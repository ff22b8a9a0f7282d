/** Runs routines of a story on the double, one after the other, each under a claim of its own. */
import type { RunStart, RunView } from '../step-graph.ts';
import { FakeWorld } from './fake-world.ts';
import { drive, MemoryRun } from './memory-run-store.ts';
import { gapsIn } from './pair-story.ts';

export class StoryRunner {
  private runs = 0;

  /** Drives `routine` to its end. `prepare` may say beforehand what an operator answers. */
  async run(
    world: FakeWorld,
    routine: string,
    start: Partial<RunStart> = {},
    prepare: (run: MemoryRun) => void = () => undefined,
  ): Promise<RunView> {
    const memory = new MemoryRun();
    prepare(memory);
    this.runs += 1;
    const end = await drive({
      world,
      run: memory,
      routine,
      start: { run: `run-${this.runs}`, yes: true, ...start },
      claimEpoch: this.runs,
    });
    const wrong = [...world.violations, ...gapsIn(end.view)];
    if (wrong.length > 0) throw new Error(`${routine}: ${wrong.join('; ')}`);
    return end.view;
  }

  /** chain-3 in normal operation, with a hundred updates everywhere. */
  async formed(): Promise<FakeWorld> {
    const world = new FakeWorld();
    const view = await this.run(world, 'initial-copy');
    if (view.ending !== 'done') throw new Error(`initial-copy ended ${view.ending}: ${view.endingText}`);
    world.write('P', 100);
    return world;
  }
}

/** The operator confirms at `step`, and gives the run up at whatever is asked next. */
export const givesUpAfter =
  (step: string) =>
  (memory: MemoryRun): void => {
    memory.answer = (view) => ({
      order: view.currentStep === step ? 'decide' : 'abort',
      step,
      choice: 'confirm',
      by: 'operator',
      typedName: null,
      attestation: null,
    });
  };

/** Steps and outcomes in the order they were entered. */
export const stepsOf = (view: RunView): string => view.steps.map((step) => `${step.id} ${step.outcome}`).join(', ');
