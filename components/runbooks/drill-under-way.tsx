'use client';

import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { DrillView } from '../../server/api/views.ts';
import { formatAge } from '../format/time.ts';
import { useElapsed } from '../live/age.tsx';
import { refusalOfError } from '../live/refusal-of.ts';
import { useTRPC } from '../live/trpc.ts';
import { messages } from '../messages/messages.ts';
import { Button } from '../ui/button.tsx';
import { Panel } from '../ui/panel.tsx';
import { RefusalNote } from '../ui/refusal-note.tsx';

const { runbooks: text } = messages;

/** A recording as it goes: what was done and seen last, by the recorder's own notes. */
export function DrillUnderWay({ drill }: { drill: DrillView }) {
  const trpc = useTRPC();
  const cache = useQueryClient();
  const elapsed = useElapsed(drill.startedAt, drill.endedAt);
  const abort = useMutation(
    trpc.drills.abort.mutationOptions({ onSuccess: () => cache.invalidateQueries(trpc.drills.list.queryFilter()) }),
  );
  const { chapter, last, done } = drill.progress;
  return (
    <Panel
      title={`${text.underWay}: ${drill.title}`}
      aside={<span className="num text-sm text-muted">{formatAge(elapsed)}</span>}
      data-testid="drill-under-way"
    >
      <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-2 px-4 py-3">
        <div className="min-w-0">
          <p className="font-medium">
            {drill.status === 'sealing' ? text.sealing : chapter ? text.chapterNow(chapter) : text.notBegun}
          </p>
          {last ? <p>{last}</p> : null}
          <p className="text-sm text-muted">{text.seen(done)}</p>
        </div>
        {drill.status === 'recording' ? (
          <Button
            refused={abort.isPending ? messages.common.busy : null}
            onClick={() => abort.mutate({ drill: drill.id })}
          >
            {text.stop}
          </Button>
        ) : null}
      </div>
      {abort.error ? <RefusalNote refusal={refusalOfError(abort.error)} /> : null}
    </Panel>
  );
}
