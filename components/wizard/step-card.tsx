'use client';

import type { ReactNode } from 'react';
import type { GroupStatus } from '../../server/domain/group-status.ts';
import type { RoutineGraph, RoutineStep, RunView, StepRecord } from '../../server/routines/step-graph.ts';
import { formatSpan } from '../format/time.ts';
import { Instant, useElapsed } from '../live/age.tsx';
import { messages } from '../messages/messages.ts';
import { PairStateWord } from '../pair-state/pair-state-word.tsx';
import { cn } from '../ui/cn.ts';
import { Command } from '../ui/notice.tsx';
import { Fact } from '../ui/panel.tsx';
import { RefusalNote } from '../ui/refusal-note.tsx';
import { Table, Td, Th } from '../ui/table.tsx';
import { DecisionCard } from './decision-card.tsx';
import { recordBefore, recordOf, type StepState, stepOf, stepStateOf } from './derive.ts';
import { Progress } from './progress.tsx';
import { StepSign } from './step-sign.tsx';

const { wizard: text } = messages;

/** There is one on a page. */
export const STEP_CARD_ID = 'step-card';

interface StepCardProps {
  graph: RoutineGraph;
  /** Null before a run was started: then the step is only described. */
  run: RunView | null;
  status: GroupStatus;
  step: string;
}

/** One step in full: what it does, who runs it and where, what is expected, what is seen, what it found. */
export function StepCard({ graph, run, status, step: id }: StepCardProps) {
  const step = stepOf(graph, id);
  if (!step) {
    return (
      <div className="flex flex-col gap-2 p-4">
        <h2 className="text-lg font-semibold">{text.unknownStep(id)}</h2>
        <p>{text.unknownStepText}</p>
      </div>
    );
  }
  const record = recordOf(run, id);
  const state = stepStateOf(graph, run, id);
  return (
    <section
      id={STEP_CARD_ID}
      aria-label={`${text.stepCard} ${id}`}
      className="flex flex-col gap-4 p-4"
      data-testid="step-card"
    >
      <StepHead step={step} record={record} state={run ? state : null} />
      {run && state === 'waiting' && step.decision && !run.verdict ? <LedHere run={run} id={id} /> : null}
      {run && state === 'waiting' && step.decision ? (
        <DecisionCard key={`${run.run}:${id}:${record?.round}`} run={run} step={step} />
      ) : null}
      {run?.stoppedBy && state === 'refused' ? (
        <div className="flex flex-col gap-2">
          <h3 className="font-medium">{text.stoppedBecause}</h3>
          <RefusalNote refusal={run.stoppedBy} />
          <p className="text-muted">{text.stoppedText}</p>
        </div>
      ) : null}
      {record?.progress && record.endedAt === null ? <Progress progress={record.progress} /> : null}
      <StepFacts step={step} record={record} waiting={state === 'waiting'} />
      <Expectations step={step} status={status} />
      <Evidence record={record} />
      <Outcomes step={step} taken={record?.outcome ?? null} />
      {run ? (
        <Part title={text.command}>
          <Command text={`npx switchback run show ${run.run}`} />
        </Part>
      ) : null}
    </section>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className="flex flex-col gap-1.5">
      <h3 className="text-sm font-semibold text-muted">{title}</h3>
      {children}
    </div>
  );
}

function StepHead({
  step,
  record,
  state,
}: {
  step: RoutineStep;
  record: StepRecord | null;
  /** Null where there is no run. */
  state: StepState | null;
}) {
  return (
    <div>
      <h2 className="flex flex-wrap items-center gap-2 text-xl font-semibold">
        {state ? <StepSign state={state} className="size-5" /> : null}
        <span className="num">{step.id}</span>
        {step.title}
      </h2>
      <p className="text-sm text-muted">
        {[
          state ? text.stepStates[state] : null,
          record && record.round > 1 ? text.round(record.round) : null,
          step.ours ? text.oursText : null,
        ]
          .filter((word) => word !== null)
          .join(' · ')}
      </p>
      <p className="mt-1 max-w-[75ch]">{step.text}</p>
    </div>
  );
}

interface StepFactsProps {
  step: RoutineStep;
  record: StepRecord | null;
  /** It has asked, and the operator has not answered yet. */
  waiting: boolean;
}

function StepFacts({ step, record, waiting }: StepFactsProps) {
  return (
    <dl className="grid grid-cols-2 gap-x-8 phone:grid-cols-1">
      <Fact name={text.runsOn}>{step.host ? messages.topology.hostTitle(step.host) : text.controlPlane}</Fact>
      {step.target ? (
        <Fact name={text.onSystem}>
          <span className="num font-medium">{step.target}</span>
        </Fact>
      ) : null}
      {record ? (
        <>
          <Fact name={text.started}>
            <Instant at={record.startedAt} />
          </Fact>
          <Fact name={waiting ? text.waitsFor : record.endedAt === null ? text.since : text.took}>
            <Took from={record.startedAt} to={waiting ? null : record.endedAt} />
          </Fact>
          {record.outcome && !waiting ? (
            <Fact name={text.outcome}>
              <strong className="font-medium">{step.outcomes[record.outcome]?.text ?? record.outcome}</strong>
            </Fact>
          ) : null}
          {record.decision ? (
            <Fact name={text.decision}>
              {text.decided(
                step.decision?.options.find((option) => option.id === record.decision?.choice)?.label ??
                  record.decision.choice,
                record.decision.by,
              )}
            </Fact>
          ) : null}
        </>
      ) : null}
    </dl>
  );
}

function Took({ from, to }: { from: number; to: number | null }) {
  return <span className="num">{formatSpan(useElapsed(from, to))}</span>;
}

function Expectations({ step, status }: { step: RoutineStep; status: GroupStatus }) {
  if (step.expects.length === 0) return null;
  const { expectColumns: columns } = text;
  return (
    <Part title={text.expects}>
      <Table label={text.expects} className="text-sm">
        <thead>
          <tr>
            {Object.values(columns).map((column) => (
              <Th key={column} className="px-2 py-1">
                {column}
              </Th>
            ))}
          </tr>
        </thead>
        <tbody>
          {step.expects.map((expected) => {
            const pair = status.pairs.find((each) => each.name === expected.pair);
            return (
              <tr key={expected.pair}>
                <Td className="num px-2">{expected.pair}</Td>
                <Td className="px-2">{statesWord(expected.before)}</Td>
                <Td className="px-2">{expected.during ? messages.states.word(expected.during) : '–'}</Td>
                <Td className="px-2">{statesWord(expected.after)}</Td>
                <Td className="px-2">
                  <PairStateWord state={pair?.state ?? 'absent'} />
                </Td>
              </tr>
            );
          })}
        </tbody>
      </Table>
    </Part>
  );
}

/** A list as long as the table of states says only that any will do. */
function statesWord(states: readonly string[]): string {
  return states.length >= 7 ? text.anyState : states.map((state) => messages.states.word(state)).join(', ');
}

/** What a decision rests on is what the step before it has found. A verdict stands on the page by itself. */
function LedHere({ run, id }: { run: RunView; id: string }) {
  const before = recordBefore(run, id);
  if (!before || before.evidence.length === 0) return null;
  return (
    <Part title={text.ledHere(before.id)}>
      <Sentences of={before.evidence} />
    </Part>
  );
}

function Sentences({ of }: { of: readonly string[] }) {
  return (
    <ul className="flex list-disc flex-col gap-0.5 pl-5">
      {[...new Set(of)].map((sentence) => (
        <li key={sentence}>{sentence}</li>
      ))}
    </ul>
  );
}

function Evidence({ record }: { record: StepRecord | null }) {
  if (!record) return null;
  return (
    <>
      {record.transitions.length > 0 ? (
        <Part title={text.transitions}>
          <ul className="num">
            {record.transitions.map((change, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a list that only grows; one change may occur twice in it.
              <li key={index}>{text.transition(change.pair, change.from, change.to)}</li>
            ))}
          </ul>
        </Part>
      ) : null}
      <Part title={text.evidence}>
        {record.evidence.length === 0 ? <p className="text-muted">{text.evidenceNone}</p> : null}
        <Sentences of={record.evidence} />
      </Part>
      {record.refusal ? <RefusalNote refusal={record.refusal} /> : null}
    </>
  );
}

function Outcomes({ step, taken }: { step: RoutineStep; taken: string | null }) {
  return (
    <details open={taken === null}>
      <summary className="min-h-6 cursor-pointer text-sm font-semibold text-muted phone:min-h-11">
        {text.outcomes}
      </summary>
      <ul className="mt-1 flex flex-col gap-1">
        {Object.entries(step.outcomes).map(([name, outcome]) => (
          <li key={name} className={cn('flex flex-wrap gap-x-2', taken === name && 'font-medium')}>
            <span className="num">{name}</span>
            <span className="min-w-0 flex-1 basis-48">{outcome.text}</span>
            <span className="text-muted">
              {'step' in outcome.next
                ? text.leadsTo(outcome.next.step)
                : text.endsRun(text.ending(outcome.next.ending))}
              {taken === name ? ` (${text.outcomeTaken})` : ''}
            </span>
          </li>
        ))}
      </ul>
    </details>
  );
}
