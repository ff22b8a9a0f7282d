'use client';

import { BaseEdge, type Edge, EdgeLabelRenderer, type EdgeProps, useStore } from '@xyflow/react';
import Link from 'next/link';
import { memo } from 'react';
import type { PairStatus } from '../../server/domain/group-status.ts';
import { formatAge, formatSpan } from '../format/time.ts';
import { useServerNow } from '../live/live-provider.tsx';
import { messages } from '../messages/messages.ts';
import { appearanceOf, TONE_TINT } from '../pair-state/appearance.ts';
import { PairStateGlyph } from '../pair-state/glyph.tsx';
import { PairStateWord } from '../pair-state/pair-state-word.tsx';
import { cn } from '../ui/cn.ts';
import { copyShare, endsOf } from './derive.ts';
import { gaugeRows } from './gauges.ts';
import type { Arc } from './layout.ts';
import { PairShaft } from './pair-shaft.tsx';
import { isFar, zoomLevelOf } from './zoom.ts';

const { topology: text } = messages;

export type PairEdge = Edge<
  { pair: PairStatus; href: string; selected: boolean; step: string | null; arc: Arc | null; moving: boolean },
  'pair'
>;
export type HeartbeatEdge = Edge<{ there: HeartbeatData | null; back: HeartbeatData | null }, 'heartbeat'>;
export type HeartbeatData = { of: string; lost: boolean; ageMs: number | null };
export type AttachmentEdge = Edge<{ writes: boolean | null }, 'attachment'>;
export type TopologyEdge = PairEdge | HeartbeatEdge | AttachmentEdge;

function useLevel() {
  return useStore((state) => zoomLevelOf(state.transform[2]));
}

const PairArrow = memo((props: EdgeProps<PairEdge>) => {
  const { sourceX, sourceY, targetX, targetY, data } = props;
  if (!data) return null;
  const { arc } = data;
  const labelX = arc?.labelX ?? (sourceX + targetX) / 2;
  const labelY = arc?.low ?? (sourceY + targetY) / 2;
  return (
    <>
      <PairShaft
        from={arc?.from ?? { x: sourceX, y: sourceY }}
        to={arc?.to ?? { x: targetX, y: targetY }}
        arc={arc}
        kind={data.pair.kind}
        state={data.pair.state}
        moving={data.moving}
        bold={data.selected || data.step !== null}
      />
      <EdgeLabelRenderer>
        <PairLabel data={data} x={labelX} y={labelY} room={arc?.labelRoom ?? Math.abs(targetX - sourceX)} />
      </EdgeLabelRenderer>
    </>
  );
});
PairArrow.displayName = 'PairArrow';

function PairLabel({ data, x, y, room }: { data: NonNullable<PairEdge['data']>; x: number; y: number; room: number }) {
  const level = useLevel();
  const { pair } = data;
  const ends = endsOf(pair);
  return (
    <Link
      href={data.href}
      scroll={false}
      aria-label={`${text.pairTitle(pair.name, pair.kind)}: ${messages.states.word(pair.state)}`}
      aria-current={data.selected ? 'true' : undefined}
      className="nopan pointer-events-auto absolute flex -translate-x-1/2 flex-col items-center gap-0 rounded-md px-1 text-[13px] leading-[17px] hover:bg-raised"
      style={{ left: x, top: y - 34, width: Math.min(room - 36, 216), zIndex: 5 }}
    >
      {data.step ? (
        <span className="num absolute -top-6 rounded-sm bg-ink px-1.5 leading-5 font-semibold text-on-ink">
          {data.step}
        </span>
      ) : null}
      {level === 'least' ? (
        <PairStateGlyph state={pair.state} share={copyShare(pair)} className="-mt-3 size-8" />
      ) : level === 'far' ? (
        <PairStateWord state={pair.state} share={copyShare(pair)} className="text-[20px] leading-7" />
      ) : (
        <>
          <span className="flex h-6 items-center">
            <PairStateWord state={pair.state} share={copyShare(pair)} className="text-[14px]" />
          </span>
          <span className="h-5" />
          {ends.agree ? null : <EndsDisagree source={ends.source} destination={ends.destination} />}
          {pair.state === 'unknown' ? <LastKnown pair={pair} /> : <Gauges pair={pair} />}
        </>
      )}
    </Link>
  );
}

function EndsDisagree({ source, destination }: { source: string; destination: string }) {
  return (
    <span className={cn('rounded-sm px-1 text-center font-medium', TONE_TINT[appearanceOf('suspend').tone])}>
      {messages.states.word(source)} | {messages.states.word(destination)}: {text.endsDisagree}
    </span>
  );
}

function LastKnown({ pair }: { pair: PairStatus }) {
  const now = useServerNow();
  if (!pair.lastKnown) return <span className="text-center text-muted">{messages.common.notObserved}</span>;
  return (
    <span className="num text-center text-muted">
      {text.lastKnown(messages.states.word(pair.lastKnown.state), formatAge(now - pair.lastKnown.at))}
    </span>
  );
}

function Gauges({ pair }: { pair: PairStatus }) {
  const rows = gaugeRows(pair);
  return (
    <>
      {rows.map((row) => (
        <span key={row} className="num max-w-full truncate text-muted">
          {row}
        </span>
      ))}
    </>
  );
}

const HeartbeatArrow = memo((props: EdgeProps<HeartbeatEdge>) => {
  const level = useLevel();
  const { sourceX, sourceY, targetX, targetY, data } = props;
  if (!data) return null;
  const views = [data.there, data.back].filter((view) => view !== null);
  const lost = views.some((view) => view.lost);
  const unknown = views.length === 0;
  const stroke = unknown ? 'var(--unknown)' : lost ? 'var(--failure)' : 'var(--border-strong)';
  const mid = (sourceX + targetX) / 2;
  const path = lost
    ? `M${sourceX} ${sourceY}H${mid - 12}M${mid + 12} ${sourceY}H${targetX}`
    : `M${sourceX} ${sourceY}L${targetX} ${targetY}`;
  const ages = views.flatMap((view) => view.ageMs ?? []);
  const heard = ages.length === 0 ? text.heartbeat : text.heartbeatOk(formatSpan(Math.max(...ages)));
  return (
    <>
      <BaseEdge path={path} style={{ stroke, strokeWidth: 1.25, strokeDasharray: '2 4' }} />
      {lost ? (
        <path d={`M${mid - 6} ${sourceY - 6}l12 12m0-12l-12 12`} stroke={stroke} strokeWidth="2.5" fill="none" />
      ) : null}
      <EdgeLabelRenderer>
        <span
          className={cn(
            'num absolute -translate-x-1/2 bg-canvas px-1.5 text-[13px] leading-4',
            unknown ? 'text-unknown' : lost ? 'font-semibold text-failure' : 'text-muted',
            isFar(level) && 'hidden',
          )}
          style={{ left: mid, top: sourceY + (lost ? 10 : -8), zIndex: 5 }}
        >
          {unknown ? `${text.heartbeat} ?` : lost ? text.heartbeatLost : heard}
        </span>
      </EdgeLabelRenderer>
    </>
  );
});
HeartbeatArrow.displayName = 'HeartbeatArrow';

/** A host on its storage system: solid while its writes are taken, dashed while they are refused. */
const Attachment = memo((props: EdgeProps<AttachmentEdge>) => {
  const { sourceX, sourceY, targetX, targetY, data } = props;
  return (
    <BaseEdge
      path={`M${sourceX} ${sourceY}L${targetX} ${targetY}`}
      style={{
        stroke: data?.writes === null ? 'var(--unknown)' : 'var(--border-strong)',
        strokeWidth: data?.writes ? 2.5 : 1.25,
        strokeDasharray: data?.writes ? undefined : '3 4',
      }}
    />
  );
});
Attachment.displayName = 'Attachment';

export const edgeTypes = { pair: PairArrow, heartbeat: HeartbeatArrow, attachment: Attachment };
