'use client';

import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import type { FaultView } from '../../server/api/views.ts';
import { formatClock } from '../format/time.ts';
import { Instant, useElapsed } from '../live/age.tsx';
import { useLive, useLostRefusal } from '../live/live-provider.tsx';
import { refusalOfError } from '../live/refusal-of.ts';
import { useTRPC } from '../live/trpc.ts';
import { messages } from '../messages/messages.ts';
import { Button } from '../ui/button.tsx';
import { Confirm } from '../ui/confirm.tsx';
import { Panel } from '../ui/panel.tsx';
import { RefusalNote } from '../ui/refusal-note.tsx';

const { faults: text } = messages;

/** Faults that stand, each with its timer and the one press that clears it. */
export function ActiveFaults({ group }: { group: string }) {
  const active = useLive((state) => state.faults).filter((fault) => fault.clearedAt === null);
  const [confirming, setConfirming] = useState(false);
  const trpc = useTRPC();
  const lost = useLostRefusal();
  const clearAll = useMutation(trpc.faults.clearAll.mutationOptions());
  return (
    <Panel
      title={text.active}
      aside={
        active.length > 1 ? (
          <Button
            size="small"
            refused={lost ?? (clearAll.isPending ? messages.common.busy : null)}
            onClick={() => setConfirming(true)}
          >
            {clearAll.isPending ? text.clearing : text.clearAll}
          </Button>
        ) : null
      }
    >
      {confirming && active.length > 1 ? (
        <div className="p-3">
          <Confirm
            consequence={text.clearAllConfirm(active.length)}
            act={text.clearAllAct(active.length)}
            typed={null}
            refused={lost}
            onConfirm={() => {
              setConfirming(false);
              clearAll.mutate({ group });
            }}
            onCancel={() => setConfirming(false)}
          />
        </div>
      ) : null}
      {clearAll.error ? (
        <div className="p-3">
          <RefusalNote refusal={refusalOfError(clearAll.error)} />
        </div>
      ) : null}
      {active.length === 0 ? <p className="p-4 text-muted">{text.activeNone}</p> : null}
      <ul aria-label={text.active}>
        {active.map((fault) => (
          <ActiveFault key={fault.id} fault={fault} />
        ))}
      </ul>
    </Panel>
  );
}

function ActiveFault({ fault }: { fault: FaultView }) {
  const trpc = useTRPC();
  const lost = useLostRefusal();
  const clear = useMutation(trpc.faults.clear.mutationOptions());
  const elapsed = useElapsed(fault.startedAt, null);
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-1 border-b border-line px-4 py-2 last:border-b-0">
      <span className="num text-lg font-medium">{formatClock(elapsed)}</span>
      <div className="min-w-0 flex-1 basis-64">
        <p className="font-medium">{fault.text}</p>
        <p className="text-sm text-muted">
          {text.since} <Instant at={fault.startedAt} /> {text.startedBy(fault.startedBy)} · {fault.cure}
        </p>
        {clear.error ? <RefusalNote refusal={refusalOfError(clear.error)} /> : null}
      </div>
      <Button
        aria-label={text.clearOf(fault.text)}
        refused={lost ?? (clear.isPending ? messages.common.busy : null)}
        onClick={() => clear.mutate({ fault: fault.id })}
      >
        {clear.isPending ? text.clearing : text.clear}
      </Button>
    </li>
  );
}
