/** Where a runbook is played: the operator who does it, the recorder who keeps it, and the place in the story it has come to. */
import type { Locator } from '@playwright/test';
import { Operator } from './operator.ts';
import type { Patience, Sight } from './patience.ts';
import type { Recorder } from './recorder.ts';

export class Stage {
  readonly operator: Operator;
  readonly patience: Patience;
  /** Address of the run that was started last. */
  run: string | null = null;
  /** Updates that the last verdict says are lost at least. */
  lostUpdates = 0;

  constructor(
    readonly page: Operator['page'],
    readonly group: string,
    readonly recorder: Recorder,
    /** Told where the story is, so that one that stops can say where. */
    private readonly enter: (where: string) => void,
  ) {
    this.operator = new Operator(page, group, recorder);
    this.patience = this.operator.patience;
  }

  /** Begins a line of the story. */
  async begin(where: string): Promise<void> {
    this.enter(where);
    await this.recorder.doing(where);
  }

  /** The operator did something; `command` does the same on the command line. */
  acted(text: string, command: string | null = null, target: Locator | null = null): Promise<void> {
    return this.recorder.show({ kind: 'act', text, command }, text, target);
  }

  /** Waits for something on the screen, and writes down that it holds. */
  async see(text: string, sight: Sight, target: Locator | null = null): Promise<string> {
    const seen = await this.patience.until(sight);
    await this.held(text, target);
    return seen;
  }

  held(text: string, target: Locator | null = null): Promise<void> {
    return this.recorder.show({ kind: 'check', text }, `✓ ${text}`, target);
  }
}
