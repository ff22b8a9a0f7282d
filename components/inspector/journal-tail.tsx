'use client';

import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { SystemStatus } from '../../server/domain/group-status.ts';
import { formatBytes, formatCount } from '../format/numbers.ts';
import { Instant } from '../live/age.tsx';
import { refusalOfError } from '../live/refusal-of.ts';
import { useTRPC } from '../live/trpc.ts';
import { messages } from '../messages/messages.ts';
import { Button } from '../ui/button.tsx';
import { RefusalNote } from '../ui/refusal-note.tsx';
import { Table, Td, Th } from '../ui/table.tsx';

const TAIL = 12;
const { inspector: text } = messages;

/** The newest entries of a journal, read when asked for: the question goes to the storage process itself. */
export function JournalTail({ group, system }: { group: string; system: SystemStatus }) {
  const trpc = useTRPC();
  const [after, setAfter] = useState<number | null>(null);
  const tail = useQuery({
    ...trpc.pairs.journal.queryOptions({ group, system: system.name, after: after ?? 0, limit: TAIL }),
    enabled: after !== null,
  });
  const read = () => {
    setAfter(Math.max(0, (system.lastNumber ?? 0) - TAIL));
    if (after !== null) void tail.refetch();
  };
  const entries = [...(tail.data?.entries ?? [])].reverse();
  return (
    <div className="flex flex-col gap-2">
      <p className="text-sm text-muted">{text.journalTailText}</p>
      <div>
        <Button size="small" onClick={read}>
          {text.journalRead}
        </Button>
      </div>
      {tail.error ? <RefusalNote refusal={refusalOfError(tail.error)} /> : null}
      {tail.data && entries.length === 0 ? <p>{text.journalEmpty}</p> : null}
      {entries.length > 0 ? (
        <Table label={text.journalTail} className="text-sm">
          <thead>
            <tr>
              {Object.values(text.journalColumns).map((column) => (
                <Th key={column} className="px-1.5 py-1">
                  {column}
                </Th>
              ))}
            </tr>
          </thead>
          <tbody>
            {entries.map((entry) => (
              <tr key={entry.number}>
                <Td className="num h-7 px-1.5">{formatCount(entry.number)}</Td>
                <Td className="num h-7 px-1.5">{entry.generation}</Td>
                <Td className="h-7 px-1.5">{entry.kind}</Td>
                <Td className="num h-7 px-1.5">{entry.volume}</Td>
                <Td className="num h-7 px-1.5">{formatCount(entry.offsetBytes)}</Td>
                <Td className="num h-7 px-1.5 whitespace-nowrap">{formatBytes(entry.lengthBytes)}</Td>
                <Td className="h-7 px-1.5">
                  <Instant at={entry.at} />
                </Td>
              </tr>
            ))}
          </tbody>
        </Table>
      ) : null}
    </div>
  );
}
