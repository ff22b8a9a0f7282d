/**
 * What may still be shown once nothing new arrives. While the stream is heard the server's own status function judges age;
 * once it is lost this does, by the same bounds, so that no last value is ever shown as a current one.
 */
import type { FleetRow } from '../../server/api/views.ts';
import type { GroupStatus, HostStatus, PairStatus, SystemStatus } from '../../server/domain/group-status.ts';
import { STALENESS_BOUND_MS } from '../../server/domain/status-facts.ts';
import { messages } from '../messages/messages.ts';

/** True where `observedAt` is missing or further back than the bound. */
export function isStale(observedAt: number | null, serverNow: number): boolean {
  return observedAt === null || serverNow - observedAt > STALENESS_BOUND_MS;
}

function agePair(pair: PairStatus, serverNow: number): PairStatus {
  if (pair.state === 'unknown' || !isStale(pair.observedAt, serverNow)) return pair;
  const known = pair.state === 'absent' ? pair.lastKnown : { state: pair.state, at: pair.observedAt ?? 0 };
  return {
    ...pair,
    state: 'unknown',
    stateAtSource: 'unknown',
    stateAtDestination: 'unknown',
    lastKnown: known,
    givenNumber: null,
    appliedNumber: null,
    lag: null,
    rateBytesPerSecond: null,
    movedBytes: null,
    lastCopyBytes: null,
    dirtyTracks: null,
    copy: null,
    consistentAtDestination: null,
    gold: null,
    journal: null,
  };
}

function ageSystem(system: SystemStatus, serverNow: number): SystemStatus {
  if (!isStale(system.observedAt, serverNow)) return system;
  return {
    ...system,
    up: null,
    hostWrites: null,
    lastNumber: null,
    completedNumber: null,
    consistent: null,
    journal: null,
    writesPerSecond: null,
    bytesPerSecond: null,
    clients: null,
    clone: null,
  };
}

function ageHost(host: HostStatus, serverNow: number): HostStatus {
  return isStale(host.observedAt, serverNow) ? { ...host, up: null, work: null, test: null } : host;
}

/** The status as it may be shown at `serverNow` when nothing newer can be had. */
export function ageStatus(status: GroupStatus, serverNow: number): GroupStatus {
  const overall = isStale(status.observedAt, serverNow);
  return {
    ...status,
    operation: overall ? 'unknown' : status.operation,
    systems: status.systems.map((system) => ageSystem(system, serverNow)),
    pairs: status.pairs.map((pair) => agePair(pair, serverNow)),
    hosts: status.hosts.map((host) => ageHost(host, serverNow)),
    lines: overall ? status.lines.map((line) => ({ ...line, connected: null, rttMs: null })) : status.lines,
    witness: isStale(status.witness.observedAt, serverNow)
      ? { ...status.witness, up: null, register: null }
      : status.witness,
    holder: overall ? null : status.holder,
    generation: overall ? null : status.generation,
    exposure: overall ? { text: messages.common.exposureUnknown, survivors: [] } : status.exposure,
    forecasts: overall ? [] : status.forecasts,
    rpo: overall ? { ...status.rpo, nowMs: null } : status.rpo,
  };
}

/** A fleet row as it may be shown at `serverNow` when nothing newer can be had. */
export function ageFleetRow(row: FleetRow, serverNow: number): FleetRow {
  if (!isStale(row.observedAt, serverNow)) return row;
  return {
    ...row,
    operation: 'unknown',
    exposure: messages.common.exposureUnknown,
    rpo: { ...row.rpo, nowMs: null },
    worstHop: row.worstHop ? { ...row.worstHop, state: 'unknown', lagMs: null } : null,
    pairs: row.pairs.map((pair) => ({ ...pair, state: 'unknown' as const })),
  };
}
