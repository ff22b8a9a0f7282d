'use client';

import { Dialog as Base } from '@base-ui/react/dialog';
import { X } from 'lucide-react';
import type { ReactNode } from 'react';
import { messages } from '../messages/messages.ts';
import { cn } from './cn.ts';

interface DialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  description?: string;
  /** Hides the title from the eye but not from assistive technology. */
  titleHidden?: boolean;
  className?: string;
  children: ReactNode;
}

/** A titled modal; on a phone it fills the screen. Escape and the close button leave it. */
export function Dialog({
  open,
  onOpenChange,
  title,
  description,
  titleHidden = false,
  className,
  children,
}: DialogProps) {
  return (
    <Base.Root open={open} onOpenChange={onOpenChange}>
      <Base.Portal>
        <Base.Backdrop className="fixed inset-0 z-40 bg-[rgb(0_0_0/0.45)]" />
        <Base.Popup
          className={cn(
            'fixed top-[12vh] left-1/2 z-50 flex max-h-[76vh] w-[min(640px,calc(100vw-32px))] -translate-x-1/2 flex-col overflow-hidden rounded-lg border border-line-strong bg-surface text-text shadow-2xl phone:inset-0 phone:max-h-none phone:w-full phone:translate-x-0 phone:rounded-none',
            className,
          )}
        >
          <div className={cn('flex items-start gap-3 border-b border-line px-4 py-3', titleHidden && 'sr-only')}>
            <div className="min-w-0 flex-1">
              <Base.Title className="text-lg font-semibold">{title}</Base.Title>
              {description ? <Base.Description className="text-muted">{description}</Base.Description> : null}
            </div>
            <Base.Close
              aria-label={messages.common.close}
              className="inline-flex size-8 items-center justify-center rounded-md hover:bg-raised phone:size-11"
            >
              <X size={16} aria-hidden="true" />
            </Base.Close>
          </div>
          {children}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
