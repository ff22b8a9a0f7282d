'use client';

import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { DrillView } from '../../server/api/views.ts';
import { formatSpan } from '../format/time.ts';
import { Instant } from '../live/age.tsx';
import { refusalOfError } from '../live/refusal-of.ts';
import { useTRPC } from '../live/trpc.ts';
import { messages } from '../messages/messages.ts';
import { routes } from '../shell/routes.ts';
import { Button, buttonClass } from '../ui/button.tsx';
import { cn } from '../ui/cn.ts';
import { Panel } from '../ui/panel.tsx';
import { RefusalNote } from '../ui/refusal-note.tsx';
import { Table, Td, Th } from '../ui/table.tsx';

const { runbooks: text } = messages;

/** Sealed drills of the group, newest first. */
export function DrillTable({ drills }: { drills: readonly DrillView[] }) {
  return (
    <Panel title={text.drills}>
      {drills.length === 0 ? (
        <p className="p-4 text-muted">{text.drillsNone}</p>
      ) : (
        <Table label={text.drills}>
          <thead>
            <tr>
              {Object.values(text.columns).map((column) => (
                <Th key={column}>{column}</Th>
              ))}
            </tr>
          </thead>
          <tbody>
            {drills.map((drill) => (
              <DrillRow key={drill.id} drill={drill} />
            ))}
          </tbody>
        </Table>
      )}
    </Panel>
  );
}

function DrillRow({ drill }: { drill: DrillView }) {
  const { bundle, outcome, progress } = drill;
  const stoppedAt = outcome === 'passed' ? null : (progress.ended?.stoppedAt ?? progress.last);
  return (
    <tr className="align-top hover:bg-raised">
      <Td>
        <span className="num block font-medium">{bundle}</span>
        <span className="mt-1 flex flex-wrap gap-2">
          <a
            href={routes.evidence(bundle)}
            target="_blank"
            rel="noreferrer"
            aria-label={text.reportOf(bundle)}
            className={buttonClass({ look: 'secondary' })}
          >
            {text.report}
          </a>
          <a
            href={routes.evidenceArchive(bundle)}
            download
            aria-label={text.archiveOf(bundle)}
            className={buttonClass({})}
          >
            {text.archive}
          </a>
        </span>
      </Td>
      <Td
        className={cn(
          'min-w-40',
          (outcome === 'failed' || outcome === 'aborted') && 'font-medium text-failure',
          outcome === 'incomplete' && 'font-medium text-unknown',
        )}
      >
        {text.outcome(outcome ?? 'incomplete')}
        {stoppedAt ? <span className="block text-sm font-normal text-muted">{text.stoppedAt(stoppedAt)}</span> : null}
      </Td>
      <Td>
        <Instant at={drill.startedAt} withDate />
      </Td>
      <Td className="num whitespace-nowrap">
        {drill.endedAt === null ? '' : formatSpan(drill.endedAt - drill.startedAt)}
      </Td>
      <Td>{drill.startedBy}</Td>
      <Td className="min-w-56">
        <Seal bundle={bundle} />
      </Td>
    </tr>
  );
}

/** The hashes are computed anew when asked for; what was found before says nothing of now. */
function Seal({ bundle }: { bundle: string }) {
  const trpc = useTRPC();
  const [asked, setAsked] = useState(false);
  const report = useQuery({ ...trpc.drills.verify.queryOptions({ drill: bundle }), enabled: asked, staleTime: 0 });
  const findings = [...(report.data?.findings ?? []), ...(report.data?.chain ?? [])];
  return (
    <div className="flex flex-col items-start gap-1">
      <Button
        aria-label={text.verifyOf(bundle)}
        refused={report.isFetching ? messages.common.busy : null}
        onClick={() => (asked ? void report.refetch() : setAsked(true))}
      >
        {report.isFetching ? text.verifying : text.verify}
      </Button>
      {report.error ? <RefusalNote refusal={refusalOfError(report.error)} /> : null}
      {report.data && !report.isFetching ? (
        report.data.intact ? (
          <p className="text-sm">{text.intact}</p>
        ) : (
          <div className="text-sm text-failure">
            <p className="font-medium">{text.changed}</p>
            <ul className="list-disc pl-4">
              {findings.map((finding) => (
                <li key={`${finding.bundle} ${finding.kind} ${finding.path}`}>{finding.text}</li>
              ))}
            </ul>
          </div>
        )
      ) : null}
    </div>
  );
}
