'use client';

import { useEffect, useState } from 'react';
import { formatClock, formatTimeOfDay } from '../format/time.ts';
import { useConnection, useLive } from '../live/live-provider.tsx';
import { useNow } from '../live/now.ts';
import { messages } from '../messages/messages.ts';
import { cn } from '../ui/cn.ts';

/** How long the note of what was missed stays, ms. */
const CAUGHT_UP_MS = 8000;

/** Says so when nothing new arrives, and what was missed once it does again. Never hides what was known. */
export function StreamBanner() {
  const { lost, tries } = useConnection();
  const heardAt = useLive((state) => state.heardAt);
  const offset = useLive((state) => state.offsetMs);
  const caughtUp = useLive((state) => state.caughtUp);
  const now = useNow();
  if (heardAt === null) {
    if (tries < 2) return null;
    return (
      <Banner urgent>
        <strong className="font-semibold">{messages.shell.neverConnected}</strong>{' '}
        {messages.shell.neverConnectedDetail(tries)}
      </Banner>
    );
  }
  if (lost) {
    return (
      <Banner urgent>
        <strong className="num font-semibold">{messages.shell.lost(formatClock(now - heardAt))}</strong>{' '}
        {messages.shell.lostDetail(formatTimeOfDay(heardAt + (offset ?? 0)), Math.max(1, tries))}
      </Banner>
    );
  }
  if (caughtUp && caughtUp.events > 0 && now - caughtUp.at < CAUGHT_UP_MS) {
    return <Banner>{messages.shell.caughtUp(caughtUp.events, caughtUp.transitions)}</Banner>;
  }
  return null;
}

function Banner({ urgent = false, children }: { urgent?: boolean; children: React.ReactNode }) {
  return (
    <div
      className={cn(
        'no-print border-b px-4 py-2 text-base',
        urgent ? 'border-unknown bg-unknown-tint text-text' : 'border-line bg-raised',
      )}
      data-testid="stream-banner"
    >
      {children}
    </div>
  );
}

/** A quiet sign in the top bar that updates come. */
export function StreamSign() {
  const { lost } = useConnection();
  const heardAt = useLive((state) => state.heardAt);
  const [mounted, setMounted] = useState(false);
  useEffect(() => setMounted(true), []);
  const word =
    !mounted || heardAt === null ? messages.shell.connecting : lost ? messages.shell.lostShort : messages.shell.live;
  return (
    <span className="inline-flex items-center gap-1.5 text-sm text-muted" data-testid="stream-sign">
      <span
        aria-hidden="true"
        className={cn(
          'size-2 rounded-full border border-line-strong',
          !lost && heardAt !== null && 'border-ink bg-ink',
        )}
      />
      {word}
    </span>
  );
}
