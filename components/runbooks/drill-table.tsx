'use client';

import Link from 'next/link';
import type { DrillView } from '../../server/api/views.ts';
import { formatSpan } from '../format/time.ts';
import { Instant } from '../live/age.tsx';
import { messages } from '../messages/messages.ts';
import { routes } from '../shell/routes.ts';
import { buttonClass } from '../ui/button.tsx';
import { cn } from '../ui/cn.ts';
import { Panel } from '../ui/panel.tsx';
import { Table, Td, Th } from '../ui/table.tsx';
import { Outcome } from './outcome.tsx';
import { Seal } from './seal.tsx';

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
  const { bundle } = drill;
  return (
    <tr className="align-top hover:bg-raised">
      <Td>
        <Link
          href={routes.drill(drill.group, bundle)}
          className="num inline-flex min-h-6 items-center font-medium underline decoration-line-strong underline-offset-4 hover:decoration-text"
        >
          {bundle}
        </Link>
        <span className={cn('mt-1 flex flex-wrap gap-2', drill.manifestHash === null && 'hidden')}>
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
      <Td className="min-w-40">
        <Outcome drill={drill} />
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
