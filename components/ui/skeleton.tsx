'use client';

import { useEffect, useState } from 'react';
import { messages } from '../messages/messages.ts';
import { cn } from './cn.ts';

/** A quiet block of the size of what is coming, shown only where the wait is long enough to be noticed. */
export function Skeleton({ className }: { className?: string }) {
  const [shown, setShown] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), 200);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div className={cn('rounded-lg', shown && 'bg-raised', className)}>
      <span className="sr-only">{messages.common.loading}</span>
    </div>
  );
}
