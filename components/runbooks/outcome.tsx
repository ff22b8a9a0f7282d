import type { DrillView } from '../../server/api/views.ts';
import { messages } from '../messages/messages.ts';
import { cn } from '../ui/cn.ts';

const { runbooks: text } = messages;

/** How a drill ended, and where it stopped. */
export function Outcome({ drill: { outcome, progress } }: { drill: DrillView }) {
  const stoppedAt = outcome === 'passed' ? null : (progress.ended?.stoppedAt ?? progress.last);
  return (
    <span
      className={cn(
        (outcome === 'failed' || outcome === 'aborted') && 'font-medium text-failure',
        outcome === 'incomplete' && 'font-medium text-unknown',
      )}
    >
      {text.outcome(outcome ?? 'incomplete')}
      {stoppedAt ? <span className="block text-sm font-normal text-muted">{text.stoppedAt(stoppedAt)}</span> : null}
    </span>
  );
}
