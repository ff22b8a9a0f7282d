/** What is looked at before anything is changed. */

import { operationOf } from '../../domain/arrangement.ts';
import { commonNumber } from '../../domain/generation.ts';
import type { HeartbeatView } from '../../domain/host.ts';
import type { HostName, SystemName } from '../../domain/names.ts';
import type { SystemFacts } from '../../domain/storage-controller.ts';
import type { Action, ActionContext, ActionResult } from '../action-types.ts';
import { parameter, stepHost } from '../action-types.ts';
import {
  askHost,
  endsOf,
  generationInForce,
  holdsRole,
  orNull,
  pairOf,
  pause,
  queryIfAnswers,
  querySurely,
  raiseGeneration,
} from './ask.ts';
import { heartbeatsOf } from './fence.ts';

/** Pause between two looks at a source that is still completing writes, ms. */
const QUIET_PAUSE_MS = 200;
/** Pause between two looks at heartbeats whose next beat is awaited, ms. */
const BEAT_PAUSE_MS = 100;

/** S200: is the host or the storage of the writing side seen to have failed? */
export const watchHeartbeat: Action = async (context): Promise<ActionResult> => {
  const host = stepHost(context);
  if (await holdsRole(context, host, parameter(context, 'survivor'))) return { outcome: 'already-here' };
  const { heartbeatBoundMs } = context.settings;
  const { alive, views } = await watchUntilClear(context, host, heartbeatBoundMs);
  for (const view of views) context.note(beatSentence(view, heartbeatBoundMs));
  if (views.length === 0) context.note('Nobody has ever heard a heartbeat from there.');
  return { outcome: alive ? 'alive' : 'failed', findings: { heartbeats: views } };
};

/**
 * Life is a beat that was sent after this step began; one sent before may be the last of a site that has just died. So
 * either the next beat is awaited or its loss, which comes within the heartbeat's own bound.
 */
async function watchUntilClear(context: ActionContext, host: HostName, boundMs: number) {
  const began = context.clock.monotonic();
  for (;;) {
    const views = await heartbeatsOf(context, host, parameter(context, 'writerHost'));
    const alive = views.filter((view) => isAlive(view, boundMs));
    const watchedMs = context.clock.monotonic() - began;
    if (alive.length === 0) return { alive: false, views };
    if (alive.some((view) => (view.ageMs ?? Number.POSITIVE_INFINITY) < watchedMs)) return { alive: true, views };
    await context.yieldToOrders();
    await pause(context, BEAT_PAUSE_MS);
  }
}

/** A fresh beat whose storage still does its input and output: a live host on dead storage is a failure all the same. */
function isAlive(view: HeartbeatView, boundMs: number): boolean {
  if (view.lost || view.ageMs === null || view.ageMs > boundMs || !view.last) return false;
  return view.last.storageAnswers && view.last.lastIoAgeMs <= boundMs;
}

function beatSentence(view: HeartbeatView, boundMs: number): string {
  const age = view.ageMs === null ? 'never' : `${(view.ageMs / 1000).toFixed(1)} s ago`;
  const storage = view.last && !view.last.storageAnswers ? ', and said that its storage does not answer' : '';
  return `${view.observer}: heartbeat of ${view.of} last ${age}${isAlive(view, boundMs) ? '' : ' (failed)'}${storage}; completed ${view.highestCompletedNumber}.`;
}

/** Does the step's own system hold the host role? The register is asked as well, for a system may not have heard of its demotion. */
export const checkHolder: Action = async (context): Promise<ActionResult> => {
  const host = stepHost(context);
  const system = parameter(context, 'system');
  const generation = await generationInForce(context, host, system);
  context.adopt(generation);
  if (generation.holder === system) return { outcome: 'holder', findings: { generation } };
  return { outcome: generation.holder === null ? 'unfinished' : 'held-elsewhere' };
};

/** Planned switch-over: both pairs in duplex, every party answering. */
export const checkReady: Action = async (context): Promise<ActionResult> => {
  const host = stepHost(context);
  if (await holdsRole(context, host, parameter(context, 'survivor'))) return { outcome: 'already-here' };
  const missing: string[] = [];
  const { arrangement } = context;
  const standing = operationOf(arrangement, parameter(context, 'writer')) ?? arrangement.normal;
  for (const { source, destination } of standing.pairs) {
    const facts = await queryIfAnswers(context, host, source);
    const pair = facts ? pairOf(facts, source, destination) : null;
    if (!facts) missing.push(`${source} does not answer`);
    else if (pair?.state !== 'duplex' || pair.definition.source !== source)
      missing.push(`${source}-${destination} is ${pair?.state ?? 'absent'}, not duplex`);
  }
  if (!(await orNull(() => askHost(context, host, { verb: 'register-read' }, 'register'))))
    missing.push('the monitoring host does not answer');
  const writerHost = parameter(context, 'writerHost');
  const other = await orNull(() =>
    askHost(context, host, { verb: 'peer-host', instruction: { verb: 'host-facts' } }, 'host-facts'),
  );
  if (!other) missing.push(`${writerHost} does not answer`);
  for (const gap of missing) context.note(`${gap}.`);
  return { outcome: missing.length === 0 ? 'ready' : 'not-ready' };
};

/** Waits until the writer has nothing under way and the survivor has applied all of it, or says that writes go on. */
export const awaitQuiet: Action = async (context): Promise<ActionResult> => {
  const host = stepHost(context);
  const begun = context.clock.monotonic();
  const writer = parameter(context, 'writer');
  const survivor = parameter(context, 'survivor');
  let lastSeen: number | null = null;
  for (;;) {
    const source = await queryIfAnswers(context, host, writer);
    const destination = await querySurely(context, host, survivor);
    if (!source) {
      context.note(`${writer}: no answer.`);
      return { outcome: 'not-quiet' };
    }
    if (source.lastNumber === lastSeen && destination.consistentNumber >= source.lastNumber) {
      context.note(
        `${writer}: quiet at ${source.lastNumber}; ${survivor} has applied ${destination.consistentNumber}.`,
      );
      return { outcome: 'quiet' };
    }
    if (context.clock.monotonic() - begun >= context.settings.restartWaitMs) {
      context.note(
        `${writer}: at ${source.lastNumber}, completed ${source.completedNumber}; ${survivor} at ${destination.consistentNumber}.`,
      );
      return { outcome: 'not-quiet' };
    }
    lastSeen = source.lastNumber;
    await context.yieldToOrders();
    await pause(context, QUIET_PAUSE_MS);
  }
};

/** Do all the named systems, and the other host, answer? The sources ask for all faults to be cleared first. */
export const checkFaultsCleared: Action = async (context): Promise<ActionResult> => {
  const host = stepHost(context);
  const silent: string[] = [];
  const systems = parameter(context, 'systems').split(' ');
  for (const system of systems) {
    if (!(await queryIfAnswers(context, host, system))) silent.push(system);
  }
  const otherHost = parameter(context, 'otherHost');
  const other = await orNull(() =>
    askHost(context, host, { verb: 'peer-host', instruction: { verb: 'host-facts' } }, 'host-facts'),
  );
  if (!other) silent.push(otherHost);
  for (const name of silent) context.note(`${name}: no answer.`);
  if (silent.length === 0) context.note(`${systems.join(', ')} and ${otherHost} answer.`);
  return { outcome: silent.length === 0 ? 'cleared' : 'not-cleared' };
};

/** Hands the generation in force to those that were away when it was raised, so that they are demoted before they are written over. */
export const spreadGeneration: Action = async (context): Promise<ActionResult> => {
  const host = stepHost(context);
  const generation = context.findings.generation;
  if (!generation) throw new Error(`step ${context.step.id} needs a generation`);
  for (const target of parameter(context, 'systems').split(' ')) {
    const facts = await querySurely(context, host, target);
    if (facts.generation.number >= generation.number) continue;
    const instruction = { verb: 'raise-generation', generation, token: context.token() } as const;
    const evidence = await raiseGeneration(context, host, target, instruction, context.settings.askTimeoutMs);
    context.note(`${target}: generation ${evidence.generation.number} persisted; it takes no host writes.`);
  }
  const otherHost = parameter(context, 'otherHost');
  const peer = { verb: 'raise-host-generation', generation, token: context.token() } as const;
  const reply = await askHost(context, host, { verb: 'peer-host', instruction: peer }, 'host-fenced');
  context.note(
    `${otherHost}: generation ${reply.generation.number} persisted; its work ${reply.work.running ? 'runs' : 'is stopped'}.`,
  );
  return { outcome: 'spread' };
};

/** Do the systems to be overwritten hold updates, completed to a host, that `base` never received? */
export const compareImages: Action = async (context): Promise<ActionResult> => {
  const host = stepHost(context);
  const others: { name: string; facts: SystemFacts | null }[] = [];
  for (const name of parameter(context, 'others').split(' ')) {
    others.push({ name, facts: await queryIfAnswers(context, host, name) });
  }
  // The base is asked last: under load it goes on numbering, and whoever was asked after it would look newer.
  const base = await querySurely(context, host, parameter(context, 'base'));
  let newer = false;
  for (const { name, facts } of others) {
    if (!facts) {
      context.note(`${name}: no answer; what it holds is not known.`);
      continue;
    }
    const extra = updatesLackedBy(base, facts);
    context.note(
      extra === 0
        ? `${name}: holds no update that ${base.system} lacks.`
        : `${name}: holds ${extra} updates that ${base.system} never received.`,
    );
    newer ||= extra > 0;
  }
  return { outcome: newer ? 'newer-elsewhere' : 'none' };
};

/** Updates of `other`, completed or applied there, that lie outside the history it shares with `base`. */
function updatesLackedBy(base: SystemFacts, other: SystemFacts): number {
  // A system that served hosts may hold writes that were under way when it died; those bind nobody, so only what it
  // completed counts. One that never did holds nothing but what it applied.
  const reached = other.completedNumber > 0 ? other.completedNumber : other.consistentNumber;
  return Math.max(0, reached - commonNumber(base.lineage, base.lastNumber, other.lineage, reached));
}

/** S440: waits for the next cycle, at the interval or when the source's journal passes its level; ends where asked to. */
export const awaitCycle: Action = async (context): Promise<ActionResult> => {
  const host = stepHost(context);
  const { cycleIntervalMs, cycleJournalLevel } = context.settings;
  const begun = context.clock.monotonic();
  while (!context.endRequested) {
    await context.yieldToOrders();
    const waitedMs = context.clock.monotonic() - begun;
    if (waitedMs >= cycleIntervalMs) return { outcome: 'again' };
    const level = await journalLevel(context, host, parameter(context, 'source'));
    if (level > cycleJournalLevel) {
      context.note(`${parameter(context, 'source')}: journal filled to ${Math.round(level * 100)} %.`);
      return { outcome: 'again' };
    }
    await pause(context, Math.min(1_000, cycleIntervalMs - waitedMs));
  }
  context.note('The operator ended copy control.');
  return { outcome: 'ended' };
};

async function journalLevel(context: ActionContext, host: string, system: SystemName): Promise<number> {
  const facts = await queryIfAnswers(context, host, system);
  return facts && facts.journal.sizeBytes > 0 ? facts.journal.usedBytes / facts.journal.sizeBytes : 0;
}

/** Copy control: both pairs stand in reverse direction, else there is nothing to control. */
export const checkReverse: Action = async (context): Promise<ActionResult> => {
  const host = stepHost(context);
  for (const name of parameter(context, 'pairs').split(' ')) {
    const { source, destination } = endsOf(name);
    const pair = pairOf(await querySurely(context, host, source), source, destination);
    context.note(pair ? `${source}: ${pair.name} is in ${pair.state}.` : `${source}: no pair with ${destination}.`);
    if (pair?.name !== name) return { outcome: 'not-reverse' };
  }
  return { outcome: 'reverse' };
};
