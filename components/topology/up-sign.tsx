import { messages } from '../messages/messages.ts';
import { cn } from '../ui/cn.ts';
import type { UpWord } from './derive.ts';

interface UpSignProps {
  up: UpWord;
  size?: number;
  /** Print the word even while all is well. */
  word?: boolean;
  /** Print no word at all: it stands elsewhere. */
  sign?: boolean;
}

/** Up is quiet; down and unknown have shapes of their own. The word is printed beside or spoken. */
export function UpSign({ up, size = 14, word = false, sign = false }: UpSignProps) {
  return (
    <span
      className={cn(
        'inline-flex shrink-0 items-center gap-1 self-center',
        up === 'down' && 'font-semibold text-failure',
        up === 'unknown' && 'font-semibold text-unknown',
        up === 'up' && 'text-muted',
      )}
    >
      <svg
        viewBox="0 0 16 16"
        width={size}
        height={size}
        fill="none"
        stroke="currentColor"
        strokeWidth="2"
        aria-hidden="true"
      >
        {up === 'up' ? <path d="m3.5 8.5 3 3 6-7" /> : null}
        {up === 'down' ? <path d="m4 4 8 8M12 4l-8 8" strokeWidth="2.5" /> : null}
        {up === 'unknown' ? (
          <path d="M5.5 5.8a2.5 2.5 0 1 1 3.6 2.3c-.8.4-1.1.8-1.1 1.6M8 12.4v.4" strokeLinecap="round" />
        ) : null}
      </svg>
      {!sign && (word || up !== 'up') ? messages.topology.up[up] : null}
    </span>
  );
}
