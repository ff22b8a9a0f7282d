import { cn } from '../ui/cn.ts';
import { appearanceOf, TONE_TEXT } from './appearance.ts';

/** Drawn on a 16 × 16 field in the current colour; every state has a shape of its own, so colour is never needed. */
function shapeOf(state: string, share: number | null) {
  switch (state) {
    case 'absent':
      return <path d="M4 8h8" strokeDasharray="2 2" />;
    case 'simplex':
      return <circle cx="8" cy="8" r="5" />;
    case 'initial-copying':
      return (
        <>
          <circle cx="8" cy="8" r="5" opacity="0.35" strokeWidth="3" />
          <circle
            cx="8"
            cy="8"
            r="5"
            strokeWidth="3"
            pathLength="100"
            strokeDasharray={`${Math.max(6, (share ?? 0.25) * 100)} 100`}
            transform="rotate(-90 8 8)"
          />
        </>
      );
    case 'duplex':
      return <path d="M5.5 3v10M10.5 3v10" strokeWidth="2.5" />;
    case 'duplex-pending':
      return (
        <>
          <path d="M8 2.5a5.5 5.5 0 1 1-5.3 4" />
          <path d="M2 2.6v4.1h4.1" />
          <path d="M8 5.6a2.4 2.4 0 0 1 0 4.8z" fill="currentColor" stroke="none" />
        </>
      );
    case 'suspending':
      return (
        <>
          <path d="M4 2.5h8M4 13.5h8M5 2.5c0 3 6 4 6 5.5s-6 2.5-6 5.5M11 2.5c0 3-6 4-6 5.5s6 2.5 6 5.5" />
          <path d="M6 13.2 8 11l2 2.2z" fill="currentColor" />
        </>
      );
    case 'suspend':
      return (
        <>
          <circle cx="8" cy="8" r="6" />
          <path d="M6.5 5.5v5M9.5 5.5v5" strokeWidth="1.75" />
        </>
      );
    case 'failure-suspend':
      return (
        <>
          <path d="M5.4 1.9h5.2l3.5 3.5v5.2l-3.5 3.5H5.4l-3.5-3.5V5.4z" fill="currentColor" stroke="currentColor" />
          <path d="m5.7 5.7 4.6 4.6M10.3 5.7l-4.6 4.6" stroke="var(--surface)" strokeWidth="1.75" />
        </>
      );
    default:
      return (
        <>
          <circle cx="8" cy="8" r="6" strokeDasharray="1.5 2.2" />
          <path d="M6 6.4a2 2 0 1 1 2.8 1.9c-.6.3-.8.6-.8 1.2" />
          <circle cx="8" cy="11.6" r="0.6" fill="currentColor" />
        </>
      );
  }
}

/** Sign of a pair state. Always stands beside the printed word, so it is hidden from assistive technology. */
export function PairStateGlyph({
  state,
  share = null,
  className,
}: {
  state: string;
  share?: number | null;
  className?: string;
}) {
  return (
    <svg
      viewBox="0 0 16 16"
      width="16"
      height="16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      className={cn('shrink-0', TONE_TEXT[appearanceOf(state).tone], className)}
    >
      {shapeOf(state, share)}
    </svg>
  );
}
