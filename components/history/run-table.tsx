'use client';

import Link from 'next/link';
import type { RunView } from '../../server/routines/step-graph.ts';
import { formatSpan } from '../format/time.ts';
import { Instant, useElapsed } from '../live/age.tsx';
import { messages } from '../messages/messages.ts';
import { routes } from '../shell/routes.ts';
import { cn } from '../ui/cn.ts';
import { Table, Td, Th } from '../ui/table.tsx';

const { history: text, wizard } = messages;

/** Runs, newest first, each a link to its record. */
export function RunTable({ runs }: { runs: readonly RunView[] }) {
  return (
    <Table label={text.runs}>
      <thead>
        <tr>
          {Object.values(text.runColumns).map((column) => (
            <Th key={column}>{column}</Th>
          ))}
        </tr>
      </thead>
      <tbody>
        {runs.map((run) => (
          <RunRow key={run.run} run={run} />
        ))}
      </tbody>
    </Table>
  );
}

function endingWord(run: RunView): string {
  if (run.status === 'ended') return wizard.ending(run.ending ?? 'unknown');
  return run.status === 'running' ? text.underWay(run.currentStep) : text.waits(run.currentStep);
}

function RunRow({ run }: { run: RunView }) {
  const took = useElapsed(run.startedAt, run.endedAt);
  return (
    <tr className="hover:bg-raised">
      <Td className="whitespace-nowrap">
        <Link
          href={routes.run(run.group, run.run)}
          className="inline-flex min-h-6 items-center font-medium underline decoration-line-strong underline-offset-4 hover:decoration-text phone:min-h-11"
        >
          {wizard.routineTitle(run.routine)}
        </Link>
      </Td>
      <Td className="num">{run.group}</Td>
      <Td>
        <Instant at={run.startedAt} withDate />
      </Td>
      <Td className="num whitespace-nowrap">{formatSpan(took)}</Td>
      <Td
        className={cn(
          'min-w-48',
          run.ending === 'failed' && 'font-medium text-failure',
          run.ending === 'unknown' && 'font-medium text-unknown',
        )}
      >
        {endingWord(run)}
        {run.endingText ? <span className="block text-sm font-normal text-muted">{run.endingText}</span> : null}
      </Td>
      <Td
        className={cn(
          'whitespace-nowrap',
          run.verdict?.kind === 'data-loss' && 'font-medium text-failure',
          run.verdict?.kind === 'unknown' && 'font-medium text-unknown',
        )}
      >
        {run.verdict ? messages.verdict.kind(run.verdict.kind) : text.verdictNone}
      </Td>
      <Td>{run.startedBy}</Td>
    </tr>
  );
}
