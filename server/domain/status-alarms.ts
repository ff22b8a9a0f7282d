/**
 * Alarms: only what needs an operator's response, and one disaster is one alarm. Causes come first (a site, a line);
 * what merely follows from a cause already told is left to the details.
 */
import type { Alarm, GroupStatus, PairStatus } from './group-status.ts';
import type { HeartbeatView } from './host.ts';
import type { SiteName } from './names.ts';
import { pairName, WITNESS } from './names.ts';
import { type Fresh, freshOf, type GroupFacts } from './status-facts.ts';
import { linesOfLink } from './ways.ts';

type Derived = Omit<GroupStatus, 'alarms' | 'severity' | 'summary'>;

/** A journal filled beyond this share calls for an answer before it overflows. */
const JOURNAL_ALARM_SHARE = 0.8;
/** Storage that has not done any input or output for so long has failed, whatever its host says, ms. */
const IO_BOUND_MS = 5_000;

export function alarmsOf(facts: GroupFacts, status: Derived): Alarm[] {
  if (!facts.powered) return [];
  const sites = siteAlarms(facts, status);
  const troubled = new Set(sites.map((alarm) => alarm.site));
  const lines = lineAlarms(facts, status, troubled);
  return [
    ...sites.map(({ site: _, ...alarm }) => alarm),
    ...unfinished(facts, status),
    ...lines.alarms,
    ...pairAlarms(facts, status, troubled, lines.names),
    ...evidenceAlarms(facts),
    ...journalAlarms(facts, status),
    ...unprotected(facts, status, troubled),
    ...notYetBack(facts, status, troubled),
    ...runAlarms(facts),
  ];
}

type SiteAlarm = Alarm & { site: SiteName };

function siteAlarms(facts: GroupFacts, status: Derived): SiteAlarm[] {
  return [...facts.arrangement.sites, 'witness' as const].flatMap((site) => siteAlarm(facts, status, site) ?? []);
}

/** Everything that is wrong at one site, in one alarm. */
function siteAlarm(facts: GroupFacts, status: Derived, site: SiteName): SiteAlarm | null {
  const names = namesAt(facts, site);
  const seen = names.map((name) => ({ name, fresh: freshOf(facts, name) }));
  const down = seen.filter(({ fresh }) => fresh.up === false && fresh.process?.state !== 'starting');
  const silent = seen.filter(({ fresh }) => fresh.up === null);
  const failed = down.length === names.length || silent.length === names.length ? [] : failedHeartbeats(facts, names);
  if (down.length === 0 && silent.length === 0 && failed.length === 0) return null;
  const holder = status.systems.find((system) => system.site === site && system.name === status.holder);
  // A host that is heard although its process view is stale only means that the control plane is cut off from its agent.
  const works = holder !== undefined && (down.length > 0 || failed.length > 0 || !isHeard(facts, names));
  const what = [
    down.length > 0 ? `${list(down.map(({ name }) => name))} down` : '',
    silent.length > 0 ? `${list(silent.map(({ name }) => name))} not heard by the agent` : '',
    ...failed.map((view) => failureText(view)),
  ].filter((text) => text !== '');
  return {
    id: `site-${site}`,
    site,
    severity: works ? 'critical' : site === 'witness' ? 'minor' : 'major',
    text: `Site ${site}: ${what.join('; ')}.`,
    response: responseOf(facts, holder?.name ?? null, works, site),
    routine: works ? routineFor(facts, holder?.name ?? '') : null,
    since: since(
      facts,
      [...down, ...silent].map(({ fresh }) => fresh),
      failed,
    ),
  };
}

function namesAt(facts: GroupFacts, site: SiteName): string[] {
  if (site === 'witness') return [WITNESS];
  const { systems, hosts, switches = [] } = facts.arrangement;
  return [...hosts, ...systems, ...switches].filter((process) => process.site === site).map(({ name }) => name);
}

/** Every fresh view anybody else has of these hosts. */
function viewsOf(facts: GroupFacts, names: readonly string[]): HeartbeatView[] {
  const observers = [...facts.arrangement.hosts.map((host) => host.name), WITNESS].filter(
    (name) => !names.includes(name),
  );
  return observers.flatMap((name) => {
    const fresh = freshOf(facts, name);
    return (fresh.host?.heartbeats ?? fresh.witness?.heartbeats ?? []).filter((view) => names.includes(view.of));
  });
}

/** S200: nobody hears the host any more, or it says itself that its storage has failed. */
function failedHeartbeats(facts: GroupFacts, names: readonly string[]): HeartbeatView[] {
  const views = viewsOf(facts, names);
  const storageFailed = views.filter(
    (view) => !view.lost && view.last && (!view.last.storageAnswers || view.last.lastIoAgeMs > IO_BOUND_MS),
  );
  if (storageFailed.length > 0) return storageFailed.slice(0, 1);
  return views.length > 0 && views.every((view) => view.lost && view.last) ? views.slice(0, 1) : [];
}

function isHeard(facts: GroupFacts, names: readonly string[]): boolean {
  return viewsOf(facts, names).some((view) => !view.lost && view.last?.storageAnswers === true);
}

function failureText(view: HeartbeatView): string {
  if (view.lost) return `${view.observer} has lost the heartbeat of ${view.of}`;
  return `${view.of} says that its storage does not answer, heard by ${view.observer}`;
}

function list(names: readonly string[]): string {
  return names.length <= 1 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

/** The routine that takes the work away from `holder`. */
function routineFor(facts: GroupFacts, holder: string): string {
  const { normal, moves } = facts.arrangement;
  return holder === normal.holder ? moves.takeover : (moves.retake ?? moves.back);
}

function responseOf(facts: GroupFacts, holder: string | null, works: boolean, site: SiteName): string {
  const routine = works && holder ? routineFor(facts, holder) : null;
  if (routine) return `If the site is really down, run ${routine}.`;
  if (site === 'witness') return 'Restart the monitoring host: without its register no takeover can be proven safe.';
  return 'Restart what is down, or restore the way to it.';
}

function since(facts: GroupFacts, silent: readonly Fresh[], failed: readonly HeartbeatView[]): number {
  const times = [
    ...silent.map(
      (fresh) =>
        (fresh.up === false ? fresh.process?.downSince : fresh.process?.factsAt) ??
        fresh.process?.observedAt ??
        facts.now,
    ),
    ...failed.map((view) => facts.now - (view.ageMs ?? 0)),
  ];
  return Math.min(facts.now, ...times);
}

function unfinished(facts: GroupFacts, status: Derived): Alarm[] {
  if (status.operation !== 'stopped' || facts.run?.changing) return [];
  const text = `Generation ${status.generation ?? 'unknown'} was raised and has no holder: nobody takes host writes.`;
  const { takeover, back, retake = back } = facts.arrangement.moves;
  const either = retake === takeover ? takeover : `${takeover} or ${retake}`;
  return [
    {
      id: 'no-holder',
      severity: 'critical',
      text,
      response: `Run ${either} to its end.`,
      routine: takeover,
      since: lastChange(facts),
    },
  ];
}

/** When a pair last changed: takeovers change pairs, and tell no other time of their own. */
function lastChange(facts: GroupFacts): number {
  const times = facts.processes.flatMap((process) => process.storage?.pairs ?? []).map((pair) => pair.changedAt);
  return times.length === 0 ? facts.now : Math.min(facts.now, Math.max(...times));
}

function siteOf(facts: GroupFacts, name: string): SiteName | null {
  return [...facts.arrangement.systems, ...facts.arrangement.hosts].find((part) => part.name === name)?.site ?? null;
}

function isTroubled(facts: GroupFacts, name: string, troubled: ReadonlySet<SiteName>): boolean {
  const site = siteOf(facts, name);
  return site !== null && troubled.has(site);
}

function lineAlarms(
  facts: GroupFacts,
  status: Derived,
  troubled: ReadonlySet<SiteName>,
): { alarms: Alarm[]; names: string[] } {
  const down = status.lines.filter(
    (line) => line.connected === false && !line.ends.some((end) => isTroubled(facts, end, troubled)),
  );
  const alarms = down.map((line): Alarm => {
    const carriesPair = facts.arrangement.lines.some((known) => known.name === line.name);
    return {
      id: `line-${line.name}`,
      severity: carriesPair ? 'major' : 'minor',
      text: `Line ${line.name} is down${line.fault ? ` (${line.fault})` : ''}: both ends are up.`,
      response: 'Restore the line; suspended pairs are then resynced by difference.',
      routine: null,
      since: facts.faults.find((fault) => fault.line === line.name)?.since ?? status.observedAt,
    };
  });
  return { alarms, names: down.map((line) => line.name) };
}

/**
 * A pair of the present operation that broke for no reason told already. One suspended by instruction is somebody's
 * intention and no alarm, and so is one left over from the operation before.
 */
function pairAlarms(
  facts: GroupFacts,
  status: Derived,
  troubled: ReadonlySet<SiteName>,
  /** Lines told already. */
  cut: readonly string[],
): Alarm[] {
  const { normal, reverse } = facts.arrangement;
  const present = [normal, reverse].find((operation) => operation.holder === status.holder)?.pairs ?? [];
  return status.pairs.flatMap((pair) => {
    const ends = pair.name.split('-');
    const [source = '', destination = ''] = ends;
    // The same two may be paired in another kind by the operation before: that pair only waits to be turned.
    const wanted = present.some(
      (each) => pairName(each.source, each.destination) === pair.name && each.kind === pair.kind,
    );
    if (pair.state !== 'failure-suspend' || !wanted) return [];
    const told =
      ends.some((end) => isTroubled(facts, end, troubled)) ||
      linesOfLink(facts.arrangement, source, destination).some((line) => cut.includes(line));
    return told ? [] : [pairAlarm(facts, status, pair)];
  });
}

function pairAlarm(facts: GroupFacts, status: Derived, pair: PairStatus): Alarm {
  const { normal, moves } = facts.arrangement;
  const routine = status.holder === normal.holder ? moves.form : moves.protect;
  const controlled = routine === moves.protect && moves.control !== null;
  const changedAt = facts.processes
    .flatMap((process) => process.storage?.pairs ?? [])
    .filter((candidate) => candidate.name === pair.name);
  return {
    id: `pair-${pair.name}`,
    severity: 'major',
    text: `${pair.name} is in failure-suspend, seen by ${pair.observer}: ${pair.reason}.`,
    response: `Run ${routine}, which resyncs it by difference${controlled ? '; a running copy control does so in its next cycle' : ''}.`,
    routine,
    since: Math.min(facts.now, ...changedAt.map((candidate) => candidate.changedAt)),
  };
}

function evidenceAlarms(facts: GroupFacts): Alarm[] {
  return facts.arrangement.systems.flatMap(({ name }) => {
    const { storage, observedAt } = freshOf(facts, name);
    if (!storage?.evidenceLost) return [];
    const text = `${name} found updates damaged that it had answered: it can prove nothing and takes no host writes.`;
    return [
      {
        id: `evidence-${name}`,
        severity: 'critical' as const,
        text,
        response: `Replace the disk of ${name}, then have it copied anew.`,
        routine: null,
        since: observedAt ?? facts.now,
      },
    ];
  });
}

function journalAlarms(facts: GroupFacts, status: Derived): Alarm[] {
  return status.systems.flatMap((system) => {
    const journal = system.journal;
    if (!journal || journal.sizeBytes === 0 || journal.usedBytes / journal.sizeBytes <= JOURNAL_ALARM_SHARE) return [];
    const share = Math.round((journal.usedBytes / journal.sizeBytes) * 100);
    const left = journal.fullInMs === null ? '' : `, full in ${Math.round(journal.fullInMs / 1000)} s`;
    const text = `Journal of ${system.name} is filled to ${share} %${left}.`;
    return [
      {
        id: `journal-${system.name}`,
        severity: 'major' as const,
        text,
        response: 'Restore the rate of the line behind it; otherwise its pair goes to failure-suspend.',
        routine: null,
        since: system.observedAt ?? facts.now,
      },
    ];
  });
}

/** After a takeover the work runs without a copy although everything is back. */
function unprotected(facts: GroupFacts, status: Derived, troubled: ReadonlySet<SiteName>): Alarm[] {
  if (facts.run?.changing || troubled.size > 0 || status.operation !== 'failed-over') return [];
  const text = `The work runs on ${status.holder ?? 'nobody'}, not yet in reverse operation; ${status.exposure.text}.`;
  return [
    {
      id: 'unprotected',
      severity: 'major',
      text,
      response: `Run ${facts.arrangement.moves.protect}.`,
      routine: facts.arrangement.moves.protect,
      since: lastChange(facts),
    },
  ];
}

/** The work is back where it belongs, and pairs still stand in the kind that the operation before gave them. */
function notYetBack(facts: GroupFacts, status: Derived, troubled: ReadonlySet<SiteName>): Alarm[] {
  const { normal, moves } = facts.arrangement;
  if (facts.run?.changing || troubled.size > 0 || status.holder !== normal.holder) return [];
  const old = normal.pairs.flatMap(({ source, destination, kind }) => {
    const pair = status.pairs.find((each) => each.name === pairName(source, destination));
    return pair && pair.state !== 'absent' && pair.kind !== kind ? [`${pair.name} ${pair.kind}`] : [];
  });
  if (old.length === 0) return [];
  return [
    {
      id: 'not-yet-back',
      severity: 'major',
      text: `The work runs on ${normal.holder}, not yet in normal operation: ${list(old)} of the operation before; ${status.exposure.text}.`,
      response: `Run ${moves.form}.`,
      routine: moves.form,
      since: lastChange(facts),
    },
  ];
}

function runAlarms(facts: GroupFacts): Alarm[] {
  const { run } = facts;
  if (run?.status !== 'waiting-decision' && run?.status !== 'stopped-at-step') return [];
  const what = run.status === 'waiting-decision' ? 'waits for a decision' : 'was stopped by a refusal';
  const text = `Run ${run.run} (${run.routine}) ${what}${run.step ? ` at ${run.step}` : ''}.`;
  return [
    {
      id: `run-${run.run}`,
      severity: 'major',
      text,
      response: 'Open the run and decide, retry or abort.',
      routine: null,
      since: run.since,
    },
  ];
}
