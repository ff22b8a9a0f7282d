'use client';

import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { DifferenceMap } from '../../server/domain/difference-map.ts';
import type { PairStatus } from '../../server/domain/group-status.ts';
import { parsePairName } from '../../server/domain/names.ts';
import { formatBytes, formatCount } from '../format/numbers.ts';
import { ObservedBy } from '../live/age.tsx';
import { refusalOfError } from '../live/refusal-of.ts';
import { useTRPC } from '../live/trpc.ts';
import { messages } from '../messages/messages.ts';
import { RefusalNote } from '../ui/refusal-note.tsx';
import { Segmented } from '../ui/segmented.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { type Cell, cellsOf, densest, SHADES } from './map-cells.ts';

const { inspector: text } = messages;
/** Cells of one volume: as many as can be told apart in the width of the panel. */
const BUCKETS = 64;
const ROW_HEIGHT = 18;
const LOOK_EVERY_MS = 2000;

type End = 'source' | 'destination';

/**
 * Where the ends of a pair differ: a row per volume, a cell per range of tracks, darker where more of it is marked. Read
 * from the storage process itself while it is looked at.
 */
export function DifferenceHeatMap({ group, pair }: { group: string; pair: PairStatus }) {
  const trpc = useTRPC();
  const [chosen, setChosen] = useState<End | null>(null);
  // The source copies by its bits; where it is not heard, the destination's are all that can be had.
  const end =
    chosen ?? (pair.stateAtSource === 'unknown' && pair.stateAtDestination !== 'unknown' ? 'destination' : 'source');
  const system = parsePairName(pair.name)?.[end] ?? '';
  const read = useQuery({
    ...trpc.pairs.differences.queryOptions({ group, system, pair: pair.name, buckets: BUCKETS }),
    refetchInterval: LOOK_EVERY_MS,
    retry: false,
  });
  return (
    <div className="flex flex-col gap-2">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <Segmented
          label={text.mapEnd}
          value={end}
          options={[
            { value: 'source', label: text.mapAtSource(parsePairName(pair.name)?.source ?? '') },
            { value: 'destination', label: text.mapAtDestination(parsePairName(pair.name)?.destination ?? '') },
          ]}
          onChange={setChosen}
        />
        {read.data && !read.error ? (
          <ObservedBy observer={read.data.system} at={read.data.at} className="text-sm" />
        ) : null}
      </div>
      {/* What could not be read again is not shown as if it still were so. */}
      {read.error ? <RefusalNote refusal={refusalOfError(read.error)} /> : null}
      {!read.error && !read.data ? <Skeleton className="h-12" /> : null}
      {read.data && !read.error ? <HeatMap map={read.data} /> : null}
    </div>
  );
}

function HeatMap({ map }: { map: DifferenceMap }) {
  const [shown, setShown] = useState<Cell | null>(null);
  return (
    <div className="flex flex-col gap-1.5">
      {map.volumes.map((volume) => (
        <div key={volume.volume} className="flex items-center gap-2">
          <span className="w-10 shrink-0 text-sm text-muted">{messages.topology.volume(volume.volume)}</span>
          <VolumeRow map={map} volume={volume} onShow={setShown} />
        </div>
      ))}
      <p className="num min-h-4 text-sm text-muted">
        {shown ? words(map, shown) : text.mapHint(formatCount(map.tracksPerBucket), formatBytes(map.trackBytes))}
      </p>
      <Densest map={map} />
      <Shades />
    </div>
  );
}

type VolumeCounts = DifferenceMap['volumes'][number];

function words(map: DifferenceMap, cell: Cell): string {
  return text.mapCell(
    messages.topology.volume(cell.volume),
    formatCount(cell.firstTrack),
    formatCount(cell.firstTrack + cell.tracks - 1),
    formatCount(cell.set),
    formatBytes(cell.firstTrack * map.trackBytes),
  );
}

function VolumeRow({
  map,
  volume,
  onShow,
}: {
  map: DifferenceMap;
  volume: VolumeCounts;
  onShow: (cell: Cell | null) => void;
}) {
  const cells = cellsOf(map, volume);
  return (
    <svg
      viewBox={`0 0 ${cells.length} ${ROW_HEIGHT}`}
      preserveAspectRatio="none"
      height={ROW_HEIGHT}
      role="img"
      aria-label={text.mapVolume(
        messages.topology.volume(volume.volume),
        formatCount(volume.setTracks),
        formatCount(map.tracksPerVolume),
      )}
      className="min-w-0 flex-1 rounded-sm bg-raised ring-1 ring-line-strong"
      onPointerMove={(event) => {
        const box = event.currentTarget.getBoundingClientRect();
        onShow(cells[Math.floor(((event.clientX - box.left) / box.width) * cells.length)] ?? null);
      }}
      onPointerLeave={() => onShow(null)}
    >
      {cells.map((cell, index) =>
        cell.shade === 0 ? null : (
          <rect
            key={cell.firstTrack}
            x={index}
            y={0}
            width={1}
            height={ROW_HEIGHT}
            fill="var(--ink)"
            opacity={SHADES[cell.shade]}
          />
        ),
      )}
    </svg>
  );
}

/** The ranges that hold most, in words: for who cannot see the map, or wants to read it out. */
function Densest({ map }: { map: DifferenceMap }) {
  const cells = densest(map);
  if (cells.length === 0) return <p>{text.mapNone}</p>;
  return (
    <details>
      <summary className="min-h-6 cursor-pointer text-sm phone:min-h-11">{text.mapDensest}</summary>
      <ol className="num text-sm">
        {cells.map((cell) => (
          <li key={`${cell.volume}:${cell.firstTrack}`}>{words(map, cell)}</li>
        ))}
      </ol>
    </details>
  );
}

function Shades() {
  return (
    <ul className="flex flex-wrap gap-x-3 text-sm text-muted">
      {SHADES.map((opacity, shade) => (
        <li key={opacity} className="flex items-center gap-1">
          <span aria-hidden="true" className="relative size-3 rounded-sm bg-raised ring-1 ring-line-strong">
            <span className="absolute inset-0 rounded-sm bg-ink" style={{ opacity }} />
          </span>
          {text.mapShades[shade]}
        </li>
      ))}
    </ul>
  );
}
