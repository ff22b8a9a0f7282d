'use client';

import { type ReactNode, useId } from 'react';
import type { FieldError } from 'react-hook-form';
import { cn } from '../ui/cn.ts';

export const fieldStyle = 'h-8 min-w-0 rounded-md border border-line-strong bg-surface px-2 phone:h-11';

interface FieldProps {
  label: string;
  hint?: string;
  error?: FieldError | undefined;
  /** Takes a row of its own. */
  wide?: boolean;
  children: (id: string) => ReactNode;
}

/** One thing that is asked for, with what is wrong with it beneath. */
export function Field({ label, hint, error, wide = false, children }: FieldProps) {
  const id = useId();
  return (
    <div className={cn('flex min-w-0 flex-col gap-1', wide && 'col-span-full')}>
      <label htmlFor={id}>{label}</label>
      {children(id)}
      {error ? (
        <p className="text-sm font-medium text-failure">{error.message}</p>
      ) : hint ? (
        <p className="text-sm text-muted">{hint}</p>
      ) : null}
    </div>
  );
}
