'use client';

import { Tooltip } from '@base-ui/react/tooltip';
import { cva, type VariantProps } from 'class-variance-authority';
import { type ComponentProps, useId, useState } from 'react';
import { cn } from './cn.ts';

const buttonStyle = cva(
  'inline-flex min-h-8 select-none items-center justify-center gap-1.5 rounded-md px-3 text-base font-medium whitespace-nowrap transition-colors duration-[120ms] phone:min-h-11 aria-disabled:opacity-100',
  {
    variants: {
      look: {
        primary:
          'bg-ink text-on-ink hover:opacity-90 aria-disabled:bg-transparent aria-disabled:text-muted aria-disabled:border aria-disabled:border-dashed aria-disabled:border-line-strong',
        secondary:
          'border border-line-strong bg-surface text-text hover:bg-raised aria-disabled:border-dashed aria-disabled:text-muted aria-disabled:hover:bg-surface',
        ghost: 'text-text hover:bg-raised aria-disabled:text-muted aria-disabled:hover:bg-transparent',
      },
      size: { normal: '', small: 'min-h-7 px-2 text-sm', icon: 'size-8 px-0 phone:size-11' },
    },
    defaultVariants: { look: 'secondary', size: 'normal' },
  },
);

/** Why an action cannot be taken now, and what would allow it. */
export interface RefusedAction {
  reason: string;
  cure: string;
}

export interface ButtonProps extends ComponentProps<'button'>, VariantProps<typeof buttonStyle> {
  /** Set where the action would be refused: the button stays focusable and says why. */
  refused?: RefusedAction | null;
}

/** A button that never dies silently: when refused it keeps its place, its focus and its reason. */
export function Button({
  look,
  size,
  refused = null,
  className,
  onClick,
  children,
  type = 'button',
  ...rest
}: ButtonProps) {
  const reasonId = useId();
  const [open, setOpen] = useState(false);
  const style = cn(buttonStyle({ look, size }), className);
  if (!refused) {
    return (
      <button type={type} className={style} onClick={onClick} {...rest}>
        {children}
      </button>
    );
  }
  return (
    <Tooltip.Root open={open} onOpenChange={setOpen}>
      <Tooltip.Trigger
        closeOnClick={false}
        render={
          <button
            {...rest}
            type="button"
            aria-disabled="true"
            aria-describedby={reasonId}
            className={style}
            onClick={(event) => {
              event.preventDefault();
              setOpen(true);
            }}
          />
        }
      >
        {children}
        <span id={reasonId} className="sr-only">{`${refused.reason} ${refused.cure}`}</span>
      </Tooltip.Trigger>
      <Tooltip.Portal>
        <Tooltip.Positioner sideOffset={6} className="z-50">
          <Tooltip.Popup className="max-w-80 rounded-md border border-line-strong bg-surface p-3 text-base text-text shadow-lg">
            <p className="font-medium">{refused.reason}</p>
            <p className="text-muted">{refused.cure}</p>
          </Tooltip.Popup>
        </Tooltip.Positioner>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
}

/** Class names of a button, for a link that looks like one. */
export function buttonClass(options?: VariantProps<typeof buttonStyle>): string {
  return cn(buttonStyle(options));
}
