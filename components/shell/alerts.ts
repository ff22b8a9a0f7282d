import { verdictHeadline } from '../../server/domain/verdict-text.ts';
import type { RunView } from '../../server/routines/step-graph.ts';
import { messages } from '../messages/messages.ts';

/** What of a run is urgent enough to interrupt: a decision, a stop, an ending with its verdict. Null for all else. */
export function alertOfRun(before: RunView | undefined, run: RunView): string | null {
  if (before?.status === run.status) return null;
  const title = messages.wizard.routineTitle(run.routine);
  const step = run.currentStep ?? '';
  if (run.status === 'waiting-decision') return messages.shell.decisionNeeded(title, step);
  if (run.status === 'stopped-at-step') return messages.shell.runStopped(title, step);
  if (run.status !== 'ended' || !before) return null;
  const verdict = run.verdict ? ` ${verdictHeadline(run.verdict)}` : '';
  return `${messages.shell.runEnded(title, messages.wizard.ending(run.ending ?? 'unknown'))}${verdict}`;
}
