'use client';

import { useQueries } from '@tanstack/react-query';
import { useState } from 'react';
import { type TableCylinder, tableOf, tablePages, wordText } from '../../server/domain/difference-table.ts';
import type { PairStatus } from '../../server/domain/group-status.ts';
import { parsePairName } from '../../server/domain/names.ts';
import { formatCount } from '../format/numbers.ts';
import { refusalOfError } from '../live/refusal-of.ts';
import { useTRPC } from '../live/trpc.ts';
import { messages } from '../messages/messages.ts';
import { Button } from '../ui/button.tsx';
import { RefusalNote } from '../ui/refusal-note.tsx';
import { Table, Td, Th } from '../ui/table.tsx';

const { inspector: text } = messages;
/** Cylinders shown; the command line has them all. */
const SHOWN = 200;
/** Enough for the first question; the answer says how large the volumes are. */
const FIRST_LOOK = 1;

interface DifferenceTableProps {
  group: string;
  pair: PairStatus;
}

/** The difference-management table of either end, device by device and cylinder by cylinder, read when asked for. */
export function DifferenceTableView({ group, pair }: DifferenceTableProps) {
  const [system, setSystem] = useState<string | null>(null);
  const ends = parsePairName(pair.name);
  return (
    <div className="flex flex-col gap-2">
      <p className="text-sm text-muted">{text.tableText}</p>
      <div className="flex gap-2">
        {[ends?.source, ends?.destination].map((end) =>
          end ? (
            <Button key={end} size="small" onClick={() => setSystem(end)}>
              {text.tableRead(end)}
            </Button>
          ) : null,
        )}
      </div>
      {system ? <TableOfEnd key={system} group={group} pair={pair.name} system={system} /> : null}
    </div>
  );
}

function TableOfEnd({ group, pair, system }: { group: string; pair: string; system: string }) {
  const trpc = useTRPC();
  const [first] = useQueries({
    queries: [trpc.pairs.differences.queryOptions({ group, system, pair, buckets: FIRST_LOOK })],
  });
  const questions = first.data ? tablePages(pair, first.data.tracksPerVolume) : [];
  const pages = useQueries({
    queries: questions.map((question) => trpc.pairs.differences.queryOptions({ group, system, ...question })),
  });
  const failed = [first, ...pages].find((query) => query.error)?.error;
  if (failed) return <RefusalNote refusal={refusalOfError(failed)} />;
  const answers = pages.flatMap(({ data }) => (data ? [data] : []));
  const table = answers.length === questions.length ? tableOf(answers) : null;
  if (!table) return <p className="text-sm text-muted">{text.tableReading}</p>;
  const rows = table.devices.flatMap(({ device, cylinders }) => cylinders.map((each) => ({ device, ...each })));
  const { unconfirmed } = table;
  return (
    <>
      {unconfirmed ? (
        <p className="num text-sm">
          {(unconfirmed.isListed ? text.tableFlowing : text.tableFlowingUnnamed)(formatCount(unconfirmed.updates))}
        </p>
      ) : null}
      {rows.length === 0 ? <p>{text.tableEmpty(system)}</p> : <Rows system={system} rows={rows} />}
    </>
  );
}

interface Row extends TableCylinder {
  device: number;
}

function Rows({ system, rows }: { system: string; rows: readonly Row[] }) {
  return (
    <>
      <Table label={text.tableOf(system)} className="text-sm">
        <thead>
          <tr>
            {Object.values(text.tableColumns).map((column) => (
              <Th key={column} className="px-1.5 py-1">
                {column}
              </Th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, SHOWN).map(({ device, cylinder, word, tracks, leftTracks, unconfirmedTracks }) => (
            <tr key={`${device}/${cylinder}`}>
              <Td className="num h-7 px-1.5">{device}</Td>
              <Td className="num h-7 px-1.5">{cylinder}</Td>
              <Td className="num h-7 px-1.5 whitespace-nowrap">{wordText(word)}</Td>
              <Td className="num h-7 px-1.5">
                {[
                  tracks.join(' '),
                  leftTracks ? text.tableLeft(leftTracks.join(' ')) : '',
                  unconfirmedTracks ? text.tableUnconfirmed(unconfirmedTracks.join(' ')) : '',
                ]
                  .filter(Boolean)
                  .join('; ')}
              </Td>
            </tr>
          ))}
        </tbody>
      </Table>
      {rows.length > SHOWN ? (
        <p className="text-sm text-muted">{text.tableMore(formatCount(rows.length - SHOWN))}</p>
      ) : null}
    </>
  );
}
