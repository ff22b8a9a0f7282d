/** A chain-3 group as the server would describe it, for tests of what the screens make of it. Never shipped in a page. */
import type { FleetRow } from '../../server/api/views.ts';
import type { Alarm, GroupStatus, HostStatus, PairStatus, SystemStatus } from '../../server/domain/group-status.ts';
import type { HeartbeatView } from '../../server/domain/host.ts';
import { PAIR_INSTRUCTIONS, whyRefused } from '../../server/domain/pair-states.ts';

const MIB = 1024 * 1024;

/** A storage system in good order, with what differs from that. */
export function systemFixture(name: string, at: number, change: Partial<SystemStatus> = {}): SystemStatus {
  const site = { P: 'production', I: 'intermediate', R: 'remote' } as const;
  const role = { P: 'primary', I: 'primary intermediate', R: 'secondary' } as const;
  const known = name === 'P' || name === 'I' ? name : 'R';
  return {
    name,
    site: site[known],
    role: role[known],
    up: true,
    pid: 4121,
    port: 10_809,
    observer: `agent ${site[known]}`,
    observedAt: at - 800,
    generation: { number: 1, runId: 'first', holder: 'P' },
    hostWrites: name === 'P' ? { accepted: true, reason: '' } : { accepted: false, reason: 'P holds the host role' },
    lastNumber: 184_220,
    completedNumber: name === 'P' ? 184_220 : null,
    consistent: true,
    volumes: [0, 1].map((index) => ({ index, sizeBytes: 64 * MIB, dirtyTracks: 0 })),
    journal: {
      usedBytes: name === 'I' ? 49 * MIB : 6 * MIB,
      sizeBytes: 128 * MIB,
      fullInMs: null,
      trimmedTo: 170_000,
      kept: [],
    },
    writesPerSecond: name === 'P' ? 20 : 0,
    bytesPerSecond: name === 'P' ? 81_920 : 0,
    clients: name === 'P' ? 1 : 0,
    fault: null,
    clone: null,
    ...change,
  };
}

/** A pair in duplex, with what differs from that. Its actions come from the transition table. */
export function pairFixture(name: string, at: number, change: Partial<PairStatus> = {}): PairStatus {
  const kind = name === 'P-I' || name === 'I-P' ? 'sync' : 'async';
  const state = change.state ?? 'duplex';
  const flat = state === 'unknown' ? 'duplex' : state;
  return {
    name,
    kind,
    transport: 'journal',
    pullIntervalMs: kind === 'sync' ? null : 50,
    snapshotIntervalMs: null,
    set: null,
    fence: kind === 'sync' ? 'status' : null,
    state,
    stateAtSource: state,
    stateAtDestination: state,
    lastKnown: null,
    reason: 'contents equal',
    observer: `storage ${name.split('-')[0]}`,
    observedAt: at - 800,
    givenNumber: 184_220,
    appliedNumber: kind === 'sync' ? 184_220 : 184_207,
    lag: kind === 'sync' ? { updates: 0, bytes: 0, ms: 0 } : { updates: 13, bytes: 53_248, ms: 420 },
    rateBytesPerSecond: 81_920,
    movedBytes: 754_974_720,
    lastCopyBytes: null,
    dirtyTracks: 0,
    trackBytes: 65_536,
    copy: null,
    consistentAtDestination: true,
    gold: null,
    journal: { usedBytes: 49 * MIB, sizeBytes: 128 * MIB, fullInMs: null },
    actions: PAIR_INSTRUCTIONS.filter((instruction) => instruction !== 'copy').map((instruction) => {
      const refusal = whyRefused(kind, flat, instruction);
      return {
        instruction,
        allowed: refusal === null,
        reason: refusal?.reason ?? null,
        cure: refusal?.cure ?? null,
      };
    }),
    ...change,
  };
}

function heartbeatFixture(observer: string, of: string, lost: boolean): HeartbeatView {
  return {
    observer,
    of,
    ageMs: lost ? 42_000 : 310,
    lost,
    last: null,
    highestCompletedNumber: 184_220,
    highestCompletedAt: null,
  };
}

/** A host in good order, with what differs from that. */
export function hostFixture(name: string, at: number, change: Partial<HostStatus> = {}): HostStatus {
  const primary = name === 'host-P';
  return {
    name,
    site: primary ? 'production' : 'remote',
    role: primary ? 'primary host' : 'secondary host',
    up: true,
    pid: 4122,
    observer: primary ? 'agent production' : 'agent remote',
    observedAt: at - 600,
    work: {
      running: primary,
      generation: 1,
      lastCompletedTransaction: 9201,
      completedTransactions: 9201,
      ratePerSecond: primary ? 20 : 0,
      stoppedReason: primary ? null : 'P holds the host role',
    },
    test: null,
    heartbeats: [heartbeatFixture(name, primary ? 'host-R' : 'host-P', false)],
    ...change,
  };
}

/** The demo group in normal operation at `at`. */
export function normalStatus(at: number): GroupStatus {
  return {
    name: 'demo',
    arrangement: 'chain-3',
    operation: 'normal',
    severity: 'none',
    summary: 'P ⇒ I and I → R are in duplex; the work runs on host P.',
    generation: 1,
    holder: 'P',
    powered: true,
    systems: ['P', 'I', 'R'].map((name) => systemFixture(name, at)),
    switches: [],
    pairs: [pairFixture('P-I', at), pairFixture('I-R', at)],
    hosts: [hostFixture('host-P', at), hostFixture('host-R', at)],
    lines: [
      { name: 'P-I', ends: ['P', 'I'], km: 100, connected: true, rttMs: 1, fault: null },
      { name: 'I-R', ends: ['I', 'R'], km: 1000, connected: true, rttMs: 10, fault: null },
      { name: 'host-P-host-R', ends: ['host-P', 'host-R'], km: 1100, connected: true, rttMs: 11, fault: null },
    ],
    witness: { up: true, observedAt: at - 500, register: { state: 'joined', epoch: 1, generation: 1 } },
    rpo: { nowMs: 420, objectiveMs: 5000 },
    exposure: { text: 'I and R would survive; R trails by 0.42 s.', survivors: ['I', 'R'] },
    forecasts: [],
    alarms: [],
    activeRun: null,
    lastDrill: null,
    observedAt: at - 200,
  };
}

/** A group of chain-4-bypass in normal operation at `at`. */
export function bypassStatus(at: number): GroupStatus {
  const normal = normalStatus(at);
  const j = systemFixture('R', at, {
    name: 'J',
    site: 'remote-intermediate',
    role: 'secondary intermediate',
    observer: 'agent remote-intermediate',
  });
  return {
    ...normal,
    arrangement: 'chain-4-bypass',
    systems: ['P', 'I', 'J', 'R'].map((name) => (name === 'J' ? j : systemFixture(name, at))),
    switches: (['intermediate', 'remote-intermediate'] as const).map((site) => {
      const system = site === 'intermediate' ? 'I' : 'J';
      return {
        name: `switch-${system}`,
        site,
        role: `switching device 300${system}`,
        system,
        up: true,
        pid: 4130,
        observer: `agent ${site}`,
        observedAt: at - 700,
      };
    }),
    lines: [
      { name: 'P-I', ends: ['P', 'I'], km: 100, connected: true, rttMs: 1, fault: null },
      { name: 'I-J', ends: ['I', 'J'], km: 900, connected: true, rttMs: 9, fault: null },
      { name: 'J-R', ends: ['J', 'R'], km: 100, connected: true, rttMs: 1, fault: null },
      { name: 'host-P-host-R', ends: ['host-P', 'host-R'], km: 1100, connected: true, rttMs: 11, fault: null },
    ],
  };
}

export function siteLossAlarm(at: number): Alarm {
  return {
    id: 'site-loss:production',
    severity: 'critical',
    text: 'Production site lost: host R and the witness hear no heartbeat of host P.',
    response: 'Confirm that the site is really down, then fail over to host R.',
    routine: 'failover',
    since: at - 42_000,
  };
}

/** The production site has just been lost. */
export function lossStatus(at: number): GroupStatus {
  const normal = normalStatus(at);
  const gone = { up: false, pid: null, observedAt: at - 900 } as const;
  return {
    ...normal,
    operation: 'degraded',
    severity: 'critical',
    summary: 'The production site is lost and no work runs. R holds every update to 184,207.',
    systems: [
      systemFixture('P', at, {
        ...gone,
        hostWrites: null,
        journal: null,
        writesPerSecond: null,
        bytesPerSecond: null,
        consistent: null,
        lastNumber: null,
        completedNumber: null,
        clients: null,
        port: null,
        fault: 'held down by a fault',
      }),
      systemFixture('I', at),
      systemFixture('R', at),
    ],
    pairs: [
      pairFixture('P-I', at, {
        state: 'unknown',
        stateAtSource: 'unknown',
        stateAtDestination: 'failure-suspend',
        lastKnown: { state: 'duplex', at: at - 42_000 },
        reason: 'the line to P does not answer',
        observedAt: at - 42_000,
        observer: 'storage I',
        givenNumber: null,
        appliedNumber: null,
        lag: null,
        rateBytesPerSecond: null,
        movedBytes: null,
        lastCopyBytes: null,
        dirtyTracks: null,
        journal: null,
      }),
      pairFixture('I-R', at, { rateBytesPerSecond: 0, lag: { updates: 0, bytes: 0, ms: 0 }, appliedNumber: 184_220 }),
    ],
    hosts: [
      hostFixture('host-P', at, { ...gone, work: null, heartbeats: [] }),
      hostFixture('host-R', at, { heartbeats: [heartbeatFixture('host-R', 'host-P', true)] }),
    ],
    lines: normal.lines.map((line) => (line.name === 'I-R' ? line : { ...line, connected: false, rttMs: null })),
    rpo: { nowMs: null, objectiveMs: 5000 },
    exposure: { text: 'No work runs. I and R hold consistent images.', survivors: ['I', 'R'] },
    forecasts: [],
    alarms: [siteLossAlarm(at)],
  };
}

/** R has taken over and copies back to I; the ends of I⇒P disagree. */
export function copyingStatus(at: number): GroupStatus {
  const loss = lossStatus(at);
  return {
    ...loss,
    operation: 'failed-over',
    severity: 'major',
    summary: 'The work runs on host R; R → I is being copied.',
    holder: 'R',
    generation: 2,
    systems: [
      loss.systems[0] ?? systemFixture('P', at),
      systemFixture('I', at, { volumes: [0, 1].map((index) => ({ index, sizeBytes: 64 * MIB, dirtyTracks: 212 })) }),
      systemFixture('R', at, {
        hostWrites: { accepted: true, reason: '' },
        writesPerSecond: 20,
        bytesPerSecond: 81_920,
      }),
    ],
    pairs: [
      pairFixture('P-I', at, {
        state: 'suspend',
        stateAtSource: 'suspend',
        stateAtDestination: 'failure-suspend',
        dirtyTracks: 118,
      }),
      pairFixture('R-I', at, {
        state: 'duplex-pending',
        copy: { doneBytes: 27 * MIB, totalBytes: 64 * MIB, startedAt: at - 4000 },
        rateBytesPerSecond: 9 * MIB,
        consistentAtDestination: false,
        gold: { number: 184_220, usedBytes: 4 * MIB },
      }),
    ],
    alarms: [
      {
        id: 'exposed',
        severity: 'major',
        text: 'R holds the only current image.',
        response: 'Let the copy to I end; then the image is held twice.',
        routine: null,
        since: at - 12_000,
      },
    ],
    exposure: { text: 'R only, 00:00:12', survivors: [] },
    forecasts: [],
  };
}

/** The fleet row that belongs to a status. */
export function rowOf(status: GroupStatus): FleetRow {
  return {
    group: status.name,
    arrangement: status.arrangement,
    arrangementTitle: 'Chain of three: sync to a near site, async to a far one',
    operation: status.operation,
    severity: status.severity,
    summary: status.summary,
    powered: status.powered,
    holder: status.holder,
    generation: status.generation,
    rpo: status.rpo,
    worstHop: { pair: 'I-R', state: status.pairs.at(-1)?.state ?? 'absent', lagMs: 420 },
    pairs: status.pairs.map(({ name, kind, state }) => ({ name, kind, state })),
    exposure: status.exposure.text,
    alarms: status.alarms,
    activeRun: status.activeRun,
    lastProven: null,
    lastDrill: status.lastDrill,
    observedAt: status.observedAt,
  };
}
