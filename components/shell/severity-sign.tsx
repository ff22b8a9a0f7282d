import type { Severity } from '../../server/domain/group-status.ts';
import { messages } from '../messages/messages.ts';
import { cn } from '../ui/cn.ts';

/** Octagon, triangle, circle: shape first, colour second. Used in the attention bar and Fleet's first column only. */
export function SeveritySign({ severity, className }: { severity: Severity; className?: string }) {
  if (severity === 'none') return <span className="sr-only">{messages.states.severity('none')}</span>;
  return (
    <svg
      viewBox="0 0 16 16"
      width="16"
      height="16"
      role="img"
      aria-label={messages.states.severity(severity)}
      className={cn(
        'shrink-0',
        severity === 'critical' && 'text-failure',
        severity === 'major' && 'text-suspend',
        severity === 'minor' && 'text-copying',
        className,
      )}
    >
      {severity === 'critical' ? (
        <path d="M5.2 1.5h5.6l3.7 3.7v5.6l-3.7 3.7H5.2l-3.7-3.7V5.2z" fill="currentColor" />
      ) : severity === 'major' ? (
        <path d="M8 1.5 15 14H1z" fill="currentColor" />
      ) : (
        <circle cx="8" cy="8" r="6" fill="currentColor" />
      )}
      <path
        d={severity === 'major' ? 'M8 6v4M8 11.9v.1' : 'M8 4.5v4.5M8 11.4v.1'}
        stroke="var(--surface)"
        strokeWidth="1.75"
        strokeLinecap="round"
      />
    </svg>
  );
}
