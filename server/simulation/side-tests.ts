/** Test failovers that somebody begins beside whatever else goes on in a story. */
import type { KeptRun } from './run-store.ts';
import type { Phase, Story } from './schedule.ts';
import type { Scheduler } from './scheduler.ts';

export class SideTests {
  private readonly begun: KeptRun[] = [];

  constructor(
    private readonly scheduler: Scheduler,
    private readonly due: NonNullable<Story['tests']>,
    /** Begins one and sees it through. */
    private readonly begin: () => KeptRun,
  ) {}

  phaseBegins(phase: Phase): void {
    for (const { afterMs } of this.due.filter((each) => each.phase === phase))
      this.scheduler.after(afterMs, () => this.begun.push(this.begin()));
  }

  /** Have all that were begun ended? */
  ended(): boolean {
    return this.begun.every(({ ended }) => ended);
  }
}
