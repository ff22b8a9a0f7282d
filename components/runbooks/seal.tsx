'use client';

import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { refusalOfError } from '../live/refusal-of.ts';
import { useTRPC } from '../live/trpc.ts';
import { messages } from '../messages/messages.ts';
import { Button } from '../ui/button.tsx';
import { RefusalNote } from '../ui/refusal-note.tsx';

const { runbooks: text } = messages;

/** The hashes are computed anew when asked for; what was found before says nothing of now. `atOnce`: asked for by being shown. */
export function Seal({ bundle, atOnce = false }: { bundle: string; atOnce?: boolean }) {
  const trpc = useTRPC();
  const [asked, setAsked] = useState(atOnce);
  const report = useQuery({ ...trpc.drills.verify.queryOptions({ drill: bundle }), enabled: asked, staleTime: 0 });
  const findings = [...(report.data?.findings ?? []), ...(report.data?.chain ?? [])];
  return (
    <div className="flex flex-col items-start gap-1">
      <Button
        aria-label={text.verifyOf(bundle)}
        refused={report.isFetching ? messages.common.busy : null}
        onClick={() => (asked ? void report.refetch() : setAsked(true))}
      >
        {report.isFetching ? text.verifying : text.verify}
      </Button>
      {report.error ? <RefusalNote refusal={refusalOfError(report.error)} /> : null}
      {report.data && !report.isFetching ? (
        report.data.intact ? (
          <p className="text-sm">{text.intact}</p>
        ) : (
          <div className="text-sm text-failure">
            <p className="font-medium">{text.changed}</p>
            <ul className="list-disc pl-4">
              {findings.map((finding) => (
                <li key={`${finding.bundle} ${finding.kind} ${finding.path}`}>{finding.text}</li>
              ))}
            </ul>
          </div>
        )
      ) : null}
    </div>
  );
}
