'use client';

import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import type { FaultOption } from '../../server/api/views.ts';
import { sentence } from '../format/sentence.ts';
import { useLostRefusal } from '../live/live-provider.tsx';
import { refusalOfError } from '../live/refusal-of.ts';
import { useTRPC } from '../live/trpc.ts';
import { messages } from '../messages/messages.ts';
import { Button } from '../ui/button.tsx';
import { Confirm } from '../ui/confirm.tsx';
import { Panel } from '../ui/panel.tsx';
import { RefusalNote } from '../ui/refusal-note.tsx';
import { DegradeForm } from './degrade-form.tsx';
import { type FaultSite, wantsConfirmation } from './derive.ts';

const { faults: text } = messages;

/** Everything that can be broken at one site. */
export function FaultSitePanel({ site }: { site: FaultSite }) {
  return (
    <Panel title={text.site(site.site)}>
      {site.targets.map((target) => (
        <ul key={target.target} aria-label={target.target} className="border-b border-line px-4 py-2 last:border-b-0">
          {target.options.map((option) => (
            <Option key={`${option.kind}:${option.label}`} option={option} />
          ))}
        </ul>
      ))}
    </Panel>
  );
}

/** One fault: a button, what pressing it will do now, and what came of it where it was refused. */
function Option({ option }: { option: FaultOption }) {
  const trpc = useTRPC();
  const lost = useLostRefusal();
  const [open, setOpen] = useState(false);
  const inject = useMutation(trpc.faults.inject.mutationOptions());
  const busy = inject.isPending ? messages.common.busy : null;
  const disabled = option.disabled
    ? { reason: sentence(option.disabled.message), cure: sentence(option.disabled.cure) }
    : null;
  const asksFirst = wantsConfirmation(option.kind) || option.kind === 'degrade';
  return (
    <li className="flex flex-col gap-2 py-1">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <Button
          className="min-w-44 justify-start phone:w-full"
          refused={lost ?? disabled ?? busy}
          aria-expanded={asksFirst ? open : undefined}
          onClick={() => (asksFirst ? setOpen(!open) : inject.mutate(option.input))}
        >
          {option.label}
        </Button>
        <span className="min-w-0 flex-1 basis-44 text-sm text-muted">
          {disabled ? `${disabled.reason} ${disabled.cure}` : sentence(option.preview)}
        </span>
      </div>
      {open && option.kind === 'degrade' ? (
        <DegradeForm
          option={option}
          refused={lost ?? busy}
          onInject={(conditions) => {
            setOpen(false);
            inject.mutate({ ...option.input, conditions });
          }}
          onCancel={() => setOpen(false)}
        />
      ) : null}
      {open && wantsConfirmation(option.kind) && !disabled ? (
        <Confirm
          consequence={sentence(option.preview)}
          act={text.confirmNow(option.label)}
          typed={null}
          refused={lost ?? busy}
          onConfirm={() => {
            setOpen(false);
            inject.mutate(option.input);
          }}
          onCancel={() => setOpen(false)}
        />
      ) : null}
      {inject.error ? <RefusalNote refusal={refusalOfError(inject.error)} /> : null}
    </li>
  );
}
