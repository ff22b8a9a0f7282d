import { cn } from '../ui/cn.ts';
import type { StepState } from './derive.ts';

/** Sign of how a step stands; the word is always nearby. */
export function StepSign({ state, className }: { state: StepState; className?: string }) {
  return (
    <svg
      viewBox="0 0 16 16"
      width="16"
      height="16"
      fill="none"
      stroke="currentColor"
      strokeWidth="2"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      className={cn(
        'shrink-0',
        state === 'refused' && 'text-failure',
        state === 'waiting' && 'text-suspend',
        className,
      )}
    >
      {state === 'done' ? <path d="m3.5 8.5 3 3 6-7" /> : null}
      {state === 'current' ? <path d="M5 3.5 12 8l-7 4.5z" fill="currentColor" /> : null}
      {state === 'waiting' ? <path d="M8 1.8 14.2 8 8 14.2 1.8 8zM8 5.4v3M8 10.8v.1" strokeWidth="1.6" /> : null}
      {state === 'refused' ? <path d="m4 4 8 8M12 4l-8 8" strokeWidth="2.5" /> : null}
      {state === 'not-taken' ? <path d="M4 8h8" /> : null}
      {state === 'ahead' ? <circle cx="8" cy="8" r="4.5" strokeWidth="1.5" /> : null}
    </svg>
  );
}
