'use client';

import Link from 'next/link';
import type { ReactNode } from 'react';
import { findArrangement } from '../../server/domain/arrangement.ts';
import type { GroupStatus } from '../../server/domain/group-status.ts';
import { NOTHING } from '../format/numbers.ts';
import { formatSpan } from '../format/time.ts';
import { Ago } from '../live/age.tsx';
import { useLostRefusal } from '../live/live-provider.tsx';
import { messages } from '../messages/messages.ts';
import { routes } from '../shell/routes.ts';
import { buttonClass } from '../ui/button.tsx';
import { cn } from '../ui/cn.ts';

const { topology: text } = messages;

/** The group in one sentence and four figures. */
export function GroupSummary({ status, children }: { status: GroupStatus; children: ReactNode }) {
  const { rpo, activeRun } = status;
  const late = rpo.nowMs !== null && rpo.nowMs > rpo.objectiveMs;
  const lost = useLostRefusal() !== null && status.operation === 'unknown';
  return (
    <section
      aria-label={text.summaryLabel}
      className="flex flex-wrap items-center gap-x-8 gap-y-2 border-b border-line bg-surface px-4 py-2"
    >
      <div className="min-w-0 flex-1 basis-80">
        <h1 className="flex flex-wrap items-baseline gap-x-3 text-lg font-semibold">
          <span className="num">{status.name}</span>
          <span className={cn('text-base font-medium', status.operation === 'unknown' && 'text-unknown')}>
            {messages.states.operation(status.operation)}
          </span>
          <Ago at={status.observedAt} className="text-sm font-normal text-muted" />
        </h1>
        <p className="text-muted" data-testid="group-summary">
          {lost ? text.summaryLost : status.powered ? status.summary : text.stopped}
        </p>
      </div>
      <dl className="flex flex-wrap gap-x-6 gap-y-1 text-sm">
        <Figure name={text.holder}>{status.holder ?? (status.generation === null ? NOTHING : text.noHolder)}</Figure>
        <Figure name={text.generationName}>{status.generation ?? NOTHING}</Figure>
        <Figure name={text.rpo}>
          <span className={cn(late && 'font-semibold text-suspend', rpo.nowMs === null && 'text-unknown')}>
            {rpo.nowMs === null ? messages.states.word('unknown') : formatSpan(rpo.nowMs)}
          </span>{' '}
          <span className="text-muted">/ {formatSpan(rpo.objectiveMs)}</span>
        </Figure>
        <Figure name={text.exposure} wide>
          {status.exposure.text}
        </Figure>
        {status.forecasts.map((forecast) => (
          <Figure key={forecast.system} name={text.forecastOf(forecast.system)} wide>
            {forecast.text}
          </Figure>
        ))}
      </dl>
      {activeRun ? (
        <Link href={routes.run(status.name, activeRun.run)} className={buttonClass({ look: 'secondary' })}>
          {activeRun.status === 'waiting-decision' || activeRun.status === 'stopped-at-step'
            ? messages.shell.runWaits(messages.wizard.routineTitle(activeRun.routine), activeRun.step ?? '')
            : messages.shell.runUnderWay(messages.wizard.routineTitle(activeRun.routine), activeRun.step ?? '')}
        </Link>
      ) : null}
      <NextMove status={status} />
      {children}
    </section>
  );
}

/** A group that has no pairs yet is of no use until they are formed: the way there stands where that is said. */
function NextMove({ status }: { status: GroupStatus }) {
  const form = findArrangement(status.arrangement)?.moves.form;
  const begun = status.pairs.some((pair) => pair.state !== 'absent');
  if (status.operation !== 'forming' || !status.powered || begun || status.activeRun || !form) return null;
  return (
    <Link href={routes.preflight(status.name, form)} className={buttonClass({ look: 'primary' })}>
      {text.formNext(messages.wizard.routineTitle(form))}
    </Link>
  );
}

function Figure({ name, wide = false, children }: { name: string; wide?: boolean; children: ReactNode }) {
  return (
    <div className={cn(wide && 'max-w-64')}>
      <dt className="text-muted">{name}</dt>
      <dd className={cn('text-base', !wide && 'num')}>{children}</dd>
    </div>
  );
}
