/**
 * The one status function: from one object of required facts to what every screen, the command line, the API and the
 * metrics show. Pure; no reader adds a judgement of its own, so no two of them can disagree.
 */
import { type ArrangementSwitch, operationOf, pairsTowards } from './arrangement.ts';
import { staleReasons } from './evidence/staleness.ts';
import { type Generation, newestGeneration } from './generation.ts';
import type {
  GroupStatus,
  HostStatus,
  LineStatus,
  Operation,
  PairStatus,
  ProvenDrill,
  Severity,
  SwitchStatus,
  SystemStatus,
} from './group-status.ts';
import { type HostName, pairName, type SystemName, WITNESS } from './names.ts';
import { alarmsOf } from './status-alarms.ts';
import { type Fresh, freshOf, type GroupFacts, type LastDrill } from './status-facts.ts';
import { forecastsOf } from './status-forecast.ts';
import { pairStatuses } from './status-pairs.ts';
import type { CloneFacts, SystemFacts } from './storage-controller.ts';
import { kmBetween, linesOfLink, linkedSystems } from './ways.ts';

/** Status of a group, as of `facts.now`. */
export function deriveGroupStatus(facts: GroupFacts): GroupStatus {
  const systems = facts.arrangement.systems.map((system) => systemStatus(facts, system.name));
  const hosts = facts.arrangement.hosts.map((host) => hostStatus(facts, host.name));
  const current = currentGeneration(facts);
  const pairs = pairStatuses(facts, operationOf(facts.arrangement, current?.holder ?? null));
  const operation = operationNow(facts, current, systems, pairs);
  const partial = {
    name: facts.definition.name,
    arrangement: facts.arrangement.id,
    operation,
    generation: current?.number ?? null,
    holder: current?.holder ?? null,
    powered: facts.powered,
    systems,
    pairs,
    hosts,
    switches: (facts.arrangement.switches ?? []).map((device) => switchStatus(facts, device)),
    lines: lineStatuses(facts),
    witness: witnessStatus(facts),
    rpo: { nowMs: rpoNow(facts, current, pairs), objectiveMs: facts.objectives.rpoMs },
    exposure: exposureOf(facts, current, systems, pairs),
    forecasts: facts.powered ? forecastsOf(facts, current?.holder ?? null) : [],
    activeRun: facts.run && {
      run: facts.run.run,
      routine: facts.run.routine,
      step: facts.run.step,
      status: facts.run.status,
      changing: facts.run.changing,
    },
    lastDrill: facts.lastDrill && provenDrill(facts, facts.lastDrill),
    observedAt: Math.max(0, ...facts.processes.map((process) => process.observedAt)),
  };
  const alarms = alarmsOf(facts, partial);
  const severity = worstOf(
    operation === 'degraded' || operation === 'unknown' ? 'minor' : 'none',
    alarms.map((alarm) => alarm.severity),
  );
  return { ...partial, alarms, severity, summary: summaryOf({ ...partial, alarms }) };
}

function provenDrill({ definition, objectives, now }: GroupFacts, drill: LastDrill): ProvenDrill {
  const { basis, present, ...proven } = drill;
  const topology = { definition, rpoObjectiveMs: objectives.rpoMs };
  const reasons = staleReasons({ basis, endedAt: drill.endedAt }, { ...present, topology, at: now });
  return { ...proven, stale: reasons.map(({ text }) => text) };
}

const RANK: readonly Severity[] = ['none', 'minor', 'major', 'critical'];

function worstOf(least: Severity, others: readonly Severity[]): Severity {
  return others.reduce((worst, severity) => (RANK.indexOf(severity) > RANK.indexOf(worst) ? severity : worst), least);
}

function systemStatus(facts: GroupFacts, name: SystemName): SystemStatus {
  const fresh = freshOf(facts, name);
  const { storage, process } = fresh;
  const placed = facts.arrangement.systems.find((system) => system.name === name);
  return {
    name,
    site: placed?.site ?? 'control',
    role: placed?.role ?? '',
    up: fresh.up,
    pid: fresh.up === null ? null : (process?.pid ?? null),
    port: fresh.up ? (process?.nbdPort ?? null) : null,
    observer: fresh.observer,
    observedAt: fresh.observedAt,
    generation: storage?.generation ?? null,
    hostWrites: storage?.hostWrites ?? null,
    lastNumber: storage?.lastNumber ?? null,
    completedNumber: storage?.completedNumber ?? null,
    consistent: storage?.consistent ?? null,
    volumes: (storage?.volumes ?? []).map((volume, index) => ({
      index,
      sizeBytes: volume.sizeBytes,
      dirtyTracks: volume.dirtyTracks ?? 0,
    })),
    journal: storage && {
      usedBytes: storage.journal.usedBytes,
      sizeBytes: storage.journal.sizeBytes,
      fullInMs: storage.journal.fullInMs,
      trimmedTo: storage.journal.trimmedTo,
      kept: storage.journal.kept ?? [],
    },
    writesPerSecond: fresh.up ? (process?.writesPerSecond ?? null) : null,
    bytesPerSecond: fresh.up ? (process?.bytesPerSecond ?? null) : null,
    clients: storage?.clients ?? null,
    fault: faultOf(facts, name),
    clone: storage?.clone ? cloneOf(storage.clone) : null,
  };
}

function cloneOf({ lineage: _lineage, ...clone }: CloneFacts): SystemStatus['clone'] {
  return clone;
}

function faultOf(facts: GroupFacts, process: string): string | null {
  const found = facts.faults.filter((fault) => fault.process === process);
  return found.length === 0 ? null : found.map((fault) => fault.text).join('; ');
}

function hostStatus(facts: GroupFacts, name: HostName): HostStatus {
  const fresh = freshOf(facts, name);
  const placed = facts.arrangement.hosts.find((host) => host.name === name);
  return {
    name,
    site: placed?.site ?? 'control',
    role: placed ? `host of ${placed.system}` : '',
    up: fresh.up,
    pid: fresh.up === null ? null : (fresh.process?.pid ?? null),
    observer: fresh.observer,
    observedAt: fresh.observedAt,
    work: fresh.host?.work ?? null,
    test: fresh.host?.test ?? null,
    heartbeats: fresh.host?.heartbeats ?? [],
  };
}

function switchStatus(facts: GroupFacts, { name, site, role, system }: ArrangementSwitch): SwitchStatus {
  const { up, process, observer, observedAt } = freshOf(facts, name);
  return { name, site, role, system, up, pid: up === null ? null : (process?.pid ?? null), observer, observedAt };
}

function witnessStatus(facts: GroupFacts): GroupStatus['witness'] {
  const fresh = freshOf(facts, WITNESS);
  const register = fresh.witness?.register ?? null;
  return {
    up: fresh.up,
    observedAt: fresh.observedAt,
    register: register && { state: register.state, epoch: register.epoch, generation: register.generation.number },
  };
}

/** The register's word first, for it alone gives generations; else the newest any system answers. */
function currentGeneration(facts: GroupFacts): Generation | null {
  const known: Generation[] = [];
  const register = freshOf(facts, WITNESS).witness?.register;
  if (register) known.push(register.generation);
  for (const system of facts.arrangement.systems) {
    const storage = freshOf(facts, system.name).storage;
    if (storage) known.push(storage.generation);
  }
  return newestGeneration(known);
}

function operationNow(
  facts: GroupFacts,
  current: Generation | null,
  systems: readonly SystemStatus[],
  pairs: readonly PairStatus[],
): Operation {
  if (!facts.powered) return 'stopped';
  if (systems.every((system) => system.up === null) || !current) return 'unknown';
  if (current.holder === null) return 'stopped';
  const { normal, reverse } = facts.arrangement;
  if (current.holder === normal.holder) return normalOperation(facts, systems, pairs);
  const reversed = reverse.pairs.every(({ source, destination, kind }) => {
    const pair = pairs.find((candidate) => candidate.name === pairName(source, destination));
    return pair !== undefined && pair.state !== 'absent' && pair.kind === kind;
  });
  return current.holder === reverse.holder && reversed && hasFollowed(facts, current) ? 'reverse' : 'failed-over';
}

/**
 * Has the system the work comes from been copied to since it was taken over? Pairs of reverse operation may still rest from
 * the last time. Where it is not heard there is only their word.
 */
function hasFollowed(facts: GroupFacts, current: Generation): boolean {
  const old = freshOf(facts, facts.arrangement.normal.holder).storage;
  return old === null || (old.lineage.at(-1)?.generation ?? 0) >= current.number;
}

function normalOperation(facts: GroupFacts, systems: readonly SystemStatus[], pairs: readonly PairStatus[]): Operation {
  const wanted = facts.arrangement.normal.pairs.map(({ source, destination }) =>
    pairs.find((pair) => pair.name === pairName(source, destination)),
  );
  if (systems.some((system) => system.up !== true)) return 'degraded';
  const states = wanted.map((pair) => pair?.state ?? 'absent');
  if (states.every((state) => state === 'duplex')) return 'normal';
  const forming = ['absent', 'simplex', 'initial-copying', 'duplex'];
  return states.every((state) => forming.includes(state)) ? 'forming' : 'degraded';
}

function lineStatuses(facts: GroupFacts): LineStatus[] {
  const lines = facts.arrangement.lines.map((line): LineStatus => {
    const seen = viewsOver(facts, line.name);
    // What is connected over a line proves that it carries, whatever else that goes over it may have met further on.
    const carries = seen.some((views) => views.length > 0 && views.every((view) => view.connected));
    const own = viewsBetween(facts, line.ends);
    return {
      name: line.name,
      ends: [...line.ends],
      km: kmOf(facts, line),
      connected: carries ? true : seen.every((views) => views.length === 0) ? null : false,
      rttMs: own.find((view) => view.rttMs !== null)?.rttMs ?? null,
      fault: lineFault(facts, line.name),
    };
  });
  return [...lines, ...hostLines(facts)];
}

function kmOf(facts: GroupFacts, line: { name: string; defaultKm: number }): number {
  return facts.definition.lines[line.name]?.km ?? line.defaultKm;
}

type LineView = SystemFacts['lines'][number];

/** What both ends of a link say of it. Either may be the first to notice a cut, so one "no" is enough. */
function viewsBetween(facts: GroupFacts, ends: readonly [SystemName, SystemName]): LineView[] {
  return ends.flatMap((end, index) => {
    const peer = ends[1 - index];
    return freshOf(facts, end).storage?.lines.filter((candidate) => candidate.peer === peer) ?? [];
  });
}

/** By link that goes over the line: several where switching devices share it. */
function viewsOver(facts: GroupFacts, line: string): LineView[][] {
  const { arrangement } = facts;
  return linkedSystems(arrangement)
    .filter(([a, b]) => linesOfLink(arrangement, a, b).includes(line))
    .map((ends) => viewsBetween(facts, ends));
}

/** Heartbeats run over a line of their own, as long as the shortest way between the two systems. */
function hostLines(facts: GroupFacts): LineStatus[] {
  const [first, second] = facts.arrangement.hosts;
  if (!first || !second) return [];
  const name = `${first.name}-${second.name}`;
  const views = [first, second].flatMap(
    (host) => freshOf(facts, host.name).host?.heartbeats.filter((view) => view.observer === host.name) ?? [],
  );
  return [
    {
      name,
      ends: [first.name, second.name],
      km: kmBetween(facts.arrangement, (line) => kmOf(facts, line), first.system, second.system),
      connected: views.length === 0 ? null : views.every((view) => !view.lost),
      rttMs: null,
      fault: lineFault(facts, name),
    },
  ];
}

function lineFault(facts: GroupFacts, line: string): string | null {
  const found = facts.faults.filter((fault) => fault.line === line);
  return found.length === 0 ? null : found.map((fault) => fault.text).join('; ');
}

/** How far the farthest system of the current operation is behind the holder; null where a hop is not known or still copying. */
function rpoNow(facts: GroupFacts, current: Generation | null, pairs: readonly PairStatus[]): number | null {
  if (!current?.holder) return null;
  const { normal, reverse } = facts.arrangement;
  const operation =
    operationOf(facts.arrangement, current.holder) ?? (current.holder === normal.holder ? normal : reverse);
  const behind = operation.pairs.map(({ destination }) => {
    const way = pairsTowards(operation, destination).map(({ source, destination: to }) =>
      hopBehind(
        facts,
        pairs.find((pair) => pair.name === pairName(source, to)),
      ),
    );
    return way.includes(null) ? null : way.reduce<number>((sum, ms) => sum + (ms ?? 0), 0);
  });
  return behind.includes(null) ? null : Math.max(0, ...behind.map((ms) => ms ?? 0));
}

function hopBehind(facts: GroupFacts, pair: PairStatus | undefined): number | null {
  if (!pair) return null;
  if (pair.state === 'duplex' && pair.kind === 'sync') return 0;
  if (pair.state === 'duplex' || pair.state === 'suspending') return pair.lag ? (pair.lag.ms ?? 0) : null;
  if (!isSuspended(pair)) return null;
  // Nothing flows: the destination grows older with every second since it was suspended.
  const [source = ''] = pair.name.split('-');
  const at = freshOf(facts, source).storage?.pairs.find((candidate) => candidate.name === pair.name)?.changedAt;
  return at === undefined ? null : Math.max(0, facts.now - at);
}

/** Which systems elsewhere would still hold a consistent image if the holder's site were lost now. */
function exposureOf(
  facts: GroupFacts,
  current: Generation | null,
  systems: readonly SystemStatus[],
  pairs: readonly PairStatus[],
): GroupStatus['exposure'] {
  const holder = systems.find((system) => system.name === current?.holder);
  const survivors = systems
    .filter(
      (system) => system.site !== holder?.site && system.up === true && holdsImage(freshOf(facts, system.name), pairs),
    )
    .map((system) => system.name);
  if (survivors.length === 0)
    return {
      text: holder
        ? `${holder.name} only: no other system is known to hold a consistent image`
        : 'no system is known to hold a consistent image',
      survivors,
    };
  if (!holder)
    return {
      text: `${listOf(survivors)} hold${survivors.length === 1 ? 's' : ''} a consistent image; nobody takes host writes`,
      survivors,
    };
  const left = survivors.length === 1 ? `only ${survivors[0]} is` : `${listOf(survivors)} are`;
  const stopped = stoppedTowards(facts, current, survivors, pairs);
  const age = stopped.length === 0 ? '' : `, not newer than the suspension of ${listOf(stopped)}`;
  return { text: `${left} left if the site of ${holder.name} is lost${age}`, survivors };
}

/** The pairs at which updates stop on their way to each of these systems; none where any of them still gets them. */
function stoppedTowards(
  facts: GroupFacts,
  current: Generation | null,
  systems: readonly SystemName[],
  pairs: readonly PairStatus[],
): string[] {
  const operation = current?.holder ? operationOf(facts.arrangement, current.holder) : null;
  if (!operation) return [];
  const stops = systems.map((system) =>
    pairsTowards(operation, system)
      .map((pair) => pairName(pair.source, pair.destination))
      .find((name) => pairs.some((pair) => pair.name === name && isSuspended(pair))),
  );
  return stops.includes(undefined) ? [] : [...new Set(stops)].filter((name) => name !== undefined);
}

function isSuspended({ state }: PairStatus): boolean {
  return state === 'suspend' || state === 'failure-suspend';
}

/** `B1`, `B1 and B2`, `B1, B2 and B3`. */
function listOf(names: readonly string[]): string {
  return [names.slice(0, -1).join(', '), names.at(-1)].filter(Boolean).join(' and ');
}

/** A whole image now, or one to roll back to; a system to which nothing was ever copied holds none of the group's. */
function holdsImage(fresh: Fresh, pairs: readonly PairStatus[]): boolean {
  const { storage } = fresh;
  if (!storage) return false;
  const ever =
    storage.lastNumber > 0 ||
    pairs.some((pair) => pair.name.split('-').includes(storage.system) && pair.state === 'duplex');
  return ever && (storage.consistent || storage.pairs.some((pair) => pair.gold !== null));
}

const WORDS: Record<Operation, string> = {
  normal: 'Normal operation',
  degraded: 'Degraded',
  'failed-over': 'Failed over',
  reverse: 'Reverse operation',
  forming: 'Being formed',
  stopped: 'Stopped: nobody takes host writes',
  unknown: 'Unknown: nothing has been heard within the bound',
};

function summaryOf(status: Omit<GroupStatus, 'severity' | 'summary'>): string {
  if (!status.powered) return 'Switched off.';
  const worst = [...status.alarms].sort((a, b) => RANK.indexOf(b.severity) - RANK.indexOf(a.severity))[0];
  const where = status.holder ? `, the work belongs to ${status.holder}` : '';
  if (worst) return `${WORDS[status.operation]}${where}. ${worst.text}`;
  const pairs = status.pairs.map((pair) => `${pair.name} ${pair.state}`).join(', ');
  return `${WORDS[status.operation]}${where}: ${pairs}.`;
}
