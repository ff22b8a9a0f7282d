'use client';

import { Handle, type Node, type NodeProps, Position, useStore } from '@xyflow/react';
import Link from 'next/link';
import { memo } from 'react';
import type {
  GroupStatus,
  HostStatus,
  JoinForecast,
  LineStatus,
  SwitchStatus,
  SystemStatus,
} from '../../server/domain/group-status.ts';
import { formatBytes, formatCount, formatRate, formatShare, NOTHING, shareOf } from '../format/numbers.ts';
import { formatMs } from '../format/time.ts';
import { Ago, ObservedBy } from '../live/age.tsx';
import { messages } from '../messages/messages.ts';
import { type ShownPairState, worstState } from '../pair-state/appearance.ts';
import { PairStateGlyph } from '../pair-state/glyph.tsx';
import { cn } from '../ui/cn.ts';
import { upWord } from './derive.ts';
import { ForecastCallout } from './forecast-callout.tsx';
import { UpSign } from './up-sign.tsx';
import { cloneWord, connectionWord, workWord, writesWord } from './words.ts';
import { isFar, type ZoomLevel, zoomLevelOf } from './zoom.ts';

const { topology: text } = messages;

export type SiteNode = Node<{ site: string }, 'site'>;
export type EnclosureNode = Node<{ kind: 'sync' | 'async' }, 'enclosure'>;
export type SystemNode = Node<
  {
    system: SystemStatus;
    states: ShownPairState[];
    href: string;
    selected: boolean;
    step: string | null;
    alarmed: boolean;
    holder: boolean;
    /** What the loss of the holder would mean for it now; null where that is no question. */
    forecast: JoinForecast | null;
  },
  'system'
>;
export type VolumesNode = Node<{ system: SystemStatus }, 'volumes'>;
export type HostNode = Node<{ host: HostStatus; href: string; selected: boolean }, 'host'>;
/** `isGuarded`: a synchronous pair guards the writes, so that what the register says of it matters. */
export type WitnessNode = Node<
  { witness: GroupStatus['witness']; isGuarded: boolean; href: string; selected: boolean },
  'witness'
>;
export type SwitchNode = Node<{ device: SwitchStatus; href: string; selected: boolean }, 'switch'>;
/** Nothing but its place. */
export type RoomNode = Node<Record<string, never>, 'room'>;
export type RulerNode = Node<{ line: LineStatus; href: string; selected: boolean }, 'ruler'>;
export type TopologyNode =
  | SiteNode
  | RoomNode
  | EnclosureNode
  | SystemNode
  | VolumesNode
  | HostNode
  | SwitchNode
  | WitnessNode
  | RulerNode;

function useLevel() {
  return useStore((state) => zoomLevelOf(state.transform[2]));
}

/** Edges end on the middle of a side; the ends are drawn by the edge itself, so these are never seen. */
function Ends() {
  return (
    <>
      {[Position.Left, Position.Right, Position.Bottom, Position.Top].map((side) => (
        <Handle key={side} id={side} type="source" position={side} isConnectable={false} className="invisible" />
      ))}
    </>
  );
}

const cardStyle =
  'nopan absolute inset-0 flex flex-col rounded-md border bg-surface text-left text-[13px] leading-[17px] text-text hover:bg-raised';

const SiteBox = memo(({ data }: NodeProps<SiteNode>) => {
  const level = useLevel();
  return (
    <div className="size-full rounded-lg border border-line bg-canvas">
      <div className={cn('px-4 py-2 font-medium text-muted', isFar(level) ? 'text-[20px] leading-6' : 'text-[13px]')}>
        {text.site(data.site)}
      </div>
    </div>
  );
});
SiteBox.displayName = 'SiteBox';

const Enclosure = memo(({ data }: NodeProps<EnclosureNode>) => (
  <svg className="size-full overflow-visible" aria-hidden="true">
    <rect
      width="100%"
      height="100%"
      rx="14"
      fill="none"
      stroke="var(--border-strong)"
      strokeWidth="1.5"
      strokeDasharray={data.kind === 'sync' ? '8 5' : '12 4 2 4'}
    />
  </svg>
));
Enclosure.displayName = 'Enclosure';

const SystemBox = memo(({ data }: NodeProps<SystemNode>) => {
  const level = useLevel();
  const { system } = data;
  const up = upWord(system);
  return (
    <>
      <Ends />
      {data.step ? <StepTag step={data.step} /> : null}
      {data.forecast ? <ForecastCallout forecast={data.forecast} /> : null}
      <Link
        href={data.href}
        scroll={false}
        aria-label={`${text.systemTitle(system.name, system.role)}: ${text.up[up]}, ${writesWord(system)}`}
        aria-current={data.selected ? 'true' : undefined}
        className={cn(
          cardStyle,
          'px-2.5 py-2',
          up === 'down' && 'border-failure',
          up === 'unknown' && 'border-dashed border-unknown',
          up === 'up' && 'border-line-strong',
          data.selected && 'ring-2 ring-ink ring-offset-1 ring-offset-canvas',
          data.step && 'outline-3 outline-ink',
        )}
      >
        {isFar(level) ? <SystemFar data={data} level={level} /> : <SystemFacts data={data} />}
      </Link>
    </>
  );
});
SystemBox.displayName = 'SystemBox';

function StepTag({ step }: { step: string }) {
  return (
    <span className="num absolute -top-3 right-2 z-10 rounded-sm bg-ink px-1.5 text-[13px] leading-5 font-semibold text-on-ink">
      {step}
    </span>
  );
}

function SystemFar({ data, level }: { data: SystemNode['data']; level: ZoomLevel }) {
  const worst = worstState(data.states);
  const { system } = data;
  const up = upWord(system);
  return (
    <span className="flex flex-1 flex-col items-center justify-center gap-2">
      <span className="flex items-center gap-3">
        <span className="text-[44px] leading-none font-semibold">{system.name}</span>
        {up === 'up' ? (
          worst ? (
            <PairStateGlyph state={worst} className="size-8" />
          ) : null
        ) : (
          <UpSign up={up} size={32} />
        )}
      </span>
      {level === 'far' && system.hostWrites?.accepted ? (
        <span className="text-[20px] leading-6 font-medium">{writesWord(system)}</span>
      ) : null}
    </span>
  );
}

function SystemFacts({ data }: { data: SystemNode['data'] }) {
  const { system } = data;
  const up = upWord(system);
  const clone = cloneWord(system);
  return (
    <>
      <span className="flex items-baseline gap-2">
        <span className="text-[20px] leading-6 font-semibold">{system.name}</span>
        <span className="min-w-0 flex-1 truncate text-muted">{system.role}</span>
        {up === 'up' ? null : <UpSign up={up} />}
      </span>
      <span className="flex justify-between gap-2">
        <span
          className={cn('truncate', system.hostWrites?.accepted && 'font-medium')}
          title={system.hostWrites?.reason}
        >
          {writesWord(system)}
        </span>
        <span className="num shrink-0 text-muted">{text.generation(system.generation?.number ?? null)}</span>
      </span>
      <JournalBar system={system} />
      {clone ? (
        <span className="mt-1 truncate font-medium" data-testid="clone" title={clone}>
          {clone}
        </span>
      ) : (
        <span className="num mt-1 truncate text-muted">
          {system.writesPerSecond === null
            ? NOTHING
            : text.writes(formatCount(system.writesPerSecond), formatRate(system.bytesPerSecond))}
        </span>
      )}
      <span className="mt-auto flex items-center gap-1 self-end text-muted">
        {up === 'up' ? <UpSign up={up} /> : null}
        <Ago at={system.observedAt} />
      </span>
    </>
  );
}

function JournalBar({ system }: { system: SystemStatus }) {
  const share = shareOf(system.journal?.usedBytes, system.journal?.sizeBytes);
  const pressing = system.journal?.fullInMs != null || (share ?? 0) > 0.7;
  return (
    <span className="mt-1 flex items-center gap-2">
      <span aria-hidden="true" className="h-1.5 flex-1 overflow-hidden rounded-full bg-raised ring-1 ring-line">
        <span
          className={cn('block h-full', pressing ? 'bg-suspend' : 'bg-line-strong')}
          style={{ width: `${(share ?? 0) * 100}%` }}
        />
      </span>
      <span className="num shrink-0 text-muted">{text.journal(formatShare(share))}</span>
    </span>
  );
}

const VolumesBox = memo(({ data }: NodeProps<VolumesNode>) => {
  const level = useLevel();
  if (isFar(level)) return null;
  const known = data.system.up !== null;
  return (
    <div className="flex size-full gap-1.5">
      {data.system.volumes.slice(0, level === 'near' ? 4 : 3).map((volume) => (
        <div
          key={volume.index}
          className="flex min-w-0 flex-1 flex-col justify-center rounded-[50%/14px] border border-line bg-surface px-1 text-center text-[13px] leading-4"
        >
          <span className="truncate text-muted">{text.volume(volume.index)}</span>
          <span className={cn('num truncate', known && volume.dirtyTracks > 0 && 'font-semibold')}>
            {known && (level === 'near' || volume.dirtyTracks > 0)
              ? text.tracks(formatCount(volume.dirtyTracks))
              : formatBytes(volume.sizeBytes)}
          </span>
        </div>
      ))}
    </div>
  );
});
VolumesBox.displayName = 'VolumesBox';

const HostBox = memo(({ data }: NodeProps<HostNode>) => {
  const level = useLevel();
  const { host } = data;
  const up = upWord(host);
  const work = workWord(host);
  return (
    <>
      <Ends />
      <Link
        href={data.href}
        scroll={false}
        aria-label={`${text.hostTitle(host.name)}: ${text.up[up]}, ${work}`}
        aria-current={data.selected ? 'true' : undefined}
        className={cn(
          cardStyle,
          'justify-center px-2.5 py-1.5',
          up === 'down' && 'border-failure',
          up === 'unknown' && 'border-dashed border-unknown',
          up === 'up' && 'border-line-strong',
          data.selected && 'ring-2 ring-ink ring-offset-1 ring-offset-canvas',
        )}
      >
        <span className="flex items-baseline gap-2">
          <span className={cn('min-w-0 flex-1 truncate font-semibold', isFar(level) && 'text-[22px] leading-7')}>
            {text.hostTitle(host.name)}
          </span>
          <UpSign up={up} size={isFar(level) ? 22 : 14} />
        </span>
        {isFar(level) ? null : (
          <>
            <span className={cn('truncate', host.test && 'font-medium')}>{work}</span>
            {level === 'near' ? (
              <ObservedBy observer={host.observer} at={host.observedAt} className="truncate" />
            ) : (
              <Ago at={host.observedAt} className="text-muted" />
            )}
          </>
        )}
      </Link>
    </>
  );
});
HostBox.displayName = 'HostBox';

const DIAMOND_STROKE = { up: 'var(--border-strong)', down: 'var(--failure)', unknown: 'var(--unknown)' } as const;

/** A switching device: a diamond on the way down from the system it stands before, its name beside it. */
const SwitchBox = memo(({ data, width = 0, height = 0 }: NodeProps<SwitchNode>) => {
  const level = useLevel();
  const { device } = data;
  const up = upWord(device);
  const half = height / 2 - 3;
  return (
    <Link
      href={data.href}
      scroll={false}
      aria-label={`${text.switchTitle(device.name)}: ${text.up[up]}`}
      aria-current={data.selected ? 'true' : undefined}
      className={cn(
        'nopan absolute inset-0 rounded-md text-[13px] leading-[17px] hover:bg-raised',
        data.selected && 'ring-2 ring-ink ring-offset-1 ring-offset-canvas',
      )}
    >
      <svg width={width} height={height} aria-hidden="true" className="absolute inset-0">
        <path
          d={`M${width / 2} ${height / 2 - half}l${half} ${half}l${-half} ${half}l${-half} ${-half}Z`}
          fill="var(--surface)"
          stroke={DIAMOND_STROKE[up]}
          strokeWidth={up === 'down' ? 2.5 : 1.5}
          strokeDasharray={up === 'unknown' ? '3 3' : undefined}
        />
      </svg>
      <span className="absolute inset-0 flex items-center justify-center">
        <UpSign up={up} sign />
      </span>
      {isFar(level) ? null : (
        <span
          className="absolute inset-y-0 right-0 flex flex-col justify-center"
          style={{ left: width / 2 + height / 2 + 4 }}
        >
          <span className="truncate font-medium">{device.name}</span>
          {up === 'up' ? null : (
            <span className={cn('truncate', up === 'down' ? 'text-failure' : 'text-unknown')}>{text.up[up]}</span>
          )}
        </span>
      )}
    </Link>
  );
});
SwitchBox.displayName = 'SwitchBox';

/** Takes up room and shows nothing. */
const Room = memo((_props: NodeProps<RoomNode>) => null);
Room.displayName = 'Room';

/** Without a guarding pair the register keeps nothing but the generation. */
function registerWords(
  { state, epoch, generation }: NonNullable<GroupStatus['witness']['register']>,
  isGuarded: boolean,
): string {
  return isGuarded ? text.register(state, epoch) : text.registerGeneration(generation);
}

const WitnessBox = memo(({ data }: NodeProps<WitnessNode>) => {
  const level = useLevel();
  const { witness, isGuarded } = data;
  const up = upWord(witness);
  const register = witness.register ? registerWords(witness.register, isGuarded) : text.registerUnknown;
  return (
    <>
      <Ends />
      <Link
        href={data.href}
        scroll={false}
        aria-label={`${text.witnessTitle}: ${text.up[up]}, ${register}`}
        aria-current={data.selected ? 'true' : undefined}
        className={cn(
          cardStyle,
          'justify-center px-3',
          up === 'down' && 'border-failure',
          up === 'unknown' && 'border-dashed border-unknown',
          up === 'up' && 'border-line-strong',
          data.selected && 'ring-2 ring-ink ring-offset-1 ring-offset-canvas',
        )}
      >
        <span className="flex items-baseline gap-2">
          <span className={cn('flex-1 truncate font-semibold', isFar(level) && 'text-[22px] leading-7')}>
            {text.witness}
          </span>
          <UpSign up={up} size={isFar(level) ? 22 : 14} />
        </span>
        {isFar(level) ? null : (
          <span className="flex justify-between gap-2">
            <span
              className={cn(
                'truncate',
                isGuarded && witness.register?.state === 'alone' && 'font-semibold text-suspend',
              )}
            >
              {register}
            </span>
            <Ago at={witness.observedAt} className="shrink-0 text-muted" />
          </span>
        )}
      </Link>
    </>
  );
});
WitnessBox.displayName = 'WitnessBox';

const RulerBox = memo(({ data, width = 0 }: NodeProps<RulerNode>) => {
  const level = useLevel();
  const { line } = data;
  const cut = line.connected === false || line.fault !== null;
  const label = line.connected === false ? text.lineCut : text.ruler(messages.common.km(line.km), formatMs(line.rttMs));
  return (
    <Link
      href={data.href}
      scroll={false}
      aria-label={`${text.lineTitle(line.name)}: ${messages.common.km(line.km)}, ${connectionWord(line)}`}
      className={cn(
        'nopan absolute inset-0 flex flex-col items-center text-[13px] leading-4 hover:bg-raised',
        cut ? 'text-failure' : 'text-muted',
        data.selected && 'ring-2 ring-ink',
      )}
    >
      <svg width={width} height="12" aria-hidden="true" className="shrink-0">
        <path
          d={`M1 1v10M${width - 1} 1v10M1 6H${width - 1}`}
          stroke="currentColor"
          fill="none"
          strokeDasharray={line.connected === null ? '2 3' : undefined}
        />
        {cut ? <path d={`M${width / 2 - 5} 1l10 10m0-10l-10 10`} stroke="currentColor" strokeWidth="2" /> : null}
      </svg>
      <span className={cn('num truncate', isFar(level) && 'text-[18px] leading-6')}>
        {isFar(level) ? messages.common.km(line.km) : label}
      </span>
      {line.fault && !isFar(level) ? <span className="max-w-full truncate">{line.fault}</span> : null}
    </Link>
  );
});
RulerBox.displayName = 'RulerBox';

export const nodeTypes = {
  site: SiteBox,
  room: Room,
  enclosure: Enclosure,
  system: SystemBox,
  volumes: VolumesBox,
  host: HostBox,
  switch: SwitchBox,
  witness: WitnessBox,
  ruler: RulerBox,
};
