/**
 * "Form" a pair: bring it to duplex from whatever state it is met in (1a, Old pairs). Absent pairs are created, reversed
 * ones turned round, suspended ones resynced by difference, copies under way awaited, and a pair in duplex is left alone.
 */
import type { HostName, PairName, SystemName } from '../../domain/names.ts';
import { pairKey, pairName } from '../../domain/names.ts';
import type { PairState } from '../../domain/pair-states.ts';
import { isCopying, isFlowing, isSuspended } from '../../domain/pair-states.ts';
import { RefusedError, refuse } from '../../domain/refusal.ts';
import type { PairDefinition, PairFacts } from '../../domain/storage-controller.ts';
import type { Action, ActionContext, ActionResult } from '../action-types.ts';
import { parameter, stepHost } from '../action-types.ts';
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

export type Formed = 'already' | 'duplex' | 'failed';

interface Ends {
  source: SystemName;
  destination: SystemName;
  name: PairName;
}

/** Brings the pair to duplex through its source end, asked by `host`. `failed`: the copy stopped by itself. */
export async function formPair(context: ActionContext, host: HostName, name: PairName): Promise<Formed> {
  const ends: Ends = { ...endsOf(name), name };
  let changed = false;
  let resynced = false;
  let settled = false;
  for (let turn = 0; turn < MAX_TURNS; turn += 1) {
    await context.yieldToOrders();
    const atSource = pairOf(await querySurely(context, host, ends.source), ends.source, ends.destination);
    const other = await queryIfAnswers(context, host, ends.destination);
    const atDestination = other ? pairOf(other, ends.source, ends.destination) : null;
    const answered = other !== null;
    if (atSource?.state === 'duplex' && atSource.name === name && (!answered || atDestination?.state === 'duplex')) {
      context.note(`${ends.source}: ${name} is in duplex.`);
      return changed ? 'duplex' : 'already';
    }
    if (atSource && atSource.name === name && isSuspended(atSource.state) && resynced)
      return copyFailed(context, ends, atSource);
    if (!settled && answered && disagree(atSource, atDestination)) {
      settled = true;
      await pause(context, SETTLE_MS);
      continue;
    }
    const did = await turnUnlessChanged(context, host, ends, atSource, answered ? { pair: atDestination } : null);
    changed = true;
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

/** One turn; where the pair has changed since it was looked at nothing was done, and the loop looks again. */
async function turnUnlessChanged(...turn: Parameters<typeof turnOnce>): Promise<'moved' | 'copying'> {
  try {
    return await turnOnce(...turn);
  } catch (error) {
    if (error instanceof RefusedError && error.refusal.code === 'version-changed') return 'moved';
    throw error;
  }
}

/** One move towards duplex. `destination` is null where that end does not answer. */
async function turnOnce(
  context: ActionContext,
  host: HostName,
  ends: Ends,
  atSource: PairFacts | null,
  destination: { pair: PairFacts | null } | null,
): Promise<'moved' | 'copying'> {
  if (!atSource) return create(context, host, ends, destination?.pair ?? null);
  if (destination && !destination.pair) {
    await instructPair(context, host, ends.source, { verb: 'delete', pair: atSource.name, token: context.token() });
    context.note(`${ends.destination} has no pair with ${ends.source}: deleted at ${ends.source}, to be created anew.`);
    return 'moved';
  }
  if (atSource.name !== ends.name || (destination?.pair && destination.pair.name !== ends.name)) {
    return turnRound(context, host, ends, destination?.pair ?? null);
  }
  return towardsDuplex(context, host, ends, atSource, destination?.pair ?? null);
}

async function create(
  context: ActionContext,
  host: HostName,
  ends: Ends,
  atDestination: PairFacts | null,
): Promise<'moved' | 'copying'> {
  if (atDestination) {
    await instructPair(context, host, ends.destination, {
      verb: 'delete',
      pair: atDestination.name,
      token: context.token(),
    });
    context.note(`${ends.source} has no pair with ${ends.destination}: deleted at ${ends.destination}.`);
    return 'moved';
  }
  await instructPair(context, host, ends.source, {
    verb: 'create',
    pair: definitionOf(context, ends),
    token: context.token(),
    knownEqual: false,
  });
  context.note(`${ends.source}: ${ends.name} created.`);
  await waitCopy(context, host, ends);
  return 'copying';
}

/** Definition of a pair from the arrangement and the group. */
export function definitionOf(
  context: ActionContext,
  ends: { source: SystemName; destination: SystemName },
): PairDefinition {
  const { arrangement, definition } = context;
  const known = [...arrangement.normal.pairs, ...arrangement.reverse.pairs].find(
    (pair) => pair.source === ends.source && pair.destination === ends.destination,
  );
  if (!known) throw new Error(`arrangement ${arrangement.id} has no pair ${pairName(ends.source, ends.destination)}`);
  const transport = definition.transport[pairKey(ends.source, ends.destination)] ?? 'journal';
  return { ...known, transport: known.kind === 'async' ? transport : 'journal', fence: definition.fence };
}

/** The pair stands the other way at one end or both: suspend both, then reverse. */
async function turnRound(
  context: ActionContext,
  host: HostName,
  ends: Ends,
  atDestination: PairFacts | null,
): Promise<'moved'> {
  await splitToSuspended(context, host, ends.source, ends.name);
  if (atDestination) await splitToSuspended(context, host, ends.destination, ends.name);
  await instructPair(context, host, ends.source, { verb: 'reverse', pair: ends.name, token: context.token() });
  context.note(`${ends.source}: pair turned round to ${ends.name}.`);
  return 'moved';
}

async function towardsDuplex(
  context: ActionContext,
  host: HostName,
  ends: Ends,
  atSource: PairFacts,
  atDestination: PairFacts | null,
): Promise<'moved' | 'copying'> {
  if (isCopying(atSource.state)) {
    await waitCopy(context, host, ends);
    return 'copying';
  }
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
    expectedVersion: atSource.version,
  });
  context.note(`${ends.source}: ${ends.name} resync begun, ${atSource.dirtyTracks} tracks marked at this end.`);
  await waitCopy(context, host, ends);
  return 'copying';
}

const COPY_ENDS: readonly PairState[] = ['duplex', 'suspend', 'failure-suspend'];

async function waitCopy(context: ActionContext, host: HostName, ends: Ends): Promise<void> {
  await waitForPair(context, host, ends.source, ends.name, COPY_ENDS, { boundMs: null });
}

/** Step action: `pair` to duplex. */
export const formPairStep: Action = async (context) => ({
  outcome: await formPair(context, stepHost(context), parameter(context, 'pair')),
});

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
  const inDuplex = source?.state === 'duplex' && source.name === wanted && atMiddle?.state === 'duplex';
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
