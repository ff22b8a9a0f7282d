'use client';

import { useState } from 'react';
import { messages } from '../messages/messages.ts';
import { PairStateWord } from '../pair-state/pair-state-word.tsx';
import { Button } from '../ui/button.tsx';
import { PairShaft } from './pair-shaft.tsx';

const STATES = [
  'duplex',
  'simplex',
  'initial-copying',
  'duplex-pending',
  'suspending',
  'suspend',
  'failure-suspend',
  'unknown',
] as const;

function Sample({ kind, state, box }: { kind: 'sync' | 'async'; state: string; box?: string }) {
  return (
    <svg width="72" height="24" aria-hidden="true" className="shrink-0">
      {box ? (
        <rect
          x="1"
          y="1"
          width="70"
          height="22"
          rx="6"
          fill="none"
          stroke="var(--border-strong)"
          strokeDasharray={box}
        />
      ) : null}
      <PairShaft from={{ x: 4, y: 12 }} to={{ x: 68, y: 12 }} kind={kind} state={state} moving={false} bold={false} />
    </svg>
  );
}

/** The sources' drawing language, explained where it is used. */
export function Legend() {
  const [open, setOpen] = useState(false);
  const { topology: text, states } = messages;
  return (
    <div className="no-print absolute bottom-3 left-3 z-10 max-w-[calc(100%-24px)]">
      {open ? (
        <section
          id="legend"
          aria-label={text.legend}
          className="mb-2 grid max-h-[60vh] grid-cols-[auto_auto] gap-x-8 gap-y-1 overflow-y-auto rounded-lg border border-line-strong bg-surface p-4 text-sm"
        >
          <ul className="flex flex-col gap-1.5">
            <Row sample={<Sample kind="sync" state="duplex" box="8 5" />} text={text.legendText.dashed} />
            <Row sample={<Sample kind="async" state="duplex" box="12 4 2 4" />} text={text.legendText.chainDot} />
            <Row sample={<Sample kind="async" state="duplex-pending" />} text={text.legendText.filled} />
            <Row sample={<Sample kind="async" state="suspend" />} text={text.legendText.hollow} />
            <Row sample={<BoldSample />} text={text.legendText.bold} />
            <Row sample={<RulerSample />} text={text.legendText.ruler} />
            <Row sample={<SwitchSample />} text={text.legendText.switch} />
          </ul>
          <ul className="flex flex-col gap-1" aria-label={text.legendText.states}>
            {STATES.map((state) => (
              <li key={state} className="flex items-center gap-3">
                <PairStateWord state={state} className="min-w-36" />
                <span className="text-muted">{states.meaning[state]}</span>
              </li>
            ))}
          </ul>
        </section>
      ) : null}
      <Button size="small" aria-expanded={open} aria-controls="legend" onClick={() => setOpen(!open)}>
        {open ? text.legendHide : text.legendShow}
      </Button>
    </div>
  );
}

function Row({ sample, text }: { sample: React.ReactNode; text: string }) {
  return (
    <li className="flex items-center gap-3">
      {sample}
      <span>{text}</span>
    </li>
  );
}

function BoldSample() {
  return (
    <svg width="72" height="24" aria-hidden="true" className="shrink-0">
      <rect x="8" y="5" width="46" height="17" rx="4" fill="var(--surface)" stroke="var(--ink)" strokeWidth="3" />
      <rect x="40" y="0" width="30" height="12" rx="3" fill="var(--ink)" />
      <text x="55" y="9" textAnchor="middle" fontSize="9" fontWeight="600" fill="var(--on-ink)">
        S230
      </text>
    </svg>
  );
}

function RulerSample() {
  return (
    <svg width="72" height="24" aria-hidden="true" className="shrink-0">
      <path d="M4 6v12M68 6v12M4 12h64" stroke="var(--muted)" fill="none" />
    </svg>
  );
}

function SwitchSample() {
  return (
    <svg width="72" height="24" aria-hidden="true" className="shrink-0">
      <path d="M36 2l10 10-10 10-10-10z" fill="var(--surface)" stroke="var(--border-strong)" />
    </svg>
  );
}
