'use client';

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { RunbookEntry, ScheduleView } from '../../server/api/views.ts';
import type { GroupStatus } from '../../server/domain/group-status.ts';
import { useLostRefusal } from '../live/live-provider.tsx';
import { refusalOfError } from '../live/refusal-of.ts';
import { useTRPC } from '../live/trpc.ts';
import { messages } from '../messages/messages.ts';
import { Button } from '../ui/button.tsx';
import { Confirm } from '../ui/confirm.tsx';
import { Empty } from '../ui/notice.tsx';
import { Panel } from '../ui/panel.tsx';
import { RefusalNote } from '../ui/refusal-note.tsx';
import { ApprovedByField } from './approved-by-field.tsx';
import { ScheduleFacts } from './schedule-facts.tsx';
import { ScheduleForm } from './schedule-form.tsx';

const { runbooks: text } = messages;

interface LibraryProps {
  status: GroupStatus;
  entries: readonly RunbookEntry[];
  schedules: readonly ScheduleView[];
  busy: boolean;
}

/** What can be recorded on the group now, and what is recorded by itself. */
export function Library({ status, entries, schedules, busy }: LibraryProps) {
  const fitting = entries.filter((entry) => entry.arrangement === status.arrangement);
  const orphans = schedules.filter(({ runbook }) => !fitting.some(({ name }) => name === runbook));
  if (fitting.length + orphans.length === 0)
    return <Empty title={text.libraryNone(status.arrangement)} text={text.libraryNoneText} />;
  return (
    <Panel title={text.library}>
      <ul className="divide-y divide-line">
        {fitting.map((entry) => (
          <LibraryEntry
            key={entry.name}
            group={status.name}
            entry={entry}
            schedule={schedules.find(({ runbook }) => runbook === entry.name) ?? null}
            busy={busy}
          />
        ))}
        {orphans.map((schedule) => (
          <li key={schedule.runbook} className="px-4 py-3">
            <h3 className="num font-semibold">{schedule.runbook}</h3>
            <p className="text-unknown">{text.schedule.gone}</p>
            <ScheduleFacts schedule={schedule} />
          </li>
        ))}
      </ul>
    </Panel>
  );
}

interface EntryProps {
  group: string;
  entry: RunbookEntry;
  schedule: ScheduleView | null;
  busy: boolean;
}

type Asking = 'record' | 'schedule' | null;

function LibraryEntry({ group, entry, schedule, busy }: EntryProps) {
  const lost = useLostRefusal();
  const [asking, setAsking] = useState<Asking>(null);
  const toggle = (what: Asking) => setAsking(asking === what ? null : what);
  const refused = lost ?? (busy ? text.busy : null);
  return (
    <li className="flex flex-col gap-2 px-4 py-3">
      <div className="flex flex-wrap items-start justify-between gap-x-4 gap-y-2">
        <div className="min-w-0 flex-1 basis-80">
          <h3 className="font-semibold">{entry.title}</h3>
          <p className="max-w-[90ch]">{entry.says}</p>
          <p className="text-sm text-muted">{text.chapters(entry.chapters)}</p>
        </div>
        <span className="flex flex-wrap gap-2">
          <Button
            refused={refused}
            aria-label={text.recordOf(entry.title)}
            aria-expanded={asking === 'record'}
            onClick={() => toggle('record')}
          >
            {text.record}
          </Button>
          <Button
            refused={lost}
            aria-label={text.schedule.openOf(entry.title)}
            aria-expanded={asking === 'schedule'}
            onClick={() => toggle('schedule')}
          >
            {text.schedule.open}
          </Button>
        </span>
      </div>
      {schedule ? <ScheduleFacts schedule={schedule} /> : null}
      {asking === 'record' && !busy ? (
        <RecordForm group={group} entry={entry} refused={refused} onDone={() => setAsking(null)} />
      ) : null}
      {asking === 'schedule' ? (
        <ScheduleForm group={group} entry={entry} schedule={schedule} onDone={() => setAsking(null)} />
      ) : null}
    </li>
  );
}

interface RecordFormProps {
  group: string;
  entry: RunbookEntry;
  refused: { reason: string; cure: string } | null;
  onDone: () => void;
}

function RecordForm({ group, entry, refused, onDone }: RecordFormProps) {
  const trpc = useTRPC();
  const cache = useQueryClient();
  const [approvedBy, setApprovedBy] = useState('');
  const start = useMutation(
    trpc.drills.start.mutationOptions({
      onSuccess: () => {
        onDone();
        return cache.invalidateQueries(trpc.drills.list.queryFilter());
      },
    }),
  );
  return (
    <>
      <Confirm
        consequence={text.recordConsequence(entry.title, group)}
        act={text.recordAct(entry.title)}
        typed={null}
        refused={refused}
        busy={start.isPending}
        onConfirm={() => start.mutate({ runbook: entry.name, group, approvedBy: approvedBy.trim() || null })}
        onCancel={onDone}
      >
        <ApprovedByField value={approvedBy} onChange={setApprovedBy} />
      </Confirm>
      {start.error ? <RefusalNote refusal={refusalOfError(start.error)} /> : null}
    </>
  );
}
