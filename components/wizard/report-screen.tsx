'use client';

import { ArrowLeft, Printer } from 'lucide-react';
import Link from 'next/link';
import type { RoutineGraph, RunView, StepRecord } from '../../server/routines/step-graph.ts';
import { formatSpan, formatUtc } from '../format/time.ts';
import { useServerNow } from '../live/live-provider.tsx';
import { refusalOfError } from '../live/refusal-of.ts';
import { messages } from '../messages/messages.ts';
import { routes } from '../shell/routes.ts';
import { Button, buttonClass } from '../ui/button.tsx';
import { Empty } from '../ui/notice.tsx';
import { Fact } from '../ui/panel.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { Table, Td, Th } from '../ui/table.tsx';
import { stepOf } from './derive.ts';
import { TestBody } from './test-card.tsx';
import { useGraph, useRun } from './use-routines.ts';
import { VerdictBody } from './verdict-card.tsx';

const { verdict: text, wizard } = messages;

/** A run on paper: verdict, what it rests on, every step taken and what was seen at it. Times in UTC. */
export function ReportScreen({ run: id }: { run: string }) {
  const { run, error } = useRun(id);
  if (!run && error) {
    const refusal = refusalOfError(error);
    return (
      <div className="p-4">
        <Empty whole title={refusal.message} text={refusal.cure} />
      </div>
    );
  }
  return run ? <Report run={run} /> : <Skeleton className="m-4 h-96" />;
}

function Report({ run }: { run: RunView }) {
  const now = useServerNow();
  return (
    <article className="mx-auto flex w-full max-w-4xl flex-col gap-6 bg-surface p-8 phone:p-4 print:max-w-none print:p-0">
      <div className="no-print flex gap-2">
        <Link href={routes.run(run.group, run.run)} className={buttonClass()}>
          <ArrowLeft size={16} aria-hidden="true" />
          {text.back}
        </Link>
        <Button look="primary" onClick={() => window.print()}>
          <Printer size={16} aria-hidden="true" />
          {text.print}
        </Button>
      </div>
      <header>
        <p className="text-sm text-muted">{messages.common.product}</p>
        <h1 className="text-xl font-semibold">
          {text.report}: {wizard.runOf(wizard.routineTitle(run.routine), run.group)}
        </h1>
        <p className="num text-sm text-muted">{run.run}</p>
      </header>
      {run.status === 'ended' ? null : <p className="font-medium">{text.notEnded}</p>}
      {run.verdict ? (
        <section aria-label={text.title} className="flex flex-col gap-3 border-y-2 border-line-strong py-4">
          <VerdictBody verdict={run.verdict} forced={run.forced} />
        </section>
      ) : null}
      {run.test?.clone ? (
        <section aria-label={wizard.test.title} className="flex flex-col gap-2 border-y-2 border-line-strong py-4">
          <TestBody test={run.test} />
        </section>
      ) : null}
      <RunFacts run={run} />
      <Steps run={run} />
      <footer className="text-sm text-muted">{text.reportMade(formatUtc(now))}</footer>
    </article>
  );
}

function RunFacts({ run }: { run: RunView }) {
  const { reportRow: row } = text;
  return (
    <dl className="grid grid-cols-2 gap-x-10 phone:grid-cols-1">
      <Fact name={row.group}>{run.group}</Fact>
      <Fact name={row.routine}>{wizard.routineTitle(run.routine)}</Fact>
      <Fact name={row.intent}>{wizard.intent(run.intent)}</Fact>
      <Fact name={row.generation}>
        <span className="num">{run.generation}</span>
      </Fact>
      <Fact name={row.startedBy}>{run.startedBy}</Fact>
      <Fact name={row.started}>
        <span className="num">{formatUtc(run.startedAt)}</span>
      </Fact>
      {run.endedAt === null ? null : (
        <>
          <Fact name={row.ended}>
            <span className="num">{formatUtc(run.endedAt)}</span>
          </Fact>
          <Fact name={row.took}>
            <span className="num">{formatSpan(run.endedAt - run.startedAt)}</span>
          </Fact>
          <Fact name={row.ending}>
            {wizard.ending(run.ending ?? 'unknown')}: {run.endingText}
          </Fact>
        </>
      )}
    </dl>
  );
}

/** What a step found, in words where the graph has them: an outcome's name alone is for scripts. */
function outcomeWords(graph: RoutineGraph | null, record: StepRecord): string {
  const step = graph ? stepOf(graph, record.id) : null;
  const { decision, outcome } = record;
  if (decision) {
    const label = step?.decision?.options.find((option) => option.id === decision.choice)?.label;
    return wizard.decided(label ?? decision.choice, decision.by);
  }
  return outcome === null ? '—' : (step?.outcomes[outcome]?.text ?? outcome);
}

function Steps({ run }: { run: RunView }) {
  const graph = useGraph(run.group, run.routine);
  return (
    <section aria-label={text.reportSteps}>
      <h2 className="text-lg font-semibold">{text.reportSteps}</h2>
      {run.droppedSteps > 0 ? <p className="text-muted">{wizard.dropped(run.droppedSteps)}</p> : null}
      <Table label={text.reportSteps} className="text-sm">
        <thead>
          <tr>
            {Object.values(text.reportStepColumns).map((column) => (
              <Th key={column}>{column}</Th>
            ))}
          </tr>
        </thead>
        <tbody>
          {run.steps.map((record) => (
            <tr key={`${record.id}:${record.round}:${record.startedAt}`} className="break-inside-avoid">
              <Td className="align-top">
                <span className="num font-medium">{record.id}</span>
                <span className="block">{graph ? stepOf(graph, record.id)?.title : null}</span>
              </Td>
              <Td className="min-w-40 align-top">{outcomeWords(graph, record)}</Td>
              <Td className="num align-top whitespace-nowrap">{formatUtc(record.startedAt)}</Td>
              <Td className="num align-top whitespace-nowrap">
                {record.endedAt === null ? '—' : formatSpan(record.endedAt - record.startedAt)}
              </Td>
              <Td className="align-top">
                {record.transitions.map((change, index) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: a record is only ever appended to, and changes repeat.
                  <span key={index} className="num block">
                    {wizard.transition(change.pair, change.from, change.to)}
                  </span>
                ))}
                {record.evidence.map((sentence, index) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: a record is only ever appended to, and sentences repeat.
                  <span key={index} className="block">
                    {sentence}
                  </span>
                ))}
              </Td>
            </tr>
          ))}
        </tbody>
      </Table>
    </section>
  );
}
