'use client';

import Link from 'next/link';
import type {
  GroupStatus,
  HostStatus,
  LineStatus,
  PairStatus,
  SystemStatus,
} from '../../server/domain/group-status.ts';
import { formatCount, formatRate, formatShare, NOTHING, shareOf } from '../format/numbers.ts';
import { formatAge, formatClock, formatMs, formatSpan } from '../format/time.ts';
import { ObservedBy } from '../live/age.tsx';
import { messages } from '../messages/messages.ts';
import { routes } from '../shell/routes.ts';
import { cn } from '../ui/cn.ts';
import { Panel } from '../ui/panel.tsx';
import { Table, Td, Th } from '../ui/table.tsx';
import { drawnPairs, upWord } from './derive.ts';
import { setText } from './gauges.ts';
import { PairStateCell } from './pair-state-cell.tsx';
import { UpSign } from './up-sign.tsx';
import { cloneWord, connectionWord, workWord, writesWord } from './words.ts';

const { topology: text, inspector } = messages;
const { columns } = text;

/** The same facts and actions as the graph, as tables: for a keyboard, a screen reader, a phone, or a preference. */
export function TopologyTable({ status }: { status: GroupStatus }) {
  return (
    <div className="flex flex-col gap-4 p-4 phone:p-3">
      <PairTable status={status} />
      <SystemTable status={status} />
      <HostTable status={status} />
      {status.switches.length > 0 ? <SwitchTable status={status} /> : null}
      <LineTable status={status} />
    </div>
  );
}

function InspectLink({ href, children }: { href: string; children: string }) {
  return (
    <Link
      href={href}
      scroll={false}
      className="inline-flex min-h-6 items-center font-medium underline decoration-line-strong underline-offset-4 hover:decoration-text phone:min-h-11"
    >
      {children}
    </Link>
  );
}

function PairTable({ status }: { status: GroupStatus }) {
  return (
    <Panel title={text.titles.pair}>
      <Table label={text.titles.pair}>
        <thead>
          <tr>
            {[
              columns.pair,
              columns.state,
              columns.numbers,
              columns.lag,
              columns.rate,
              columns.dirty,
              columns.journal,
              columns.observed,
              columns.actions,
            ].map((column) => (
              <Th key={column}>{column}</Th>
            ))}
          </tr>
        </thead>
        <tbody>
          {drawnPairs(status.pairs).map((pair) => (
            <PairRow key={pair.name} status={status} pair={pair} />
          ))}
        </tbody>
      </Table>
    </Panel>
  );
}

function JournalOrSet({ pair }: { pair: PairStatus }) {
  if (pair.snapshotIntervalMs !== null) return setText(pair);
  const share = shareOf(pair.journal?.usedBytes, pair.journal?.sizeBytes);
  return pair.journal?.fullInMs != null
    ? text.journalFull(formatShare(share), formatClock(pair.journal.fullInMs))
    : formatShare(share);
}

function PairRow({ status, pair }: { status: GroupStatus; pair: PairStatus }) {
  return (
    <tr>
      <Td className="whitespace-nowrap">
        <InspectLink href={routes.inspect(status.name, { kind: 'pair', name: pair.name }, 'table')}>
          {text.pairTitle(pair.name, pair.kind)}
        </InspectLink>
      </Td>
      <Td>
        <PairStateCell pair={pair} />
      </Td>
      <Td className="num whitespace-nowrap">
        {formatCount(pair.givenNumber)} / {formatCount(pair.appliedNumber)}
      </Td>
      <Td className="num whitespace-nowrap">
        {pair.lag ? `${formatCount(pair.lag.updates)} · ${formatSpan(pair.lag.ms)}` : NOTHING}
      </Td>
      <Td className="num whitespace-nowrap">{formatRate(pair.rateBytesPerSecond)}</Td>
      <Td className="num">{formatCount(pair.dirtyTracks)}</Td>
      <Td className="num whitespace-nowrap">
        <JournalOrSet pair={pair} />
      </Td>
      <Td>
        <ObservedBy observer={pair.observer} at={pair.observedAt} />
      </Td>
      <Td>
        <InspectLink href={routes.inspect(status.name, { kind: 'pair', name: pair.name }, 'table')}>
          {text.actionsOf(pair.name)}
        </InspectLink>
      </Td>
    </tr>
  );
}

function SystemTable({ status }: { status: GroupStatus }) {
  return (
    <Panel title={text.titles.system}>
      <Table label={text.titles.system}>
        <thead>
          <tr>
            {[
              columns.system,
              columns.site,
              columns.up,
              columns.generation,
              columns.writes,
              columns.completed,
              columns.consistent,
              columns.journal,
              columns.observed,
            ].map((column) => (
              <Th key={column}>{column}</Th>
            ))}
          </tr>
        </thead>
        <tbody>
          {status.systems.map((system) => (
            <SystemRow key={system.name} group={status.name} system={system} />
          ))}
        </tbody>
      </Table>
    </Panel>
  );
}

function SystemRow({ group, system }: { group: string; system: SystemStatus }) {
  const writes = system.hostWrites;
  const clone = cloneWord(system);
  return (
    <tr>
      <Td className="whitespace-nowrap">
        <InspectLink href={routes.inspect(group, { kind: 'system', name: system.name }, 'table')}>
          {text.systemTitle(system.name, system.role)}
        </InspectLink>
      </Td>
      <Td className="whitespace-nowrap">{text.site(system.site)}</Td>
      <Td>
        <UpSign up={upWord(system)} word />
      </Td>
      <Td className="num">{system.generation?.number ?? NOTHING}</Td>
      <Td className="min-w-44">
        <span className={cn(writes?.accepted && 'font-medium')}>{writesWord(system)}</span>
        {writes && !writes.accepted ? <span className="block text-sm text-muted">{writes.reason}</span> : null}
      </Td>
      <Td className="num">{formatCount(system.completedNumber)}</Td>
      <Td className={cn(system.consistent === false && 'font-medium text-failure')}>
        {text.consistent[String(system.consistent)]}
        {clone ? <span className="block text-sm font-medium text-text">{clone}</span> : null}
      </Td>
      <Td className="num">{formatShare(shareOf(system.journal?.usedBytes, system.journal?.sizeBytes))}</Td>
      <Td>
        <ObservedBy observer={system.observer} at={system.observedAt} />
      </Td>
    </tr>
  );
}

function HostTable({ status }: { status: GroupStatus }) {
  return (
    <Panel title={text.titles.host}>
      <Table label={text.titles.host}>
        <thead>
          <tr>
            {[columns.host, columns.site, columns.up, columns.work, columns.heartbeat, columns.observed].map(
              (column) => (
                <Th key={column}>{column}</Th>
              ),
            )}
          </tr>
        </thead>
        <tbody>
          {status.hosts.map((host) => (
            <HostRow key={host.name} group={status.name} host={host} />
          ))}
        </tbody>
      </Table>
    </Panel>
  );
}

function HostRow({ group, host }: { group: string; host: HostStatus }) {
  return (
    <tr>
      <Td className="whitespace-nowrap">
        <InspectLink href={routes.inspect(group, { kind: 'host', name: host.name }, 'table')}>
          {text.hostTitle(host.name)}
        </InspectLink>
      </Td>
      <Td className="whitespace-nowrap">{text.site(host.site)}</Td>
      <Td>
        <UpSign up={upWord(host)} word />
      </Td>
      <Td className="whitespace-nowrap">{workWord(host)}</Td>
      <Td>
        {host.heartbeats.map((view) => (
          <span key={view.of} className={cn('block whitespace-nowrap', view.lost && 'font-medium text-failure')}>
            {inspector.heartbeatOf(view.of)}:{' '}
            {view.lost ? inspector.heartbeatLost(formatAge(view.ageMs)) : formatAge(view.ageMs)}
          </span>
        ))}
      </Td>
      <Td>
        <ObservedBy observer={host.observer} at={host.observedAt} />
      </Td>
    </tr>
  );
}

function SwitchTable({ status }: { status: GroupStatus }) {
  return (
    <Panel title={text.titles.switch}>
      <Table label={text.titles.switch}>
        <thead>
          <tr>
            {[columns.switch, columns.site, columns.before, columns.up, columns.observed].map((column) => (
              <Th key={column}>{column}</Th>
            ))}
          </tr>
        </thead>
        <tbody>
          {status.switches.map((device) => (
            <tr key={device.name}>
              <Td className="whitespace-nowrap">
                <InspectLink href={routes.inspect(status.name, { kind: 'switch', name: device.name }, 'table')}>
                  {text.switchTitle(device.name)}
                </InspectLink>
              </Td>
              <Td className="whitespace-nowrap">{text.site(device.site)}</Td>
              <Td>{device.system}</Td>
              <Td>
                <UpSign up={upWord(device)} word />
              </Td>
              <Td>
                <ObservedBy observer={device.observer} at={device.observedAt} />
              </Td>
            </tr>
          ))}
        </tbody>
      </Table>
    </Panel>
  );
}

function LineTable({ status }: { status: GroupStatus }) {
  return (
    <Panel title={text.titles.line}>
      <Table label={text.titles.line}>
        <thead>
          <tr>
            {[columns.line, columns.length, columns.connection, columns.rtt, columns.fault].map((column) => (
              <Th key={column}>{column}</Th>
            ))}
          </tr>
        </thead>
        <tbody>
          {status.lines.map((line) => (
            <LineRow key={line.name} group={status.name} line={line} />
          ))}
        </tbody>
      </Table>
    </Panel>
  );
}

function LineRow({ group, line }: { group: string; line: LineStatus }) {
  return (
    <tr>
      <Td className="whitespace-nowrap">
        <InspectLink href={routes.inspect(group, { kind: 'line', name: line.name }, 'table')}>
          {text.lineTitle(line.name)}
        </InspectLink>
      </Td>
      <Td className="num whitespace-nowrap">{messages.common.km(line.km)}</Td>
      <Td className={cn(line.connected === false && 'font-medium text-failure')}>{connectionWord(line)}</Td>
      <Td className="num">{formatMs(line.rttMs)}</Td>
      <Td>{line.fault ?? NOTHING}</Td>
    </tr>
  );
}
