/**
 * "Form" a pair: bring it to duplex from whatever state it is met in (1a, Old pairs). Absent pairs are created, reversed
 * ones turned round, suspended ones resynced by difference, copies under way awaited, and a pair in duplex is left alone.
 */

import { plannedPairs } from '../../domain/arrangement.ts';
import type { HostName, PairName, SystemName } from '../../domain/names.ts';
import { pairKey, pairName } from '../../domain/names.ts';
import type { PairKind, PairState } from '../../domain/pair-states.ts';
import { isCopying, isFlowing, isSuspended } from '../../domain/pair-states.ts';
import { RefusedError, refuse } from '../../domain/refusal.ts';
import { judgeResume } from '../../domain/resume.ts';
import type { PairDefinition, PairFacts, SystemFacts } from '../../domain/storage-controller.ts';
import type { Action, ActionContext, ActionResult } from '../action-types.ts';
import { parameter, stepHost, stepTarget } from '../action-types.ts';
import {
  endsOf,
  instructPair,
  isSilence,
  pairOf,
  pause,
  queryIfAnswers,
  querySurely,
  splitToSuspended,
  waitForPair,
} from './ask.ts';

/** Turns of the loop; each changes the pair or waits, and no pair needs more than seven. */
const MAX_TURNS = 12;
/** A pair whose ends disagree is given this long to agree by itself, ms. */
const SETTLE_MS = 1_000;

/** `copying`: only where the wait was bounded. */
export type Formed = 'already' | 'duplex' | 'failed' | 'copying';

interface Ends {
  source: SystemName;
  destination: SystemName;
  name: PairName;
  definition: PairDefinition;
  byNumber: ByNumber;
  waitMs: number | null;
  leaveOwn: boolean;
}

/**
 * May a pair that has to be created go on from what its destination holds? `true`: where the numbers allow it, else everything is
 * copied. Where somebody has to be asked before that: `only` forms nothing unless no track has to be copied, `differing` nothing
 * unless the journals tell which.
 */
export type ByNumber = boolean | 'only' | 'differing';

export interface FormOptions {
  /** Needed where the arrangement pairs the two systems in both kinds. */
  kind?: PairKind;
  byNumber?: ByNumber;
  /** How long to wait for a copy; as long as it takes where nothing is said. */
  waitMs?: number;
  /** What only the destination has written is left as it is (1b rule 22). */
  leaveOwn?: boolean;
}

/** Brings the pair to duplex through its source end, asked by `host`. `failed`: the copy stopped by itself. */
export async function formPair(
  context: ActionContext,
  host: HostName,
  name: PairName,
  options: FormOptions = {},
): Promise<Formed> {
  const definition = definitionOf(context, endsOf(name), options.kind ?? null);
  const { byNumber = false, waitMs = null, leaveOwn = false } = options;
  const ends: Ends = { ...endsOf(name), name, definition, byNumber, waitMs, leaveOwn };
  let changed = false;
  let resynced = false;
  let settled = false;
  for (let turn = 0; turn < MAX_TURNS; turn += 1) {
    await context.yieldToOrders();
    const own = await querySurely(context, host, ends.source);
    const atSource = pairOf(own, ends.source, ends.destination);
    const other = await queryIfAnswers(context, host, ends.destination);
    const atDestination = other ? pairOf(other, ends.source, ends.destination) : null;
    const answered = other !== null;
    if (
      atSource?.state === 'duplex' &&
      fits(atSource, ends) &&
      (!answered || (atDestination?.state === 'duplex' && fits(atDestination, ends)))
    ) {
      context.note(`${ends.source}: ${name} is in duplex.`);
      return changed ? 'duplex' : 'already';
    }
    if (atSource && fits(atSource, ends) && isSuspended(atSource.state) && resynced)
      return copyFailed(context, ends, atSource);
    if (!settled && answered && disagree(atSource, atDestination)) {
      settled = true;
      await pause(context, SETTLE_MS);
      continue;
    }
    const did = await turnUnlessChanged(context, host, ends, { own, other });
    changed = true;
    if (did === 'refused') return 'failed';
    if (did === 'still-copying') return 'copying';
    resynced ||= did === 'copying';
  }
  throw refuse(
    'wrong-state',
    `${name} does not come to rest: its state changed ${MAX_TURNS} times`,
    'See in the history who else instructs this pair, then retry.',
  );
}

function copyFailed(context: ActionContext, ends: Ends, pair: PairFacts): Formed {
  context.note(`${ends.source}: ${ends.name} fell to ${pair.state}: ${pair.reason}.`);
  return 'failed';
}

/** Both ends answer, and one flows while the other does not: it may just not have heard yet. */
function disagree(atSource: PairFacts | null, atDestination: PairFacts | null): boolean {
  return isFlowing(atSource?.state ?? 'absent') !== isFlowing(atDestination?.state ?? 'absent');
}

type Move = 'moved' | 'copying' | 'still-copying' | 'refused';

/** One turn; where the pair has changed since it was looked at nothing was done, and the loop looks again. */
async function turnUnlessChanged(...turn: Parameters<typeof turnOnce>): Promise<Move> {
  try {
    return await turnOnce(...turn);
  } catch (error) {
    if (error instanceof RefusedError && error.refusal.code === 'version-changed') return 'moved';
    throw error;
  }
}

/** The pair stands in the direction and kind that is wanted. */
function fits(pair: PairFacts, { name, definition }: Ends): boolean {
  return pair.name === name && pair.definition.kind === definition.kind;
}

/** One move towards duplex, from what both ends said. `other` is null where the destination does not answer. */
async function turnOnce(
  context: ActionContext,
  host: HostName,
  ends: Ends,
  seen: { own: SystemFacts; other: SystemFacts | null },
): Promise<Move> {
  const atSource = pairOf(seen.own, ends.source, ends.destination);
  const atDestination = seen.other && pairOf(seen.other, ends.source, ends.destination);
  if (!atSource) return create(context, host, ends, seen);
  if (seen.other && !atDestination) {
    await instructPair(context, host, ends.source, { verb: 'delete', pair: atSource.name, token: context.token() });
    context.note(`${ends.destination} has no pair with ${ends.source}: deleted at ${ends.source}, to be created anew.`);
    return 'moved';
  }
  if (!fits(atSource, ends) || (atDestination && !fits(atDestination, ends)))
    return turnRound(context, host, ends, atDestination);
  return towardsDuplex(context, host, ends, atSource, atDestination);
}

async function create(
  context: ActionContext,
  host: HostName,
  ends: Ends,
  { own, other }: { own: SystemFacts; other: SystemFacts | null },
): Promise<Move> {
  const atDestination = other && pairOf(other, ends.source, ends.destination);
  if (atDestination) {
    await instructPair(context, host, ends.destination, {
      verb: 'delete',
      pair: atDestination.name,
      token: context.token(),
    });
    context.note(`${ends.source} has no pair with ${ends.destination}: deleted at ${ends.destination}.`);
    return 'moved';
  }
  const knownEqual = other !== null && mayGoOn(context, ends, own, other);
  const mustAsk = ends.byNumber === 'only' || ends.byNumber === 'differing';
  if (!knownEqual && mustAsk) return 'refused';
  const create = { verb: 'create', pair: ends.definition, token: context.token() } as const;
  const mayDiffer = ends.byNumber !== 'only';
  try {
    await instructPair(context, host, ends.source, { ...create, knownEqual, mayDiffer });
  } catch (error) {
    // Storage judges by what it holds at that moment, which may have moved on since it was asked.
    if (!knownEqual || !(error instanceof RefusedError) || error.refusal.code !== 'not-equal') throw error;
    context.note(`${error.refusal.message}${mustAsk ? '' : ' Everything is copied instead.'}`);
    if (mustAsk) return 'refused';
    await instructPair(context, host, ends.source, { ...create, knownEqual: false });
  }
  context.note(`${ends.source}: ${ends.name} created.`);
  return waitCopy(context, host, ends);
}

/** Is what the destination holds a place to go on from? A synchronous pair says of both ends that they are equal. */
function mayGoOn(context: ActionContext, ends: Ends, own: SystemFacts, other: SystemFacts): boolean {
  const { byNumber, name, source, destination, definition } = ends;
  if (!byNumber) return false;
  const resume = judgeResume(own, other);
  if (resume.kind === 'impossible') {
    context.note(`${name} needs a whole copy: ${resume.why}.`);
    return false;
  }
  if (resume.kind === 'differ') {
    const { common, missing, excess } = resume;
    context.note(`Behind update ${common} ${destination} lacks ${missing} and holds ${excess} that ${source} lacks.`);
    return byNumber !== 'only';
  }
  if (resume.kind === 'delta' && definition.kind === 'sync') {
    context.note(`${destination} lacks ${resume.updates} updates: their tracks are copied.`);
    return byNumber !== 'only';
  }
  const missing = resume.kind === 'equal' ? 'nothing' : `${resume.updates} updates, which the journal still has`;
  context.note(`${destination} lacks ${missing}: no track has to be copied.`);
  return true;
}

/** Definition of a pair from the arrangement and the group. `kind` tells which, where there are two. */
export function definitionOf(
  context: ActionContext,
  ends: { source: SystemName; destination: SystemName },
  kind: PairKind | null,
): PairDefinition {
  const { arrangement, definition } = context;
  const known = plannedPairs(arrangement).find(
    (pair) =>
      pair.source === ends.source && pair.destination === ends.destination && (kind === null || pair.kind === kind),
  );
  if (!known) throw new Error(`arrangement ${arrangement.id} has no pair ${pairName(ends.source, ends.destination)}`);
  const transport = definition.transport[pairKey(ends.source, ends.destination)] ?? 'journal';
  return { ...known, transport: known.kind === 'async' ? transport : 'journal', fence: definition.fence };
}

/** The pair stands the other way, or is of the other kind, at one end or both: suspend both, then turn it. */
async function turnRound(
  context: ActionContext,
  host: HostName,
  ends: Ends,
  atDestination: PairFacts | null,
): Promise<'moved'> {
  const { name, definition } = ends;
  await splitToSuspended(context, host, ends.source, name);
  if (atDestination) await splitToSuspended(context, host, ends.destination, name);
  const reverse = { verb: 'reverse', pair: name, kind: definition.kind, token: context.token() } as const;
  await instructPair(context, host, ends.source, reverse);
  context.note(`${ends.source}: the pair stands as ${name}, ${definition.kind}.`);
  return 'moved';
}

async function towardsDuplex(
  context: ActionContext,
  host: HostName,
  ends: Ends,
  atSource: PairFacts,
  atDestination: PairFacts | null,
): Promise<Move> {
  if (isCopying(atSource.state)) return waitCopy(context, host, ends);
  if (atSource.state === 'simplex' || atSource.state === 'duplex' || atSource.state === 'suspending') {
    // Simplex: the copy never began. Duplex: the other end has fallen out of it, so this end must be told.
    await splitToSuspended(context, host, ends.source, ends.name);
    return 'moved';
  }
  if (atDestination && !isSuspended(atDestination.state)) {
    await splitToSuspended(context, host, ends.destination, ends.name);
    return 'moved';
  }
  await instructPair(context, host, ends.source, {
    verb: 'resync',
    pair: ends.name,
    token: context.token(),
    ...(ends.leaveOwn ? { leaveOwn: true } : {}),
    expectedVersion: atSource.version,
  });
  context.note(`${ends.source}: ${ends.name} resync begun, ${atSource.dirtyTracks} tracks marked at this end.`);
  return waitCopy(context, host, ends);
}

const COPY_ENDS: readonly PairState[] = ['duplex', 'suspend', 'failure-suspend'];

async function waitCopy(context: ActionContext, host: HostName, ends: Ends): Promise<Move> {
  const met = await waitForPair(context, host, ends.source, ends.name, COPY_ENDS, { boundMs: ends.waitMs });
  return met && isCopying(met.state) ? 'still-copying' : 'copying';
}

/** Step action: `pair` to duplex. */
export const formPairStep: Action = async (context) => {
  return { outcome: await formPair(context, stepHost(context), parameter(context, 'pair'), optionsOf(context)) };
};

/** Step action: a copy of `pair` begins; its end, good or bad, is not waited for. */
export const beginCopy: Action = async (context) => {
  const options = { ...optionsOf(context), waitMs: 0 };
  const formed = await formPair(context, stepHost(context), parameter(context, 'pair'), options);
  return { outcome: formed === 'already' ? 'already' : 'begun' };
};

/** How steps say it. */
const RESUME: Readonly<Record<string, ByNumber>> = {
  'by-number': true,
  'by-number-only': 'only',
  'by-number-differing': 'differing',
};

/** What the step says beside the pair's name. */
export function optionsOf(context: ActionContext): FormOptions {
  const { kind, resume, leave } = context.step.parameters;
  const options = { byNumber: RESUME[resume ?? ''] ?? false, leaveOwn: leave === 'own' };
  return kind === 'sync' || kind === 'async' ? { kind, ...options } : options;
}

/**
 * Step action: the pair that leads on from the destination of `pair` must not flow while `pair` copies, for storage
 * refuses a resync into a system that is the source of an unsuspended pair (1b rule 8). It is split where `pair` has to copy.
 */
export const splitDownstream: Action = async (context): Promise<ActionResult> => {
  const host = stepHost(context);
  const upstream = endsOf(parameter(context, 'pair'));
  const next = endsOf(parameter(context, 'downstream'));
  const source = pairOf(await querySurely(context, host, upstream.source), upstream.source, upstream.destination);
  const middle = await querySurely(context, host, next.source);
  const atMiddle = pairOf(middle, upstream.source, upstream.destination);
  const downstream = pairOf(middle, next.source, next.destination);
  const wanted = parameter(context, 'pair');
  const { kind } = context.step.parameters;
  const stands = source?.name === wanted && (kind === undefined || source.definition.kind === kind);
  const inDuplex = source?.state === 'duplex' && stands && atMiddle?.state === 'duplex';
  if (inDuplex) {
    context.note(`${wanted} is in duplex: nothing has to be split.`);
    return { outcome: 'not-needed' };
  }
  if (!downstream || isSuspended(downstream.state)) {
    context.note(`${middle.system}: ${parameter(context, 'downstream')} does not flow.`);
    return { outcome: 'not-needed' };
  }
  await splitToSuspended(context, host, next.source, downstream.name);
  context.note(`${middle.system}: ${downstream.name} split, so that ${wanted} may copy.`);
  return { outcome: 'split' };
};

/**
 * Step action: `split` to suspend, then `resync` to duplex; never both copying at once. `failed` where either does not
 * come about, silence included: the caller's graph says what then.
 */
export const splitThenResync: Action = async (context): Promise<ActionResult> => {
  const host = stepHost(context);
  try {
    await splitNamed(context, host, parameter(context, 'split'));
    const formed = await formPair(context, host, parameter(context, 'resync'));
    return { outcome: formed === 'failed' ? 'failed' : 'duplex' };
  } catch (error) {
    if (!isSilence(error)) throw error;
    context.note(error.refusal.message);
    return { outcome: 'failed' };
  }
};

/** Step action: `pair` to duplex, then to suspend, which opens its destination (003 §[0103]). */
export const resyncThenSplit: Action = async (context): Promise<ActionResult> => {
  const host = stepHost(context);
  const name = parameter(context, 'pair');
  try {
    if ((await formPair(context, host, name)) === 'failed') return { outcome: 'failed' };
    await splitNamed(context, host, name);
    return { outcome: 'suspend' };
  } catch (error) {
    if (!isSilence(error)) throw error;
    context.note(error.refusal.message);
    return { outcome: 'failed' };
  }
};

/**
 * Step action: a pair that the operation at hand has no use for is suspended; both ends go on marking differences. Where the
 * step names a kind it is left as that: the source of a suspended sync pair could not take host writes under every fence level.
 */
export const restPair: Action = async (context): Promise<ActionResult> => {
  const host = stepHost(context);
  const name = parameter(context, 'pair');
  const { source, destination } = endsOf(name);
  await splitNamed(context, host, name);
  const { kind } = context.step.parameters;
  const standing = pairOf(await querySurely(context, host, source), source, destination);
  if (standing && (kind === 'sync' || kind === 'async') && standing.definition.kind !== kind) {
    await instructPair(context, host, source, { verb: 'reverse', pair: standing.name, kind, token: context.token() });
    context.note(`${source}: ${standing.name} rests as an ${kind} pair.`);
  }
  return { outcome: 'at-rest' };
};

/** Step action: the pair between the two systems goes, whichever its direction. An end that is silent drops it when it hears. */
export const deletePair: Action = async (context): Promise<ActionResult> => {
  const host = stepHost(context);
  const target = stepTarget(context);
  const { source, destination } = endsOf(parameter(context, 'pair'));
  const other = target === source ? destination : source;
  let found = false;
  for (const look of [querySurely, queryIfAnswers]) {
    const system = look === querySurely ? target : other;
    const facts = await look(context, host, system);
    const pair = facts && pairOf(facts, source, destination);
    if (!pair) continue;
    found = true;
    await instructPair(context, host, system, { verb: 'delete', pair: pair.name, token: context.token() });
    context.note(`${system}: ${pair.name} deleted.`);
  }
  if (!found) context.note(`${target}: there is no pair with ${other}.`);
  return { outcome: found ? 'deleted' : 'absent' };
};

/** As `deletePair`, for a target whose silence is an answer. */
export const deletePairIfAnswers: Action = async (context): Promise<ActionResult> => {
  if (await queryIfAnswers(context, stepHost(context), stepTarget(context))) return deletePair(context);
  context.note(`${stepTarget(context)}: no answer.`);
  return { outcome: 'no-answer' };
};

/** Splits the pair at both ends where it exists; its destination is then open. */
export async function splitNamed(context: ActionContext, host: HostName, name: PairName): Promise<void> {
  const { source, destination } = endsOf(name);
  const atSource = pairOf(await querySurely(context, host, source), source, destination);
  if (atSource) {
    const met = await splitToSuspended(context, host, source, name);
    context.note(`${source}: ${atSource.name} is in ${met?.state ?? 'no state: it was deleted'}.`);
  }
  const other = await queryIfAnswers(context, host, destination);
  const atDestination = other ? pairOf(other, source, destination) : null;
  if (atDestination) await splitToSuspended(context, host, destination, name);
}
