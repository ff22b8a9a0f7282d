import type { ComponentProps } from 'react';
import { cn } from './cn.ts';

/** A table that scrolls sideways by itself on narrow ground; `label` names the scrolling region. */
export function Table({ label, className, children, ...rest }: ComponentProps<'table'> & { label: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard.
    <section aria-label={label} className="relative w-full overflow-x-auto" tabIndex={0}>
      <table className={cn('w-full border-collapse text-left', className)} {...rest}>
        {children}
      </table>
    </section>
  );
}

export function Th({ className, ...rest }: ComponentProps<'th'>) {
  return (
    <th
      scope="col"
      className={cn(
        'border-b border-line-strong px-3 py-2 text-sm font-medium whitespace-nowrap text-muted',
        className,
      )}
      {...rest}
    />
  );
}

export function Td({ className, ...rest }: ComponentProps<'td'>) {
  return <td className={cn('h-9 border-b border-line px-3 py-1 align-middle phone:h-12', className)} {...rest} />;
}
