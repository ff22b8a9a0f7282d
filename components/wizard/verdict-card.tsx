'use client';

import { Printer, Square, Volume2 } from 'lucide-react';
import Link from 'next/link';
import type { ReactNode } from 'react';
import type { Verdict } from '../../server/domain/verdict.ts';
import { lossText, verdictHeadline, verdictSpoken } from '../../server/domain/verdict-text.ts';
import type { RunView } from '../../server/routines/step-graph.ts';
import { formatCount } from '../format/numbers.ts';
import { formatDateTime } from '../format/time.ts';
import { messages } from '../messages/messages.ts';
import { routes } from '../shell/routes.ts';
import { Button, buttonClass } from '../ui/button.tsx';
import { cn } from '../ui/cn.ts';
import { useSpokenVerdict } from './speech.ts';

const { verdict: text } = messages;

const LOOK = {
  'no-data-loss': { frame: 'border-ink', ink: 'text-text' },
  'data-loss': { frame: 'border-failure', ink: 'text-failure' },
  unknown: { frame: 'border-unknown', ink: 'text-unknown' },
} as const;

/** ✓, ✕ or ?: drawn, so that it prints and needs no colour. */
function VerdictSign({ kind }: { kind: Verdict['kind'] }) {
  return (
    <svg
      viewBox="0 0 40 40"
      width="40"
      height="40"
      fill="none"
      stroke="currentColor"
      strokeWidth="4"
      strokeLinecap="round"
      aria-hidden="true"
      className={cn('shrink-0', LOOK[kind].ink)}
    >
      <circle cx="20" cy="20" r="17" strokeWidth="2.5" strokeDasharray={kind === 'unknown' ? '4 5' : undefined} />
      {kind === 'no-data-loss' ? <path d="m12 21 6 6 11-13" strokeLinejoin="round" /> : null}
      {kind === 'data-loss' ? <path d="m13 13 14 14M27 13 13 27" /> : null}
      {kind === 'unknown' ? <path d="M15 16a5 5 0 1 1 7 4.5c-1.5.7-2 1.5-2 3M20 28.5v.2" strokeWidth="3.5" /> : null}
    </svg>
  );
}

interface VerdictBodyProps {
  verdict: Verdict;
  forced: boolean;
  /** The evidence is one press away instead of in view: a decision waits below. */
  folded?: boolean;
}

/** What is said of the data, with everything it rests on. */
export function VerdictBody({ verdict, forced, folded = false }: VerdictBodyProps) {
  const { ink } = LOOK[verdict.kind];
  return (
    <>
      <div className="flex items-start gap-4">
        <VerdictSign kind={verdict.kind} />
        <div className="min-w-0">
          <h2 className={cn('text-verdict font-semibold', ink)} data-testid="verdict-headline">
            {verdictHeadline(verdict)}
          </h2>
          <p>{text.survivor(formatCount(verdict.survivorNumber))}</p>
          {verdict.kind === 'unknown' && verdict.lost.updates > 0 ? (
            <p>
              {text.lowerBound}: {lossText(verdict.lost)}
            </p>
          ) : null}
          <p className={cn(!verdict.fenced && 'font-medium text-failure')}>
            {verdict.fenced ? text.fenced : text.notFenced}
          </p>
          {forced ? <p className="font-semibold text-failure">{text.forced}</p> : null}
          {verdict.attestation ? (
            <p>
              {text.attested(verdict.attestation.by, formatDateTime(verdict.attestation.destroyedAt))} “
              {verdict.attestation.text}”
            </p>
          ) : null}
        </div>
      </div>
      {folded ? (
        <details>
          <summary className="min-h-6 cursor-pointer font-semibold phone:min-h-11">
            {text.restsOnCount(new Set(verdict.evidence).size)}
          </summary>
          <SentenceList items={verdict.evidence} />
        </details>
      ) : (
        <Sentences title={text.restsOn} items={verdict.evidence} />
      )}
      <Sentences title={text.missing} items={verdict.missing} />
      <Sentences title={text.toSettle} items={verdict.toSettle} />
    </>
  );
}

function Sentences({ title, items }: { title: string; items: readonly string[] }): ReactNode {
  if (items.length === 0) return null;
  return (
    <div>
      <h3 className="font-semibold">{title}</h3>
      <SentenceList items={items} />
    </div>
  );
}

function SentenceList({ items }: { items: readonly string[] }) {
  return (
    <ul className="flex list-disc flex-col gap-0.5 pl-5">
      {[...new Set(items)].map((sentence) => (
        <li key={sentence} className="max-w-[90ch]">
          {sentence}
        </li>
      ))}
    </ul>
  );
}

/** The verdict on screen, spoken, and with a way to paper. */
export function VerdictCard({ run, verdict }: { run: RunView; verdict: Verdict }) {
  const speech = useSpokenVerdict(run.run, verdictSpoken(verdict));
  return (
    <section
      aria-label={text.title}
      className={cn('flex flex-col gap-3 rounded-lg border-2 bg-surface p-4', LOOK[verdict.kind].frame)}
      data-testid="verdict"
      data-verdict={verdict.kind}
    >
      <VerdictBody verdict={verdict} forced={run.forced} folded={run.status === 'waiting-decision'} />
      <div className="no-print flex flex-wrap gap-2">
        <Button
          refused={speech.available ? null : text.noSpeech}
          onClick={speech.speaking ? speech.stop : speech.speak}
        >
          {speech.speaking ? <Square size={16} aria-hidden="true" /> : <Volume2 size={16} aria-hidden="true" />}
          {speech.speaking ? text.stopSpeaking : text.speak}
        </Button>
        <Link href={routes.report(run.group, run.run)} className={buttonClass()}>
          <Printer size={16} aria-hidden="true" />
          {messages.wizard.report}
        </Link>
      </div>
    </section>
  );
}
