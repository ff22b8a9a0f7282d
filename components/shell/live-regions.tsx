'use client';

import { useEffect, useRef, useState } from 'react';
import type { LiveMessage } from '../../server/api/views.ts';
import { hear, SILENT, speakNext } from '../live/announcements.ts';
import { useConnection, useLive, useLiveSource } from '../live/live-provider.tsx';
import { silenceMs } from '../live/live-store.ts';
import { useNow } from '../live/now.ts';
import { messages } from '../messages/messages.ts';
import { alertOfRun } from './alerts.ts';

/** Silence after which it is worth an alert, ms. */
const ALERT_MS = 10_000;

/** The only two live regions of the dashboard, mounted empty: one interrupts, one waits its turn. */
export function LiveRegions() {
  const source = useLiveSource();
  const announcer = useRef(SILENT);
  const [status, setStatus] = useState('');
  const [alert, setAlert] = useState('');
  const { lost } = useConnection();
  const silence = silenceMs(
    useLive((state) => state),
    useNow(),
  );
  const longLost = lost && silence !== null && silence > ALERT_MS;
  const wasLong = useRef(false);

  useEffect(() => {
    const runs = new Map(Object.entries(source.getState().runs));
    const onMessage = (message: LiveMessage) => {
      if (message.kind === 'event' && message.event.kind === 'pair-transition') {
        announcer.current = hear(announcer.current, message.event.group ?? '', message.event.text, Date.now());
      }
      if (message.kind === 'snapshot') for (const run of message.runs) runs.set(run.run, run);
      if (message.kind !== 'run') return;
      const text = alertOfRun(runs.get(message.run.run), message.run);
      runs.set(message.run.run, message.run);
      if (text) setAlert(text);
    };
    return source.listen(onMessage);
  }, [source]);

  useEffect(() => {
    const timer = setInterval(() => {
      const { say, rest } = speakNext(announcer.current, Date.now());
      announcer.current = rest;
      if (say) setStatus(say);
    }, 500);
    return () => clearInterval(timer);
  }, []);

  useEffect(() => {
    if (longLost) setAlert(messages.shell.connectionLost);
    else if (wasLong.current) setStatus(messages.shell.connectionBack);
    wasLong.current = longLost;
  }, [longLost]);

  return (
    <div className="sr-only">
      <div role="alert">{alert}</div>
      <div role="status" aria-live="polite">
        {status}
      </div>
    </div>
  );
}
