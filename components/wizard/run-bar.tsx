'use client';

import Link from 'next/link';
import { useState } from 'react';
import type { RoutineGraph, RunView } from '../../server/routines/step-graph.ts';
import { formatAge } from '../format/time.ts';
import { useElapsed } from '../live/age.tsx';
import { useLostRefusal } from '../live/live-provider.tsx';
import { messages } from '../messages/messages.ts';
import { routes } from '../shell/routes.ts';
import { Button, buttonClass, type RefusedAction } from '../ui/button.tsx';
import { cn } from '../ui/cn.ts';
import { Confirm } from '../ui/confirm.tsx';
import { RefusalNote } from '../ui/refusal-note.tsx';
import { stepOf } from './derive.ts';
import { useOrder } from './use-order.ts';

const { wizard: text } = messages;

interface RunBarProps {
  graph: RoutineGraph | null;
  run: RunView;
  /** Brings the current step into view, wherever the page was scrolled to. */
  onShowCurrent: () => void;
}

/** How the run stands and everything that may be ordered now; always in view. */
export function RunBar({ graph, run, onShowCurrent }: RunBarProps) {
  const [aborting, setAborting] = useState(false);
  const order = useOrder(run);
  const lost = useLostRefusal();
  const refused = lost ?? (order.busy ? messages.common.busy : null);
  const step = graph ? stepOf(graph, run.currentStep) : null;
  const ended = run.status === 'ended';
  return (
    <section
      aria-label={text.bar}
      className="no-print sticky bottom-0 z-20 flex flex-col gap-2 border-t border-line-strong bg-surface px-4 py-2 phone:bottom-14"
    >
      {aborting && !ended ? (
        <Confirm
          consequence={step ? text.abortConsequence(step.abortState) : text.abortPlain}
          act={text.abortTo}
          typed={null}
          refused={refused}
          onConfirm={() => {
            setAborting(false);
            order.give({ order: 'abort' });
          }}
          onCancel={() => setAborting(false)}
        />
      ) : null}
      {order.refusal ? <RefusalNote refusal={order.refusal} /> : null}
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <RunStanding run={run} title={step?.title ?? null} asked={ended ? null : order.asked} />
        <div className="ml-auto flex flex-wrap gap-2">
          {run.status === 'waiting-decision' ? (
            <Button look="primary" onClick={onShowCurrent}>
              {text.toDecision}
            </Button>
          ) : null}
          {ended ? (
            <AfterRun run={run} />
          ) : (
            <Orders run={run} resident={graph?.resident ?? false} refused={refused} give={order.give} />
          )}
          {ended ? null : (
            <Button refused={refused} aria-expanded={aborting} onClick={() => setAborting(!aborting)}>
              {text.abort}
            </Button>
          )}
        </div>
      </div>
    </section>
  );
}

function RunStanding({ run, title, asked }: { run: RunView; title: string | null; asked: string | null }) {
  const elapsed = useElapsed(run.startedAt, run.endedAt);
  const askedText =
    asked === 'pause' && run.status === 'running' ? text.pauseAsked : asked === 'end' ? text.endAsked : null;
  return (
    <div className="min-w-0" data-testid="run-standing">
      <p className="font-medium">
        <span className={cn(run.status === 'stopped-at-step' && 'text-failure')}>
          {run.status === 'ended' ? text.endedAs(text.ending(run.ending ?? 'unknown')) : text.status(run.status)}
        </span>
        {run.currentStep && run.status !== 'ended' ? `: ${text.stepNow(run.currentStep, title ?? '')}` : ''}
      </p>
      <p className="text-sm text-muted">
        <span className="num">{formatAge(elapsed)}</span> · {text.startedBy(run.startedBy)}
        {run.endingText ? ` · ${run.endingText}` : ''}
        {askedText ? ` · ${askedText}` : ''}
      </p>
    </div>
  );
}

interface OrdersProps {
  run: RunView;
  resident: boolean;
  refused: RefusedAction | null;
  give: ReturnType<typeof useOrder>['give'];
}

function Orders({ run, resident, refused, give }: OrdersProps) {
  return (
    <>
      {run.status === 'paused' ? (
        <>
          <Button look="primary" refused={refused} onClick={() => give({ order: 'continue' })}>
            {text.nextStep}
          </Button>
          <Button refused={refused} onClick={() => give({ order: 'run-through' })}>
            {text.runThrough}
          </Button>
        </>
      ) : null}
      {run.status === 'running' ? (
        <Button refused={refused} onClick={() => give({ order: 'pause' })}>
          {text.pauseAfter}
        </Button>
      ) : null}
      {run.status === 'stopped-at-step' ? (
        <Button look="primary" refused={refused} onClick={() => give({ order: 'retry' })}>
          {text.retry(run.currentStep ?? '')}
        </Button>
      ) : null}
      {resident ? (
        <Button refused={refused} onClick={() => give({ order: 'end' })}>
          {text.endResident}
        </Button>
      ) : null}
    </>
  );
}

function AfterRun({ run }: { run: RunView }) {
  return (
    <>
      <Link href={routes.report(run.group, run.run)} className={buttonClass()}>
        {text.report}
      </Link>
      <Link href={routes.topology(run.group)} className={buttonClass({ look: 'primary' })}>
        {text.showTopology}
      </Link>
    </>
  );
}
