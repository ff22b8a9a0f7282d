'use client';

import { useEffect, useState } from 'react';
import type { StepRecord } from '../../server/routines/step-graph.ts';
import { formatBytes, formatRate, shareOf } from '../format/numbers.ts';
import { formatSpan } from '../format/time.ts';
import { useNow } from '../live/now.ts';
import { messages } from '../messages/messages.ts';
import { Meter } from '../ui/meter.tsx';
import { addSample, estimate, type Sample } from './estimate.ts';

const { wizard: text } = messages;

/** `412 of 1,024 MiB · 96 MiB/s · 6 s left (5–9 s)`, and “Stalled 12 s” where nothing moves. */
export function Progress({ progress }: { progress: NonNullable<StepRecord['progress']> }) {
  const { doneBytes, totalBytes } = progress;
  const now = useNow();
  const [samples, setSamples] = useState<readonly Sample[]>([]);
  useEffect(() => {
    setSamples((known) => addSample(known, { at: Date.now(), doneBytes }));
  }, [doneBytes]);
  const { rateBytesPerSecond, leftMs, stalledMs } = estimate(samples, totalBytes, now);
  const parts = [text.progressOf(formatBytes(doneBytes), formatBytes(totalBytes))];
  if (stalledMs !== null) parts.push(text.stalled(formatSpan(stalledMs)));
  else {
    const rate = progress.rateBytesPerSecond ?? rateBytesPerSecond;
    if (rate !== null) parts.push(formatRate(rate));
    if (leftMs && doneBytes < totalBytes) {
      parts.push(text.progressLeft(formatSpan(leftMs.mid), formatSpan(leftMs.low), formatSpan(leftMs.high)));
    }
  }
  return (
    <Meter
      label={text.progress}
      share={totalBytes === 0 ? 1 : shareOf(doneBytes, totalBytes)}
      text={parts.join(' · ')}
      tone={stalledMs === null ? 'copying' : 'suspend'}
    />
  );
}
