'use client';

import Link from 'next/link';
import type { ReactNode } from 'react';
import type { GroupStatus, PairStatus } from '../../server/domain/group-status.ts';
import { formatCount, formatRate, formatShare, NOTHING, shareOf } from '../format/numbers.ts';
import { formatMs, formatSpan } from '../format/time.ts';
import { ObservedBy } from '../live/age.tsx';
import { messages } from '../messages/messages.ts';
import { routes, type Selection } from '../shell/routes.ts';
import { cn } from '../ui/cn.ts';
import { Fact } from '../ui/panel.tsx';
import { drawnPairs, upWord } from './derive.ts';
import { PairStateCell } from './pair-state-cell.tsx';
import { UpSign } from './up-sign.tsx';
import { connectionWord, workWord, writesWord } from './words.ts';

const { topology: text } = messages;
const { columns } = text;

/** The table view of a phone: the same facts, one card per part, worst news at the top of each. */
export function TopologyCards({ status }: { status: GroupStatus }) {
  return (
    <div className="flex flex-col gap-4 p-3">
      <Cards title={text.titles.pair}>
        {drawnPairs(status.pairs).map((pair) => (
          <PairCard key={pair.name} group={status.name} pair={pair} />
        ))}
      </Cards>
      <Cards title={text.titles.system}>
        {status.systems.map((system) => (
          <Card
            key={system.name}
            group={status.name}
            selection={{ kind: 'system', name: system.name }}
            title={text.systemTitle(system.name, system.role)}
            sign={<UpSign up={upWord(system)} word />}
          >
            <Fact name={columns.writes}>
              <span className={cn(system.hostWrites?.accepted && 'font-medium')}>{writesWord(system)}</span>
            </Fact>
            <Fact name={columns.consistent}>{text.consistent[String(system.consistent)]}</Fact>
            <Fact name={columns.journal}>
              <span className="num">{formatShare(shareOf(system.journal?.usedBytes, system.journal?.sizeBytes))}</span>
            </Fact>
            <ObservedBy observer={system.observer} at={system.observedAt} className="text-sm" />
          </Card>
        ))}
      </Cards>
      <Cards title={text.titles.host}>
        {status.hosts.map((host) => (
          <Card
            key={host.name}
            group={status.name}
            selection={{ kind: 'host', name: host.name }}
            title={text.hostTitle(host.name)}
            sign={<UpSign up={upWord(host)} word />}
          >
            <Fact name={columns.work}>{workWord(host)}</Fact>
            <ObservedBy observer={host.observer} at={host.observedAt} className="text-sm" />
          </Card>
        ))}
      </Cards>
      {status.switches.length > 0 ? (
        <Cards title={text.titles.switch}>
          {status.switches.map((device) => (
            <Card
              key={device.name}
              group={status.name}
              selection={{ kind: 'switch', name: device.name }}
              title={text.switchTitle(device.name)}
              sign={<UpSign up={upWord(device)} word />}
            >
              <Fact name={columns.before}>{device.system}</Fact>
              <ObservedBy observer={device.observer} at={device.observedAt} className="text-sm" />
            </Card>
          ))}
        </Cards>
      ) : null}
      <Cards title={text.titles.line}>
        {status.lines.map((line) => (
          <Card
            key={line.name}
            group={status.name}
            selection={{ kind: 'line', name: line.name }}
            title={text.lineTitle(line.name)}
            sign={
              <span className={cn(line.connected === false && 'font-medium text-failure')}>{connectionWord(line)}</span>
            }
          >
            <Fact name={columns.length}>
              <span className="num">{text.ruler(messages.common.km(line.km), formatMs(line.rttMs))}</span>
            </Fact>
            {line.fault ? <Fact name={columns.fault}>{line.fault}</Fact> : null}
          </Card>
        ))}
      </Cards>
    </div>
  );
}

function Cards({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={title} className="flex flex-col gap-2">
      <h2 className="text-base font-semibold">{title}</h2>
      <ul className="flex flex-col gap-2">{children}</ul>
    </section>
  );
}

interface CardProps {
  group: string;
  selection: Selection;
  title: string;
  sign: ReactNode;
  children: ReactNode;
}

function Card({ group, selection, title, sign, children }: CardProps) {
  return (
    <li className="rounded-lg border border-line bg-surface px-3 py-1.5">
      <div className="flex items-center justify-between gap-3">
        <Link
          href={routes.inspect(group, selection, 'table')}
          scroll={false}
          className="inline-flex min-h-11 items-center font-medium underline decoration-line-strong underline-offset-4"
        >
          {title}
        </Link>
        {sign}
      </div>
      <dl>{children}</dl>
    </li>
  );
}

function PairCard({ group, pair }: { group: string; pair: PairStatus }) {
  const lag = pair.lag ? `${formatCount(pair.lag.updates)} · ${formatSpan(pair.lag.ms)}` : NOTHING;
  return (
    <Card
      group={group}
      selection={{ kind: 'pair', name: pair.name }}
      title={text.pairTitle(pair.name, pair.kind)}
      sign={<PairStateCell pair={pair} />}
    >
      <Fact name={columns.numbers}>
        <span className="num">
          {formatCount(pair.givenNumber)} / {formatCount(pair.appliedNumber)}
        </span>
      </Fact>
      <Fact name={columns.lag}>
        <span className="num">{lag}</span>
      </Fact>
      <Fact name={columns.rate}>
        <span className="num">{formatRate(pair.rateBytesPerSecond)}</span>
      </Fact>
      {pair.dirtyTracks ? (
        <Fact name={columns.dirty}>
          <span className="num">{formatCount(pair.dirtyTracks)}</span>
        </Fact>
      ) : null}
      <ObservedBy observer={pair.observer} at={pair.observedAt} className="text-sm" />
    </Card>
  );
}
