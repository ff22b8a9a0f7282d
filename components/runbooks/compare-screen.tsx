'use client';

import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { useSearchParams } from 'next/navigation';
import type { DrillEntry, DrillReplay } from '../../server/api/views.ts';
import {
  type ComparedPhase,
  comparePhases,
  compareSteps,
  type Difference,
} from '../../server/domain/evidence/compare.ts';
import { softwareDifference, topologyDifferences } from '../../server/domain/evidence/staleness.ts';
import { formatCount, NOTHING } from '../format/numbers.ts';
import { formatSpan } from '../format/time.ts';
import { Instant } from '../live/age.tsx';
import { refusalOfError } from '../live/refusal-of.ts';
import { useTRPC } from '../live/trpc.ts';
import { messages } from '../messages/messages.ts';
import { routes } from '../shell/routes.ts';
import { Button, buttonClass } from '../ui/button.tsx';
import { cn } from '../ui/cn.ts';
import { Empty, Failure } from '../ui/notice.tsx';
import { Panel } from '../ui/panel.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { Table, Td, Th } from '../ui/table.tsx';
import { Outcome } from './outcome.tsx';
import { phaseName } from './trend-panel.tsx';

const { compare: text, player } = messages.runbooks;

interface Side {
  drill: DrillEntry;
  replay: DrillReplay;
}

function useSide(bundle: string | null) {
  const trpc = useTRPC();
  const drill = useQuery({ ...trpc.drills.get.queryOptions({ drill: bundle ?? '' }), enabled: bundle !== null });
  const replay = useQuery({
    ...trpc.drills.replay.queryOptions({ drill: bundle ?? '' }),
    enabled: bundle !== null,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const side: Side | null = drill.data && replay.data ? { drill: drill.data, replay: replay.data } : null;
  const retry = () => void Promise.all([drill.refetch(), replay.refetch()]);
  return { side, error: drill.error ?? replay.error, retry };
}

/** Two drills of a group side by side, the earlier one first, from their sealed files. */
export function CompareScreen({ group }: { group: string }) {
  const search = useSearchParams();
  const one = useSide(search.get('a'));
  const other = useSide(search.get('b'));
  const error = one.error ?? other.error;
  const [before, after] = [one.side, other.side]
    .filter((side) => side !== null)
    .sort((a, b) => a.drill.startedAt - b.drill.startedAt);
  return (
    <div className="flex flex-col gap-4 p-4 phone:p-3">
      <div className="flex flex-wrap items-baseline gap-x-4 gap-y-1">
        <h1 className="text-xl font-semibold">{text.title}</h1>
        <Link href={routes.runbooks(group)} className={buttonClass({ look: 'ghost' })}>
          {player.back}
        </Link>
      </div>
      {search.get('a') === null || search.get('b') === null ? (
        <Empty title={text.chooseTwo} text={text.chooseTwoText} />
      ) : error ? (
        <Failure title={player.readFailed} text={`${refusalOfError(error).message} ${refusalOfError(error).cure}`}>
          <Button
            onClick={() => {
              one.retry();
              other.retry();
            }}
          >
            {messages.common.retry}
          </Button>
        </Failure>
      ) : before && after ? (
        <Compared before={before} after={after} />
      ) : (
        <Skeleton className="h-96" />
      )}
    </div>
  );
}

function Compared({ before, after }: { before: Side; after: Side }) {
  const phases = comparePhases(before.replay.phases, after.replay.phases);
  const steps = compareSteps(before.replay.runs, after.replay.runs);
  return (
    <>
      <div className="grid gap-4 md:grid-cols-2">
        <DrillHead title={text.before} side={before} />
        <DrillHead title={text.after} side={after} />
      </div>
      <Panel title={text.differences}>
        <Circumstances before={before.drill} after={after.drill} />
      </Panel>
      <Panel title={text.phases}>
        {phases.length === 0 ? <p className="p-4 text-muted">{text.phasesNone}</p> : <Phases phases={phases} />}
      </Panel>
      <Panel title={text.steps}>
        {steps.length === 0 ? (
          <p className="p-4 text-muted">{text.stepsNone}</p>
        ) : (
          <Table label={text.steps}>
            <thead>
              <tr>
                {[text.step, text.outcomes, text.before, text.after, text.difference].map((column) => (
                  <Th key={column}>{column}</Th>
                ))}
              </tr>
            </thead>
            <tbody>
              {steps.map(({ routine, step, round, outcomes, only, duration }) => (
                <tr key={`${routine} ${step} ${round}`}>
                  <Td>
                    <span className="num font-medium">{step}</span>{' '}
                    <span className="text-sm text-muted">{phaseName({ routine, round })}</span>
                  </Td>
                  <Td>{outcomes[0] === outcomes[1] || only ? (outcomes[1] ?? outcomes[0]) : outcomes.join(' → ')}</Td>
                  <Figures difference={duration} only={only} />
                </tr>
              ))}
            </tbody>
          </Table>
        )}
      </Panel>
    </>
  );
}

function DrillHead({ title, side: { drill } }: { title: string; side: Side }) {
  return (
    <Panel title={title}>
      <div className="flex flex-wrap items-baseline gap-x-4 gap-y-1 px-4 py-3">
        <span className="font-medium">{drill.title}</span>
        <Link
          href={routes.drill(drill.group, drill.bundle)}
          className="num inline-flex min-h-6 items-center underline decoration-line-strong underline-offset-4"
        >
          {drill.bundle}
        </Link>
        <Instant at={drill.startedAt} withDate className="text-muted" />
        <Outcome drill={drill} />
      </div>
    </Panel>
  );
}

/** What was not the same: runbook, software, topology. */
function Circumstances({ before, after }: { before: DrillEntry; after: DrillEntry }) {
  if (!before.basis || !after.basis) return <p className="p-4 text-unknown">{text.basisUnknown}</p>;
  const software = softwareDifference(before.basis.software, after.basis.software);
  const all = [
    ...(before.runbook === after.runbook
      ? before.basis.runbook === after.basis.runbook
        ? []
        : [text.runbookChanged]
      : [text.otherRunbook(before.title, after.title)]),
    ...(software ? [software] : []),
    ...topologyDifferences(before.basis.topology, after.basis.topology),
  ];
  if (all.length === 0) return <p className="p-4">{text.same}</p>;
  return (
    <ul className="list-disc px-4 py-3 pl-8">
      {all.map((each) => (
        <li key={each}>{each}</li>
      ))}
    </ul>
  );
}

function Phases({ phases }: { phases: readonly ComparedPhase[] }) {
  return (
    <Table label={text.phases}>
      <thead>
        <tr>
          {[text.phase, text.measure, text.before, text.after, text.difference].map((column) => (
            <Th key={column}>{column}</Th>
          ))}
        </tr>
      </thead>
      <tbody>
        {phases.flatMap((phase) => {
          const rows: [string, Difference, (value: number) => string][] = [
            [player.phaseColumns.took, phase.duration, formatSpan],
            [player.phaseColumns.outage, phase.outage, formatSpan],
            [player.phaseColumns.exposed, phase.worstRpo, formatSpan],
            [text.lostUpdates, phase.lostUpdates, formatCount],
          ];
          return rows.map(([measure, difference, format], index) => (
            <tr key={`${phaseName(phase)} ${measure}`}>
              <Td className={cn('font-medium', index > 0 && 'text-transparent')}>
                {index === 0 ? phaseName(phase) : <span className="sr-only">{phaseName(phase)}</span>}
              </Td>
              <Td>{measure}</Td>
              <Figures difference={difference} only={phase.only} format={format} />
            </tr>
          ));
        })}
      </tbody>
    </Table>
  );
}

interface FiguresProps {
  difference: Difference;
  only: 'before' | 'after' | null;
  format?: (value: number) => string;
}

function Figures({ difference: { before, after, by, share }, only, format = formatSpan }: FiguresProps) {
  const word = (value: number | null, walked: boolean) =>
    walked ? (value === null ? NOTHING : format(value)) : text.notWalked;
  const signed = by === null ? NOTHING : by === 0 ? text.equal : `${by > 0 ? '+' : '−'}${format(Math.abs(by))}`;
  const percent =
    share === null || share === 0 ? '' : ` (${share > 0 ? '+' : '−'}${Math.round(Math.abs(share) * 100)} %)`;
  return (
    <>
      <Td className="num">{word(before, only !== 'after')}</Td>
      <Td className="num">{word(after, only !== 'before')}</Td>
      <Td className={cn('num', by !== null && by !== 0 && 'font-medium')}>{only ? NOTHING : `${signed}${percent}`}</Td>
    </>
  );
}
