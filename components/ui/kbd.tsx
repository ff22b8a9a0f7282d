import type { ReactNode } from 'react';

/** One key. */
export function Kbd({ children }: { children: ReactNode }) {
  return (
    <kbd className="num inline-flex min-w-5 items-center justify-center rounded-sm border border-line-strong bg-raised px-1 text-sm">
      {children}
    </kbd>
  );
}
