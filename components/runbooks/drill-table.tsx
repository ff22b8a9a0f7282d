'use client';

import Link from 'next/link';
import { useState } from 'react';
import type { DrillEntry } from '../../server/api/views.ts';
import { formatSpan } from '../format/time.ts';
import { Instant } from '../live/age.tsx';
import { messages } from '../messages/messages.ts';
import { routes } from '../shell/routes.ts';
import { Button, buttonClass } from '../ui/button.tsx';
import { cn } from '../ui/cn.ts';
import { Panel } from '../ui/panel.tsx';
import { Table, Td, Th } from '../ui/table.tsx';
import { Outcome } from './outcome.tsx';
import { Seal } from './seal.tsx';
import { StaleNote } from './stale-note.tsx';

const { runbooks: text } = messages;

/** Sealed drills of the group, newest first; two of them can be compared. */
export function DrillTable({ group, drills }: { group: string; drills: readonly DrillEntry[] }) {
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const choose = (bundle: string, on: boolean) =>
    setChosen(on ? [...chosen, bundle] : chosen.filter((each) => each !== bundle));
  if (drills.length === 0)
    return (
      <Panel title={text.drills}>
        <p className="p-4 text-muted">{text.drillsNone}</p>
      </Panel>
    );
  return (
    <Panel title={text.drills} aside={<Compare group={group} chosen={chosen} />}>
      <Table label={text.drills}>
        <thead>
          <tr>
            <Th className="w-8 pr-0">
              <span className="sr-only">{text.compareAct}</span>
            </Th>
            {Object.values(text.columns).map((column) => (
              <Th key={column}>{column}</Th>
            ))}
          </tr>
        </thead>
        <tbody>
          {drills.map((drill) => (
            <DrillRow
              key={drill.id}
              drill={drill}
              chosen={chosen.includes(drill.bundle)}
              onChoose={(on) => choose(drill.bundle, on)}
            />
          ))}
        </tbody>
      </Table>
    </Panel>
  );
}

function Compare({ group, chosen }: { group: string; chosen: readonly string[] }) {
  const [a, b] = chosen;
  if (chosen.length !== 2 || !a || !b)
    return (
      <Button size="small" refused={text.compareRefused(chosen.length)}>
        {text.compareAct}
      </Button>
    );
  return (
    <Link href={routes.compare(group, a, b)} className={buttonClass({ look: 'primary', size: 'small' })}>
      {text.compareAct}
    </Link>
  );
}

interface DrillRowProps {
  drill: DrillEntry;
  chosen: boolean;
  onChoose: (on: boolean) => void;
}

function DrillRow({ drill, chosen, onChoose }: DrillRowProps) {
  const { bundle, outcome } = drill;
  return (
    <tr className="align-top hover:bg-raised">
      <Td className="pr-0 align-top">
        <label className="inline-flex size-6 cursor-pointer items-center justify-center phone:size-11">
          <input
            type="checkbox"
            aria-label={text.choose(bundle)}
            checked={chosen}
            onChange={(event) => onChoose(event.target.checked)}
            className="size-4 accent-[var(--ink)]"
          />
        </label>
      </Td>
      <Td className="align-top">
        <Link
          href={routes.drill(drill.group, bundle)}
          className="num inline-flex min-h-6 items-center font-medium whitespace-nowrap underline decoration-line-strong underline-offset-4 hover:decoration-text"
        >
          {bundle}
        </Link>
        <span className={cn('mt-1 flex flex-wrap gap-2', drill.manifestHash === null && 'hidden')}>
          <a
            href={routes.evidence(bundle)}
            target="_blank"
            rel="noreferrer"
            aria-label={text.reportOf(bundle)}
            className={buttonClass({ look: 'secondary', size: 'small' })}
          >
            {text.report}
          </a>
          <a
            href={routes.evidenceArchive(bundle)}
            download
            aria-label={text.archiveOf(bundle)}
            className={buttonClass({ size: 'small' })}
          >
            {text.archive}
          </a>
        </span>
      </Td>
      <Td className="min-w-40 align-top">
        <Outcome drill={drill} />
      </Td>
      <Td className="min-w-48 align-top">
        {outcome !== 'passed' ? null : drill.stale.length === 0 ? (
          text.holds
        ) : (
          <StaleNote reasons={drill.stale.map((reason) => reason.text)} />
        )}
      </Td>
      <Td className="align-top">
        <Instant at={drill.startedAt} withDate />
      </Td>
      <Td className="num align-top whitespace-nowrap">
        {drill.endedAt === null ? '' : formatSpan(drill.endedAt - drill.startedAt)}
      </Td>
      <Td className="align-top">
        {drill.startedBy}
        {drill.approvedBy ? (
          <span className="block text-sm text-muted">{text.schedule.approved(drill.approvedBy)}</span>
        ) : null}
      </Td>
      <Td className="min-w-56 align-top">
        <Seal bundle={bundle} />
      </Td>
    </tr>
  );
}
