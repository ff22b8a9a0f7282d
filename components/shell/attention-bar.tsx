'use client';

import Link from 'next/link';
import { usePathname, useSearchParams } from 'next/navigation';
import { useEffect, useState } from 'react';
import type { Alarm } from '../../server/domain/group-status.ts';
import { formatAge } from '../format/time.ts';
import { useElapsed } from '../live/age.tsx';
import { useGroupStatus } from '../live/live-provider.tsx';
import { messages } from '../messages/messages.ts';
import { Button, buttonClass } from '../ui/button.tsx';
import { orderAlarms } from './alarms.ts';
import { useKeyAction } from './key-provider.tsx';
import { routes } from './routes.ts';
import { SeveritySign } from './severity-sign.tsx';

/** The one alarm to answer now, what to do about it, and the way there. Stands on every screen of the group. */
export function AttentionBar() {
  const status = useGroupStatus();
  const alarms = orderAlarms(status?.alarms ?? []);
  const [index, setIndex] = useState(0);
  const next = () => setIndex((current) => (alarms.length > 0 ? (current + 1) % alarms.length : 0));
  useKeyAction('next-alarm', next);
  useEffect(() => setIndex((current) => Math.min(current, Math.max(0, alarms.length - 1))), [alarms.length]);
  const alarm = alarms[index] ?? alarms[0];
  if (!status || !alarm) return null;
  return (
    <section
      aria-label={messages.shell.attention}
      className="no-print flex flex-wrap items-center gap-x-4 gap-y-2 border-b border-line-strong bg-surface px-4 py-2"
    >
      <SeveritySign severity={alarm.severity} className="size-5" />
      <div className="min-w-0 flex-1 basis-72">
        <p className="font-medium">
          {alarm.text} <Duration since={alarm.since} />
        </p>
        <p className="text-muted">{alarm.response}</p>
      </div>
      <RoutineLink group={status.name} alarm={alarm} activeRun={status.activeRun} />
      {alarms.length > 1 ? (
        <Button size="small" look="ghost" onClick={next} aria-label={messages.shell.nextAlarm}>
          <span className="num">{messages.shell.alarmCount(alarms.indexOf(alarm) + 1, alarms.length)}</span>
        </Button>
      ) : null}
    </section>
  );
}

function Duration({ since }: { since: number }) {
  return <span className="num font-normal text-muted">{messages.shell.since(formatAge(useElapsed(since, null)))}</span>;
}

interface RoutineLinkProps {
  group: string;
  alarm: Alarm;
  activeRun: { run: string; routine: string } | null;
}

/** Where the routine that answers the alarm already runs, the way leads there and not to a second start. */
function RoutineLink({ group, alarm, activeRun }: RoutineLinkProps) {
  const pathname = usePathname();
  const search = useSearchParams();
  if (activeRun) {
    // On the run's own page the way there would lead nowhere.
    if (pathname === routes.run(group, activeRun.run)) return null;
    return (
      <Link href={routes.run(group, activeRun.run)} className={buttonClass({ look: 'primary' })}>
        {messages.shell.openRun(messages.wizard.routineTitle(activeRun.routine))}
      </Link>
    );
  }
  if (!alarm.routine || (pathname.endsWith('/runs/new') && search.get('routine') === alarm.routine)) return null;
  return (
    <Link href={routes.preflight(group, alarm.routine)} className={buttonClass({ look: 'primary' })}>
      {messages.shell.openPreflight(messages.wizard.routineTitle(alarm.routine))}
    </Link>
  );
}
