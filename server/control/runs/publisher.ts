/**
 * Shows runs as they go, and writes their history. The runner does not wait for this, so views of one run queue up here
 * in order; where several wait, those that only show progress give way.
 */
import type { Log } from '../../domain/ports.ts';
import { verdictHeadline } from '../../domain/verdict-text.ts';
import { findStep } from '../../routines/find-routine.ts';
import type { RoutineGraph, RunView, StepRecord } from '../../routines/step-graph.ts';
import type { Chronicler } from '../chronicler.ts';
import { type Database, isDatabaseAway } from '../database.ts';
import { storeStep, storeVerdict, storeView } from './run-records.ts';

const RETRY_MS = 500;
/** Progress of a step is shown at most so often. */
const PROGRESS_GAP_MS = 200;

interface Shown {
  revision: number;
  view: RunView;
  transient: boolean;
}

export class RunPublisher {
  private queue: Shown[] = [];
  private writing = false;
  private lastProgressAtMs = Number.NEGATIVE_INFINITY;
  private idle: (() => void)[] = [];

  constructor(
    private readonly database: Database,
    private readonly chronicler: Chronicler,
    private readonly log: Log,
    private readonly run: string,
    private readonly graph: RoutineGraph,
  ) {}

  show(revision: number, view: RunView, transient: boolean): void {
    if (transient && performance.now() - this.lastProgressAtMs < PROGRESS_GAP_MS) return;
    if (transient) this.lastProgressAtMs = performance.now();
    // The runner may go on changing what it shows.
    this.queue = [
      ...this.queue.filter((shown) => !shown.transient),
      { revision, view: structuredClone(view), transient },
    ];
    if (!this.writing) void this.write();
  }

  /** Resolves once everything shown so far is in the database. */
  settled(): Promise<void> {
    return this.writing ? new Promise((resolve) => this.idle.push(resolve)) : Promise.resolve();
  }

  private async write(): Promise<void> {
    this.writing = true;
    for (let next = this.queue.shift(); next; next = this.queue.shift()) {
      try {
        const fresh = await storeView(this.database, this.run, next.revision, next.view);
        if (fresh && !next.transient) await this.chronicle(next.view);
      } catch (error) {
        const away = isDatabaseAway(error);
        this.log.write('warn', 'a run could not be shown', {
          run: this.run,
          reason: error instanceof Error ? error.message : String(error),
        });
        if (away) {
          this.queue.unshift(next);
          await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
        }
      }
    }
    this.writing = false;
    for (const resolve of this.idle.splice(0)) resolve();
  }

  private async chronicle(view: RunView): Promise<void> {
    for (const [index, record] of view.steps.entries()) {
      if (record.endedAt === null) continue;
      const ordinal = view.droppedSteps + index;
      if (await storeStep(this.database, this.run, ordinal, record))
        this.tellStep(view, record, ordinal, record.endedAt);
    }
    if (view.verdict && (await storeVerdict(this.database, this.run, view.currentStep ?? 'end', view.verdict))) {
      this.chronicler.add({
        at: Date.now(),
        group: view.group,
        kind: 'verdict',
        subject: view.routine,
        observer: 'control',
        text: verdictHeadline(view.verdict),
        severity: view.verdict.kind === 'no-data-loss' ? 'none' : 'major',
        run: this.run,
        facts: { kind: view.verdict.kind, lost: view.verdict.lost, fenced: view.verdict.fenced },
      });
    }
    if (view.status === 'ended') {
      this.chronicler.add({
        at: view.endedAt ?? Date.now(),
        group: view.group,
        kind: 'run-ended',
        subject: view.routine,
        observer: 'control',
        text: `${view.routine} ended: ${view.ending ?? ''}${view.endingText ? `, ${view.endingText}` : ''}`,
        severity: view.ending === 'done' ? 'none' : 'minor',
        run: this.run,
        facts: { ending: view.ending },
        dedupeKey: `ended/${this.run}`,
      });
    }
  }

  /** In words: an outcome's own name (`failed`: the host was found to have failed) would be read as the routine's ending. */
  private foundAt({ id, outcome, refusal }: StepRecord): string {
    if (refusal) return `stopped, ${refusal.message}`;
    if (outcome === null) return 'left without an outcome';
    return findStep(this.graph, id)?.outcomes[outcome]?.text ?? outcome;
  }

  private tellStep(view: RunView, record: StepRecord, ordinal: number, endedAt: number): void {
    this.chronicler.add({
      at: endedAt,
      group: view.group,
      kind: 'run-step',
      subject: record.id,
      observer: 'control',
      text: `${view.routine} ${record.id}: ${this.foundAt(record)}`,
      severity: record.refusal ? 'minor' : 'none',
      run: this.run,
      facts: {
        outcome: record.outcome,
        round: record.round,
        transitions: record.transitions,
        evidence: record.evidence,
      },
      dedupeKey: `step/${this.run}/${ordinal}`,
    });
  }
}
