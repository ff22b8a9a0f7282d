'use client';

import { useMutation, useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { useRouter, useSearchParams } from 'next/navigation';
import { type ReactNode, useState } from 'react';
import type { PreflightView } from '../../server/api/views.ts';
import type { GroupStatus } from '../../server/domain/group-status.ts';
import { formatBytes } from '../format/numbers.ts';
import { formatAge, formatSpan } from '../format/time.ts';
import { useElapsed } from '../live/age.tsx';
import { useLostRefusal } from '../live/live-provider.tsx';
import { refusalOfError } from '../live/refusal-of.ts';
import { useTRPC } from '../live/trpc.ts';
import { messages } from '../messages/messages.ts';
import { GroupScreen } from '../shell/group-screen.tsx';
import { routes } from '../shell/routes.ts';
import { Button, buttonClass, type RefusedAction } from '../ui/button.tsx';
import { cn } from '../ui/cn.ts';
import { Command, Empty, Failure } from '../ui/notice.tsx';
import { Fact, Panel } from '../ui/panel.tsx';
import { RefusalNote } from '../ui/refusal-note.tsx';
import { Segmented } from '../ui/segmented.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { CheckTable } from './check-table.tsx';
import { PlannedSteps } from './planned-steps.tsx';
import { allowSpeechFor } from './speech.ts';

const { wizard: text } = messages;
const COLUMN = 'mx-auto w-full max-w-6xl p-4 phone:p-3';

/** What starting a routine now would meet. Looking at it starts nothing. */
export function PreflightScreen({ group }: { group: string }) {
  const routine = useSearchParams().get('routine') ?? '';
  return <GroupScreen group={group}>{(status) => <Preflight status={status} routine={routine} />}</GroupScreen>;
}

function Preflight({ status, routine }: { status: GroupStatus; routine: string }) {
  const trpc = useTRPC();
  const title = text.routineTitle(routine);
  const preflight = useQuery({
    ...trpc.runs.preflight.queryOptions({ group: status.name, routine }),
    enabled: routine !== '',
    refetchInterval: 3000,
  });
  const refusal = preflight.error ? refusalOfError(preflight.error) : null;
  if (routine === '' || refusal?.code === 'unknown-routine') {
    return (
      <div className="p-4">
        <Empty whole title={text.unknownRoutine(routine)} text={text.unknownRoutineText}>
          <Link href={routes.routines(status.name)} className={buttonClass({ look: 'primary' })}>
            {text.toRoutines}
          </Link>
        </Empty>
      </div>
    );
  }
  return (
    <div className="flex w-full flex-1 flex-col gap-4">
      <div className={COLUMN}>
        <h1 className="text-xl font-semibold">{messages.shell.preflightOf(title, status.name)}</h1>
        <p className="text-muted">{text.preflightText}</p>
      </div>
      {refusal && !preflight.data ? (
        <Failure
          className="mx-4"
          title={messages.common.readFailed(text.preflight)}
          text={`${refusal.message} ${refusal.cure}`}
        >
          <Button onClick={() => void preflight.refetch()}>{messages.common.retry}</Button>
        </Failure>
      ) : null}
      {preflight.isPending ? <Skeleton className="m-4 h-96" /> : null}
      {preflight.data ? (
        <PreflightBody status={status} preflight={preflight.data} lookAgain={() => void preflight.refetch()} />
      ) : null}
    </div>
  );
}

interface BodyProps {
  status: GroupStatus;
  preflight: PreflightView;
  lookAgain: () => void;
}

function PreflightBody({ status, preflight, lookAgain }: BodyProps) {
  return (
    <>
      <div className={cn(COLUMN, 'grid grid-cols-[3fr_2fr] items-start gap-4 py-0 phone:grid-cols-1 phone:py-0')}>
        <Panel title={text.checks} aside={<LookedAt at={preflight.at} lookAgain={lookAgain} />}>
          <CheckTable checks={preflight.checks} at={preflight.at} />
        </Panel>
        <div className="flex flex-col gap-4">
          <Predicted preflight={preflight} />
          <Sentences title={text.sideEffects} items={preflight.sideEffects} none={text.sideEffectsNone} />
        </div>
      </div>
      <div className={cn(COLUMN, 'flex flex-col gap-4 py-0 phone:py-0')}>
        <PlannedSteps status={status} routine={preflight.routine} />
        <Decisions preflight={preflight} />
      </div>
      <StartBar status={status} preflight={preflight} />
    </>
  );
}

function LookedAt({ at, lookAgain }: { at: number; lookAgain: () => void }) {
  return (
    <span className="flex items-center gap-3 text-sm text-muted">
      <span className="num">{text.lookedAt(formatAge(useElapsed(at, null)))}</span>
      <Button size="small" onClick={lookAgain}>
        {text.lookAgain}
      </Button>
    </span>
  );
}

const VERDICT_TONE = { 'no-data-loss': '', 'data-loss': 'text-failure', unknown: 'text-unknown' } as const;

function Predicted({ preflight }: { preflight: PreflightView }) {
  const { verdict, rtoMs, bytes } = preflight.predicted;
  return (
    <Panel title={text.predicted}>
      <div className="flex flex-col gap-2 p-4">
        <p className="text-sm text-muted">{text.predictedText}</p>
        {verdict ? (
          <div>
            <p className={cn('text-lg font-semibold', VERDICT_TONE[verdict.kind])}>
              {messages.verdict.kind(verdict.kind)}
            </p>
            <p>{verdict.text}</p>
          </div>
        ) : null}
        <dl>
          {verdict ? null : <Fact name={text.predictedVerdict}>{text.verdictNone}</Fact>}
          <Fact name={verdict ? text.predictedRto : text.predictedTime}>
            <span className="num">
              {rtoMs ? text.rtoRange(formatSpan(rtoMs.low), formatSpan(rtoMs.high)) : text.predictedNone}
            </span>
          </Fact>
          <Fact name={text.predictedBytes}>
            <span className="num">{bytes === null ? text.predictedNone : formatBytes(bytes)}</span>
          </Fact>
        </dl>
      </div>
    </Panel>
  );
}

function Sentences({ title, items, none }: { title: string; items: readonly string[]; none: string }): ReactNode {
  return (
    <Panel title={title}>
      {items.length === 0 ? <p className="p-4 text-muted">{none}</p> : null}
      {items.length > 0 ? (
        <ul className="flex list-disc flex-col gap-1 py-3 pr-4 pl-8">
          {[...new Set(items)].map((item) => (
            <li key={item}>{item}</li>
          ))}
        </ul>
      ) : null}
    </Panel>
  );
}

function Decisions({ preflight }: { preflight: PreflightView }) {
  const { decisions } = preflight;
  return (
    <Panel title={text.decisions} aside={<span className="text-sm text-muted">{text.decisionsText}</span>}>
      {decisions.length === 0 ? <p className="p-4 text-muted">{text.decisionsNone}</p> : null}
      <ul className="flex flex-col">
        {decisions.map((decision) => (
          <li key={decision.step} className="border-b border-line px-4 py-3 last:border-b-0">
            <p className="font-medium">
              <span className="num">{decision.step}</span> {decision.question}
            </p>
            <ul className="mt-1 flex flex-col gap-1">
              {decision.options.map((option) => (
                <li key={option.id} className="flex flex-wrap gap-x-2">
                  <span className="font-medium">{option.label}</span>
                  {option.id === decision.default ? <span className="text-muted">({text.decisionDefault})</span> : null}
                  {option.dangerous ? <span className="text-failure">({text.dangerous})</span> : null}
                  <span className="min-w-0 basis-full text-muted">{option.consequence}</span>
                </li>
              ))}
            </ul>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function StartBar({ status, preflight }: { status: GroupStatus; preflight: PreflightView }) {
  const trpc = useTRPC();
  const router = useRouter();
  const lost = useLostRefusal();
  const [mode, setMode] = useState<'through' | 'step'>('through');
  const start = useMutation(trpc.runs.start.mutationOptions());
  const title = text.routineTitle(preflight.routine);
  const { activeRun } = status;
  const refusal: RefusedAction | null = preflight.refusal
    ? { reason: preflight.refusal.message, cure: preflight.refusal.cure }
    : activeRun?.changing
      ? { reason: text.alreadyRuns(text.routineTitle(activeRun.routine)), cure: text.alreadyRunsCure }
      : null;
  const begin = () =>
    start.mutate(
      { group: status.name, routine: preflight.routine, mode },
      {
        onSuccess: ({ run }) => {
          allowSpeechFor(run);
          router.push(routes.run(status.name, run));
        },
      },
    );
  return (
    <section
      aria-label={text.mode}
      className="sticky bottom-0 z-10 mt-auto border-t border-line-strong bg-surface phone:bottom-14"
    >
      <div className={cn(COLUMN, 'flex flex-col gap-3 py-3')}>
        {refusal ? <RefusalNote refusal={{ message: refusal.reason, cure: refusal.cure }} /> : null}
        {start.error ? <RefusalNote refusal={refusalOfError(start.error)} /> : null}
        <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
          <Segmented
            label={text.mode}
            value={mode}
            options={[
              { value: 'through', label: text.modeThrough },
              { value: 'step', label: text.modeStep },
            ]}
            onChange={setMode}
          />
          <span className="text-sm text-muted">{mode === 'through' ? text.modeThroughText : text.modeStepText}</span>
          <div className="ml-auto flex flex-wrap gap-2">
            {activeRun ? (
              <Link href={routes.run(status.name, activeRun.run)} className={buttonClass()}>
                {messages.shell.openRun(text.routineTitle(activeRun.routine))}
              </Link>
            ) : null}
            <Button
              look="primary"
              refused={lost ?? refusal ?? (start.isPending ? messages.common.busy : null)}
              onClick={begin}
            >
              {start.isPending ? text.starting : text.start(title)}
            </Button>
          </div>
        </div>
        <Command text={preflight.command} className="phone:hidden" />
      </div>
    </section>
  );
}
