'use client';

import type { ReactNode } from 'react';
import type { Expectation } from '../../server/domain/expectation.ts';
import { NOTHING } from '../format/numbers.ts';
import { formatMs, formatSpan } from '../format/time.ts';
import { messages } from '../messages/messages.ts';

const { forecast: text } = messages.fleet;

/** What the group can be expected to lose and how long it stands still, before it exists. */
export function Forecast({ expected }: { expected: Expectation | null }) {
  return (
    <section aria-label={text.title} className="col-span-full rounded-md border border-line bg-raised p-3">
      <h3 className="font-medium">{text.title}</h3>
      <p className="text-sm text-muted">{text.basis}</p>
      {expected ? <Figures expected={expected} /> : <p className="mt-2">{text.notYet}</p>}
    </section>
  );
}

function Figures({ expected }: { expected: Expectation }) {
  const { rpoMs, rpoFarthestMs, rto, behind, addedWriteMs, journalFullInMs } = expected;
  const late = behind.filter(({ ms }) => ms === null).map(({ system }) => system);
  return (
    <>
      <dl className="mt-2 grid grid-cols-[1fr_auto] gap-x-4 gap-y-1">
        <Figure name={text.rpo}>{rpoMs === 0 ? text.nothing : formatSpan(rpoMs)}</Figure>
        <Figure name={text.rpoFarthest}>{rpoFarthestMs === null ? text.unbounded : formatSpan(rpoFarthestMs)}</Figure>
        <Figure name={text.rto}>{rto ? text.range(formatSpan(rto.lowMs), formatSpan(rto.highMs)) : NOTHING}</Figure>
        <Figure name={text.addedWrite}>{formatMs(addedWriteMs)}</Figure>
      </dl>
      <p className="mt-1 text-sm text-muted">
        {text.behind(behind.map(({ system, ms }) => `${system} ${ms === null ? text.unbounded : formatSpan(ms)}`))}
      </p>
      {late.length > 0 ? (
        <p className="mt-1 font-medium text-failure">{text.tooNarrow(late, formatSpan(journalFullInMs))}</p>
      ) : null}
    </>
  );
}

function Figure({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-muted">{name}</dt>
      <dd className="num text-right">{children}</dd>
    </>
  );
}
