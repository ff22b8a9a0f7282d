'use client';

import { formatAge, formatDateTime, formatTimeOfDay, formatUtc } from '../format/time.ts';
import { messages } from '../messages/messages.ts';
import { cn } from '../ui/cn.ts';
import { useServerNow } from './live-provider.tsx';

/** An instant of the server's clock: the viewer's zone on screen, UTC on hover. */
export function Instant({ at, withDate = false, className }: { at: number; withDate?: boolean; className?: string }) {
  return (
    <time
      dateTime={new Date(at).toISOString()}
      title={formatUtc(at)}
      className={cn('num whitespace-nowrap', className)}
    >
      {withDate ? formatDateTime(at) : formatTimeOfDay(at)}
    </time>
  );
}

/** Who saw it and how long ago: `by agent production, 2 s ago`. Ages go on counting whatever happens to the stream. */
export function ObservedBy({ observer, at, className }: { observer: string; at: number | null; className?: string }) {
  const now = useServerNow();
  return (
    <span className={cn('whitespace-nowrap text-muted', className)} title={at === null ? undefined : formatUtc(at)}>
      {at === null
        ? messages.common.notObserved
        : messages.common.observedBy(messages.common.observer(observer), formatAge(Math.max(0, now - at)))}
    </span>
  );
}

/** How long ago, alone: `2 s ago`. */
export function Ago({ at, className }: { at: number | null; className?: string }) {
  const now = useServerNow();
  if (at === null) return <span className={className}>{messages.common.notObserved}</span>;
  return (
    <time
      dateTime={new Date(at).toISOString()}
      title={formatUtc(at)}
      className={cn('num whitespace-nowrap', className)}
    >
      {messages.common.ago(formatAge(Math.max(0, now - at)))}
    </time>
  );
}

/** Time passed since, or between two instants, counting while there is no end: `00:12:31`. */
export function useElapsed(from: number, to: number | null): number {
  const now = useServerNow();
  return Math.max(0, (to ?? now) - from);
}
