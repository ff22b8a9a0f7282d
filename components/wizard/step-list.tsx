'use client';

import type { ReactNode } from 'react';
import type { RoutineGraph, RunView } from '../../server/routines/step-graph.ts';
import { messages } from '../messages/messages.ts';
import { cn } from '../ui/cn.ts';
import { listedSteps, recordOf, stepOf } from './derive.ts';
import { StepSign } from './step-sign.tsx';

const { wizard: text } = messages;

interface StepListProps {
  graph: RoutineGraph;
  run: RunView | null;
  selected: string | null;
  onSelect: (step: string) => void;
  /** The open step's card. */
  children: ReactNode;
}

/** The flow chart of a phone: one step under the other, the selected one open. */
export function StepList({ graph, run, selected, onSelect, children }: StepListProps) {
  return (
    <ol aria-label={text.stepList} className="flex flex-col gap-2 p-3">
      {listedSteps(graph, run).map(({ step: id, state }) => {
        const step = stepOf(graph, id);
        const open = selected === id;
        const outcome = recordOf(run, id)?.outcome;
        return (
          <li key={id} className={cn('rounded-md border bg-surface', open ? 'border-2 border-ink' : 'border-line')}>
            <button
              type="button"
              aria-expanded={open}
              aria-current={state === 'current' || state === 'waiting' || state === 'refused' ? 'step' : undefined}
              onClick={() => onSelect(id)}
              className={cn(
                'flex min-h-11 w-full items-center gap-2 px-3 py-2 text-left',
                state === 'not-taken' && 'text-muted',
              )}
            >
              <StepSign state={state} />
              <span className="num font-semibold">{id}</span>
              <span className="min-w-0 flex-1">{step?.title ?? text.unknownStep(id)}</span>
              {run ? <span className="text-sm text-muted">{outcome ?? text.stepStates[state]}</span> : null}
            </button>
            {open ? <div className="border-t border-line">{children}</div> : null}
          </li>
        );
      })}
    </ol>
  );
}
