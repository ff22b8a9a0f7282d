import type { ReactNode } from 'react';

/** One part of the inspector. */
export function Section({ title, children }: { title?: string; children: ReactNode }) {
  return (
    <div className="flex flex-col gap-2 border-b border-line px-4 py-3 last:border-b-0">
      {title ? <h3 className="text-sm font-semibold text-muted">{title}</h3> : null}
      {children}
    </div>
  );
}
