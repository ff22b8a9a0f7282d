'use client';

import Link from 'next/link';
import { useState } from 'react';
import type { DrillView } from '../../server/api/views.ts';
import {
  MEASURES,
  type Measure,
  type TrendLine,
  type TrendPoint,
  trendOf,
} from '../../server/domain/evidence/trend.ts';
import { NOTHING } from '../format/numbers.ts';
import { formatSpan } from '../format/time.ts';
import { Instant } from '../live/age.tsx';
import { messages } from '../messages/messages.ts';
import { routes } from '../shell/routes.ts';
import { Panel } from '../ui/panel.tsx';
import { Segmented } from '../ui/segmented.tsx';
import { Table, Td, Th } from '../ui/table.tsx';
import { TrendPlot } from './trend-plot.tsx';

const { trend: text } = messages.runbooks;

/** RTO and RPO of each phase over the drills of one runbook, oldest first; what did markedly worse is marked by a rule that is told. */
export function TrendPanel({ drills }: { drills: readonly DrillView[] }) {
  const passed = drills
    .filter(({ outcome, phases }) => outcome === 'passed' && phases !== null)
    .sort((one, other) => one.startedAt - other.startedAt);
  const names = [...new Set(passed.map(({ runbook }) => runbook))];
  const [chosen, setChosen] = useState<string | null>(null);
  const [measure, setMeasure] = useState<Measure>('outageMs');
  const runbook = chosen !== null && names.includes(chosen) ? chosen : (names[0] ?? null);
  const own = passed.filter((drill) => drill.runbook === runbook);
  const lines = trendOf(
    own.map(({ bundle, startedAt, phases }) => ({ bundle, at: startedAt, phases: phases ?? [] })),
    measure,
  );
  const titleOf = (name: string) => passed.find((drill) => drill.runbook === name)?.title ?? name;
  return (
    <Panel
      title={text.title}
      aside={
        names.length > 0 ? (
          <span className="flex flex-wrap items-center gap-3">
            {names.length > 1 ? (
              <select
                aria-label={text.runbook}
                value={runbook ?? ''}
                onChange={(event) => setChosen(event.target.value)}
                className="h-8 rounded-md border border-line-strong bg-surface px-2 phone:h-11"
              >
                {names.map((name) => (
                  <option key={name} value={name}>
                    {titleOf(name)}
                  </option>
                ))}
              </select>
            ) : (
              <span className="text-muted">{runbook ? titleOf(runbook) : ''}</span>
            )}
            <Segmented
              label={text.measure}
              value={measure}
              options={MEASURES.map((value) => ({ value, label: text.measures[value] }))}
              onChange={setMeasure}
            />
          </span>
        ) : null
      }
    >
      {own.length === 0 ? (
        <p className="p-4 text-muted">{text.none}</p>
      ) : lines.length === 0 ? (
        <p className="p-4 text-muted">{text.nothingMeasured(own.length)}</p>
      ) : (
        <>
          <div className="grid gap-4 p-4 md:grid-cols-2 xl:grid-cols-3">
            {lines.map((line) => (
              <TrendPlot key={phaseName(line)} title={phaseName(line)} points={line.points} />
            ))}
          </div>
          <TrendTable lines={lines} drills={own} />
          <p className="px-4 py-2 text-sm text-muted">{text.rule[measure]}</p>
        </>
      )}
    </Panel>
  );
}

export function phaseName({ routine, round }: Pick<TrendLine, 'routine' | 'round'>): string {
  const title = messages.wizard.routineTitle(routine);
  return round > 1 ? text.round(title, round) : title;
}

function TrendTable({ lines, drills }: { lines: readonly TrendLine[]; drills: readonly DrillView[] }) {
  return (
    <Table label={text.table}>
      <thead>
        <tr>
          <Th>{text.drill}</Th>
          {lines.map((line) => (
            <Th key={phaseName(line)}>{phaseName(line)}</Th>
          ))}
        </tr>
      </thead>
      <tbody>
        {drills.map((drill, index) => (
          <tr key={drill.bundle}>
            <Td>
              <Link
                href={routes.drill(drill.group, drill.bundle)}
                className="num inline-flex min-h-6 items-center underline decoration-line-strong underline-offset-4"
              >
                {drill.bundle}
              </Link>{' '}
              <Instant at={drill.startedAt} withDate className="text-sm text-muted" />
            </Td>
            {lines.map((line) => (
              <Td key={phaseName(line)} className="num">
                <Value point={line.points[index] ?? null} />
              </Td>
            ))}
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

function Value({ point }: { point: TrendPoint | null }) {
  if (!point || point.ms === null) return NOTHING;
  if (point.limitMs === null) return formatSpan(point.ms);
  return (
    <span className="font-semibold text-failure">
      ▲ {formatSpan(point.ms)} <span className="font-normal">{text.beyond(formatSpan(point.limitMs))}</span>
    </span>
  );
}
