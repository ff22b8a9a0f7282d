'use client';

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useDeferredValue, useId, useState } from 'react';
import type { RunbookEntry, ScheduleView } from '../../server/api/views.ts';
import { sentence } from '../format/sentence.ts';
import { useLostRefusal } from '../live/live-provider.tsx';
import { refusalOfError } from '../live/refusal-of.ts';
import { useTRPC } from '../live/trpc.ts';
import { messages } from '../messages/messages.ts';
import { Button } from '../ui/button.tsx';
import { RefusalNote } from '../ui/refusal-note.tsx';
import { ApprovedByField, fieldStyle } from './approved-by-field.tsx';
import { ZonedInstant } from './zoned-instant.tsx';

const { schedule: text } = messages.runbooks;

/** Mondays at three. */
const PROPOSED = '0 3 * * 1';

interface ScheduleFormProps {
  group: string;
  entry: RunbookEntry;
  schedule: ScheduleView | null;
  onDone: () => void;
}

/** A cron expression with its meaning in words and the next times it comes, while it is typed. */
export function ScheduleForm({ group, entry, schedule, onDone }: ScheduleFormProps) {
  const trpc = useTRPC();
  const cache = useQueryClient();
  const lost = useLostRefusal();
  const [cron, setCron] = useState(schedule?.cron ?? PROPOSED);
  const [zone, setZone] = useState(schedule?.zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone);
  const [approvedBy, setApprovedBy] = useState(schedule?.approvedBy ?? '');
  const [enabled, setEnabled] = useState(schedule?.enabled ?? true);
  const asked = { cron: useDeferredValue(cron.trim()), zone: useDeferredValue(zone.trim()) };
  const read = useQuery({
    ...trpc.drills.readCron.queryOptions(asked),
    enabled: asked.cron !== '' && asked.zone !== '',
    retry: false,
    placeholderData: (previous) => previous,
  });
  const saved = { onSuccess: () => cache.invalidateQueries(trpc.drills.schedules.queryFilter()).then(onDone) };
  const put = useMutation(trpc.drills.schedule.mutationOptions(saved));
  const remove = useMutation(trpc.drills.unschedule.mutationOptions(saved));
  const busy = put.isPending || remove.isPending ? messages.common.busy : null;
  const wrong = read.error ? refusalOfError(read.error) : null;
  const refused = wrong ? { reason: sentence(wrong.message), cure: wrong.cure } : null;
  const failed = put.error ?? remove.error;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would be announced as a form that submits, and this never does.
    <div
      role="group"
      aria-label={text.titleOf(entry.title)}
      className="flex flex-col gap-3 rounded-md border-2 border-ink bg-surface p-3"
    >
      <div className="grid gap-3 sm:grid-cols-2">
        <label className="flex flex-col gap-1">
          <span>{text.cron}</span>
          <input
            value={cron}
            onChange={(event) => setCron(event.target.value)}
            autoComplete="off"
            spellCheck={false}
            aria-invalid={wrong !== null}
            className={`num ${fieldStyle}`}
          />
          <span className="text-sm text-muted">{text.cronHint}</span>
        </label>
        <ZoneField value={zone} onChange={setZone} />
      </div>
      <div aria-live="polite" className="min-h-12">
        {wrong ? (
          <RefusalNote refusal={wrong} />
        ) : read.data ? (
          <>
            <p className="font-medium">{sentence(read.data.words)}</p>
            <p className="text-sm text-muted">
              {text.next}{' '}
              {read.data.next.map((at, index) => (
                <span key={at}>
                  {index > 0 ? ' · ' : ''}
                  <ZonedInstant at={at} zone={read.data.zone} />
                </span>
              ))}
            </p>
          </>
        ) : null}
      </div>
      <ApprovedByField value={approvedBy} onChange={setApprovedBy} />
      <label className="inline-flex min-h-6 items-center gap-2 phone:min-h-11">
        <input
          type="checkbox"
          checked={enabled}
          onChange={(event) => setEnabled(event.target.checked)}
          className="size-4 accent-[var(--ink)]"
        />
        {text.enabled}
      </label>
      <p className="max-w-[90ch] text-sm text-muted">{text.consequence(group)}</p>
      <div className="flex flex-wrap gap-2">
        <Button
          look="primary"
          refused={lost ?? refused ?? busy}
          onClick={() =>
            put.mutate({
              ...{ group, runbook: entry.name, cron: cron.trim(), zone: zone.trim(), enabled },
              approvedBy: approvedBy.trim() || null,
            })
          }
        >
          {text.save}
        </Button>
        {schedule ? (
          <Button refused={lost ?? busy} onClick={() => remove.mutate({ group, runbook: entry.name })}>
            {text.remove}
          </Button>
        ) : null}
        <Button onClick={onDone}>{messages.common.cancel}</Button>
      </div>
      {failed ? <RefusalNote refusal={refusalOfError(failed)} /> : null}
    </div>
  );
}

function ZoneField({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const list = useId();
  return (
    <label className="flex flex-col gap-1">
      <span>{text.zone}</span>
      <input
        value={value}
        onChange={(event) => onChange(event.target.value)}
        list={list}
        autoComplete="off"
        spellCheck={false}
        className={fieldStyle}
      />
      <datalist id={list}>
        {['UTC', ...Intl.supportedValuesOf('timeZone')].map((zone) => (
          <option key={zone} value={zone} />
        ))}
      </datalist>
      <span className="text-sm text-muted">{text.zoneHint}</span>
    </label>
  );
}
