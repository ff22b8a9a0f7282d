'use client';

import Link from 'next/link';
import { useState } from 'react';
import type { GroupStatus } from '../../server/domain/group-status.ts';
import type { RunView } from '../../server/routines/step-graph.ts';
import { refusalOfError } from '../live/refusal-of.ts';
import { messages } from '../messages/messages.ts';
import { GroupScreen } from '../shell/group-screen.tsx';
import { useKeyAction } from '../shell/key-provider.tsx';
import { routes } from '../shell/routes.ts';
import { Button, buttonClass } from '../ui/button.tsx';
import { Empty, Failure } from '../ui/notice.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { usePhone } from '../ui/use-phone.ts';
import { FlowChart } from './flow-chart.tsx';
import { RunBar } from './run-bar.tsx';
import { STEP_CARD_ID, StepCard } from './step-card.tsx';
import { StepList } from './step-list.tsx';
import { TestCard } from './test-card.tsx';
import { useGraph, useRoutines, useRun } from './use-routines.ts';
import { VerdictCard } from './verdict-card.tsx';

const { wizard: text } = messages;

/** One run: its flow chart, its step, its verdict, its controls. Reopening it shows the run where it stands. */
export function RunScreen({ group, run }: { group: string; run: string }) {
  return <GroupScreen group={group}>{(status) => <RunLoader status={status} id={run} />}</GroupScreen>;
}

function RunLoader({ status, id }: { status: GroupStatus; id: string }) {
  const { run, error } = useRun(id);
  if (run) return <Run status={status} run={run} />;
  if (!error) return <Skeleton className="m-4 flex-1" />;
  const refusal = refusalOfError(error);
  return (
    <div className="p-4">
      <Empty whole title={refusal.code === 'unknown-run' ? text.runMissing : refusal.message} text={refusal.cure}>
        <Link href={routes.routines(status.name)} className={buttonClass({ look: 'primary' })}>
          {text.toRoutines}
        </Link>
      </Empty>
    </div>
  );
}

/** The step in view: the one chosen, else the one the run is at, else its last. */
function useShownStep(run: RunView, first: string | null) {
  const [chosen, setChosen] = useState<string | null>(null);
  const at = (run.status === 'ended' ? null : run.currentStep) ?? run.steps.at(-1)?.id ?? first;
  useKeyAction('current-step', () => setChosen(null));
  return {
    shown: chosen ?? at,
    // The chosen step once more, or the current one after another, means: follow the run again.
    choose: (step: string) => setChosen(step === chosen || (step === at && chosen !== null) ? null : step),
    showCurrent: () => {
      setChosen(null);
      // Once the page shows it.
      requestAnimationFrame(() => document.getElementById(STEP_CARD_ID)?.scrollIntoView({ block: 'center' }));
    },
  };
}

function Run({ status, run }: { status: GroupStatus; run: RunView }) {
  const graph = useGraph(run.group, run.routine);
  const routines = useRoutines(run.group);
  const phone = usePhone();
  const { shown, choose, showCurrent } = useShownStep(run, graph?.first ?? null);
  if (phone === null || (routines.isPending && !graph)) return <Skeleton className="m-4 flex-1" />;
  const card = graph && shown ? <StepCard graph={graph} run={run} status={status} step={shown} /> : null;
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <div className="flex flex-wrap items-baseline gap-x-4 border-b border-line bg-surface px-4 py-2">
        <h1 className="text-lg font-semibold">{text.runOf(text.routineTitle(run.routine), run.group)}</h1>
        <p className="text-sm text-muted">
          {text.intent(run.intent)} · <span className="num">{run.run}</span>{' '}
          {run.status === 'ended' ? '' : ` · ${text.resumes}`}
        </p>
      </div>
      {routines.error ? (
        <div className="p-4">
          <Failure title={text.readFailed} text={refusalOfError(routines.error).message}>
            <Button onClick={() => void routines.refetch()}>{messages.common.retry}</Button>
          </Failure>
        </div>
      ) : null}
      {phone ? (
        <div className="flex-1">
          {run.verdict ? (
            <div className="p-3">
              <VerdictCard run={run} verdict={run.verdict} />
            </div>
          ) : null}
          {run.test?.clone ? (
            <div className="p-3">
              <TestCard test={run.test} />
            </div>
          ) : null}
          {graph ? (
            <StepList graph={graph} run={run} selected={shown} onSelect={choose}>
              {card}
            </StepList>
          ) : null}
        </div>
      ) : (
        <div className="flex min-h-0 flex-1">
          <div className="flex min-h-0 w-[46%] shrink-0 flex-col border-r border-line">
            {graph ? <FlowChart graph={graph} run={run} selected={shown} onSelect={choose} /> : null}
          </div>
          <div className="flex relative min-w-0 flex-1 flex-col overflow-y-auto">
            {run.verdict ? (
              <div className="p-4 pb-0">
                <VerdictCard run={run} verdict={run.verdict} />
              </div>
            ) : null}
            {run.test?.clone ? (
              <div className="p-4 pb-0">
                <TestCard test={run.test} />
              </div>
            ) : null}
            {card}
          </div>
        </div>
      )}
      <RunBar graph={graph} run={run} onShowCurrent={showCurrent} />
    </div>
  );
}
