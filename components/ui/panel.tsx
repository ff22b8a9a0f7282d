import type { ComponentProps, ReactNode } from 'react';
import { cn } from './cn.ts';

interface PanelProps extends Omit<ComponentProps<'section'>, 'title'> {
  title: string;
  /** Stands at the right of the title. */
  aside?: ReactNode;
  children: ReactNode;
}

/** A titled part of a screen. */
export function Panel({ title, aside, children, className, ...rest }: PanelProps) {
  return (
    <section aria-label={title} className={cn('rounded-lg border border-line bg-surface', className)} {...rest}>
      <div className="flex min-h-11 flex-wrap items-center justify-between gap-x-4 gap-y-1 border-b border-line px-4 py-2">
        <h2 className="text-base font-semibold">{title}</h2>
        {aside}
      </div>
      {children}
    </section>
  );
}

/** Name and value of a fact, under each other on narrow ground. */
export function Fact({ name, children, className }: { name: string; children: ReactNode; className?: string }) {
  return (
    <div className={cn('flex min-w-0 items-baseline justify-between gap-3 py-1', className)}>
      <dt className="shrink-0 text-muted">{name}</dt>
      <dd className="min-w-0 text-right break-words">{children}</dd>
    </div>
  );
}
