import type { ReactNode } from 'react';
import { cn } from './cn.ts';

interface EmptyProps {
  title: string;
  text?: string;
  /** The same as a command line, for those who prefer it. */
  command?: string;
  /** It stands for the whole screen, so its title is the screen's. */
  whole?: boolean;
  children?: ReactNode;
}

/** What stands where there is nothing yet: it says what to do next. */
export function Empty({ title, text, command, whole = false, children }: EmptyProps) {
  const Title = whole ? 'h1' : 'p';
  return (
    <div className="flex flex-col items-start gap-3 rounded-lg border border-dashed border-line-strong bg-surface p-6">
      <Title className="text-lg font-medium">{title}</Title>
      {text ? <p className="max-w-[70ch] text-muted">{text}</p> : null}
      {children}
      {command ? <Command text={command} /> : null}
    </div>
  );
}

/** A command line to copy by hand or mouse. */
export function Command({ text, className }: { text: string; className?: string }) {
  return (
    <code
      className={cn(
        'num block max-w-full rounded-sm bg-raised px-2 py-1 text-sm break-words whitespace-pre-wrap',
        className,
      )}
    >
      {text}
    </code>
  );
}

interface FailureProps {
  title: string;
  text: string;
  className?: string;
  children?: ReactNode;
}

/** A failed read: what could not be read, since when, and the cure. */
export function Failure({ title, text, className, children }: FailureProps) {
  return (
    <div className={cn('flex flex-col items-start gap-2 rounded-lg border border-failure bg-surface p-4', className)}>
      <p className="font-medium text-failure">{title}</p>
      <p>{text}</p>
      {children}
    </div>
  );
}
