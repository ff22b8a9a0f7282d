'use client';

import { useState } from 'react';
import type { GroupStatus } from '../../server/domain/group-status.ts';
import { refusalOfError } from '../live/refusal-of.ts';
import { messages } from '../messages/messages.ts';
import { Panel } from '../ui/panel.tsx';
import { RefusalNote } from '../ui/refusal-note.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { usePhone } from '../ui/use-phone.ts';
import { FlowChart } from './flow-chart.tsx';
import { StepCard } from './step-card.tsx';
import { StepList } from './step-list.tsx';
import { useGraph, useRoutines } from './use-routines.ts';

const { wizard: text } = messages;

/** The routine as it is drawn while it runs, before it does: what each step will do, and where it may lead. */
export function PlannedSteps({ status, routine }: { status: GroupStatus; routine: string }) {
  const routines = useRoutines(status.name);
  const graph = useGraph(status.name, routine);
  const phone = usePhone();
  const [chosen, setChosen] = useState<string | null>(null);
  if (routines.error) return <RefusalNote refusal={refusalOfError(routines.error)} />;
  if (!graph || phone === null) return <Skeleton className="h-96" />;
  if (phone) {
    return (
      <Panel title={text.planned}>
        <details>
          <summary className="flex min-h-11 cursor-pointer items-center px-4 underline underline-offset-4">
            {text.plannedShow(graph.steps.length)}
          </summary>
          <p className="px-4 text-sm text-muted">{text.plannedText}</p>
          <StepList
            graph={graph}
            run={null}
            selected={chosen}
            onSelect={(step) => setChosen(step === chosen ? null : step)}
          >
            {chosen ? <StepCard graph={graph} run={null} status={status} step={chosen} /> : null}
          </StepList>
        </details>
      </Panel>
    );
  }
  const shown = chosen ?? graph.first;
  return (
    <Panel title={text.planned} aside={<span className="text-sm text-muted">{text.plannedText}</span>}>
      <div className="flex h-[34rem]">
        <div className="flex min-h-0 w-1/2 shrink-0 flex-col overflow-hidden rounded-bl-lg border-r border-line">
          <FlowChart graph={graph} run={null} selected={shown} onSelect={setChosen} />
        </div>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard. */}
        <section aria-label={text.stepCard} tabIndex={0} className="relative min-w-0 flex-1 overflow-y-auto">
          <StepCard graph={graph} run={null} status={status} step={shown} />
        </section>
      </div>
    </Panel>
  );
}
