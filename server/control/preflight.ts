/**
 * What an operator is shown before a routine starts: what was observed, by whom, how long ago, and what follows from it.
 * Pure. A failed check refuses the start only where the routine could not even begin; every other state it may meet has an
 * outcome of its own in the routine.
 */

import type { GroupStatus, PairStatus } from '../domain/group-status.ts';
import { type Refusal, refuse } from '../domain/refusal.ts';
import type { RoutineGraph, RunView } from '../routines/step-graph.ts';
import { predictVerdict } from './verdict-prediction.ts';
import type { PreflightCheck, PreflightView } from './views.ts';

export interface PreflightFacts {
  status: GroupStatus;
  graph: RoutineGraph;
  /** Ended runs of this routine, newest first: what it took them is what it will take. */
  earlier: readonly RunView[];
  now: number;
}

const hostAge = (observedAt: number | null, now: number) =>
  observedAt === null ? null : Math.max(0, now - observedAt);

/** What starting `graph` now would meet. */
export function preflight(facts: PreflightFacts): PreflightView {
  const { status, graph, now } = facts;
  const checks = [
    powerCheck(facts),
    runCheck(facts),
    hostCheck(facts),
    operationCheck(facts),
    ...status.pairs.map((pair) => pairCheck(pair, now)),
    witnessCheck(facts),
  ];
  return {
    group: status.name,
    routine: graph.id,
    at: now,
    checks,
    refusal: refusalOf(checks, status.name),
    predicted: {
      verdict: predictVerdict(status, graph),
      rtoMs: durationOf(facts.earlier),
      bytes: bytesToMove(status, graph),
    },
    sideEffects: [...(graph.effects ?? [])],
    decisions: graph.steps.flatMap(({ id, decision }) => (decision ? [{ step: id, ...decision }] : [])),
    command: `npx switchback run ${graph.id} --group ${status.name}`,
  };
}

function refusalOf(checks: readonly PreflightCheck[], group: string): Refusal | null {
  const failed = checks.find((check) => check.blocking && check.ok !== true);
  if (!failed) return null;
  return refuse(
    'wrong-state',
    `${group} does not pass the check “${failed.title}”: ${failed.observed}`,
    failed.cure ?? 'Clear what stands in the way, then try again.',
  ).refusal;
}

function powerCheck({ status }: PreflightFacts): PreflightCheck {
  return {
    id: 'power',
    title: 'Group is switched on',
    observed: status.powered ? 'on' : 'off',
    observer: 'control',
    ageMs: 0,
    ok: status.powered,
    blocking: true,
    cure: status.powered ? null : 'Switch the group on.',
  };
}

const STANDS: Readonly<Record<string, string>> = {
  running: 'is running',
  'waiting-decision': 'waits for a decision',
  paused: 'is paused',
  'stopped-at-step': 'has stopped at a step',
  ended: 'has ended',
};

/** A test stands in nobody's way: whatever changes the group ends it. */
function runCheck({ status, graph }: PreflightFacts): PreflightCheck {
  const activeRun = graph.intent === 'test' || status.activeRun?.changing ? status.activeRun : null;
  return {
    id: 'run',
    title: 'No other routine is under way',
    observed: activeRun ? `${activeRun.routine} ${STANDS[activeRun.status] ?? activeRun.status}` : 'none',
    observer: 'control',
    ageMs: 0,
    ok: activeRun === null,
    blocking: true,
    cure: activeRun ? `Wait until it has ended, or abort it (run abort ${activeRun.run}).` : null,
  };
}

function hostCheck({ status, graph, now }: PreflightFacts): PreflightCheck {
  const names = [graph.host, ...(graph.orHost ? [graph.orHost] : [])];
  const hosts = names.flatMap((name) => status.hosts.find((one) => one.name === name) ?? []);
  const host = hosts.find((one) => one.up === true) ?? hosts[0];
  const words = host?.up === true ? 'answers' : host?.up === false ? 'is down' : 'not known';
  return {
    id: 'host',
    title: `${names.join(' or ')}, which runs the routine, answers`,
    observed: words,
    observer: host?.observer ?? 'nobody',
    ageMs: hostAge(host?.observedAt ?? null, now),
    ok: host?.up ?? null,
    blocking: true,
    cure: host?.up === true ? null : `Restart ${names.join(' or ')} (fault restart), then try again.`,
  };
}

function operationCheck({ status, graph, now }: PreflightFacts): PreflightCheck {
  const meant = graph.meantFor;
  const fits = !meant || meant.includes(status.operation);
  return {
    id: 'operation',
    title: 'Operation is one the routine is meant for',
    observed: status.operation.replace('-', ' '),
    observer: 'control',
    ageMs: hostAge(status.observedAt, now),
    ok: status.operation === 'unknown' ? null : fits,
    blocking: false,
    cure: fits ? null : `${graph.title} is meant for ${(meant ?? []).join(' or ')} operation.`,
  };
}

function pairCheck(pair: PairStatus, now: number): PreflightCheck {
  const agree = pair.stateAtSource === pair.stateAtDestination;
  const unheard = pair.stateAtSource === 'unknown' || pair.stateAtDestination === 'unknown';
  return {
    id: `pair-${pair.name}`,
    title: `State of ${pair.name}`,
    observed: agree ? pair.state : `${pair.stateAtSource} at its source, ${pair.stateAtDestination} at its destination`,
    observer: pair.observer,
    ageMs: hostAge(pair.observedAt, now),
    ok: unheard ? null : agree,
    blocking: false,
    cure: unheard || !agree ? 'What the routine finds out itself decides; both ends are asked again.' : null,
  };
}

function witnessCheck({ status, now }: PreflightFacts): PreflightCheck {
  return {
    id: 'witness',
    title: 'Monitoring host answers',
    observed: status.witness.up === true ? 'answers' : status.witness.up === false ? 'is down' : 'not known',
    observer: 'agent of the witness site',
    ageMs: hostAge(status.witness.observedAt, now),
    ok: status.witness.up,
    blocking: false,
    cure:
      status.witness.up === true
        ? null
        : 'Restart the witness: it keeps the register, without which no generation can be raised.',
  };
}

/** From the shortest to the longest of the latest runs that ended as they should; null where there was none. */
function durationOf(earlier: readonly RunView[]): { low: number; high: number } | null {
  const took = earlier
    .filter((run) => run.ending === 'done' && run.endedAt !== null)
    .map((run) => (run.endedAt ?? 0) - run.startedAt);
  return took.length === 0 ? null : { low: Math.min(...took), high: Math.max(...took) };
}

/** What a drain still has to move, or a copy by difference; null where a needed figure is not known. */
function bytesToMove(status: GroupStatus, graph: RoutineGraph): number | null {
  const touched = new Set(
    graph.steps.flatMap((step) => step.expects.filter((one) => one.during !== null).map((one) => one.pair)),
  );
  const pairs = status.pairs.filter((pair) => touched.has(pair.name));
  if (pairs.length === 0) return null;
  let bytes = 0;
  for (const pair of pairs) {
    if (pair.lag === null || pair.dirtyTracks === null) return null;
    bytes += pair.lag.bytes + pair.dirtyTracks * pair.trackBytes;
  }
  return bytes;
}
