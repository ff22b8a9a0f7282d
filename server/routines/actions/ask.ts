/**
 * Asking and instructing storage through hosts. "No answer" is told apart three ways: the host itself is silent (the
 * step cannot be run: insist, then stop), the system is indispensable (the same), or its silence is an answer (null).
 */
import type { Generation } from '../../domain/generation.ts';
import type { HostFacts, HostInstruction, HostReply } from '../../domain/host.ts';
import type { HostName, PairName, SystemName } from '../../domain/names.ts';
import { parsePairName } from '../../domain/names.ts';
import type { PairState } from '../../domain/pair-states.ts';
import { isSuspended } from '../../domain/pair-states.ts';
import type { RefusalCode } from '../../domain/refusal.ts';
import { RefusedError, refuse } from '../../domain/refusal.ts';
import type { PairFacts, StorageInstruction, StorageReply, SystemFacts } from '../../domain/storage-controller.ts';
import type { ActionContext } from '../action-types.ts';

/** Pause between two attempts to reach something silent, ms. */
const RETRY_PAUSE_MS = 250;
/** One turn of a long wait, after which progress is looked at, ms. */
const WAIT_TURN_MS = 1_000;

const NO_ANSWER: readonly RefusalCode[] = ['unreachable', 'timeout'];

/** True where the refusal is silence: nothing was sent, or no answer came. */
export function isSilence(error: unknown): error is RefusedError {
  return error instanceof RefusedError && NO_ANSWER.includes(error.refusal.code);
}

export function pause(context: ActionContext, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    context.clock.after(delayMs, resolve);
  });
}

/** A disk that fails is looked at again and again by its own system, so what it refuses now it may do in a moment. */
function mayPass(error: unknown): boolean {
  return isSilence(error) || (error instanceof RefusedError && error.refusal.code === 'disk-fault');
}

/** Repeats `attempt` through silence and a failing disk for as long as the run's patience lasts, then throws the last refusal. */
export async function insist<T>(context: ActionContext, attempt: () => Promise<T>): Promise<T> {
  const begun = context.clock.monotonic();
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!mayPass(error) || context.clock.monotonic() - begun >= context.settings.patienceMs) throw error;
    }
    await context.yieldToOrders();
    await pause(context, RETRY_PAUSE_MS);
  }
}

/** Resolves with null where there is no answer. */
export async function orNull<T>(attempt: () => Promise<T>): Promise<T | null> {
  try {
    return await attempt();
  } catch (error) {
    if (isSilence(error)) return null;
    throw error;
  }
}

/** Reply of the verb asked for; any other reply is a fault of the other side and is said so. */
export async function askHost<V extends HostReply['verb']>(
  context: ActionContext,
  host: HostName,
  instruction: HostInstruction,
  verb: V,
  timeoutMs = context.settings.askTimeoutMs,
): Promise<Extract<HostReply, { verb: V }>> {
  const reply = await context.perform(host, instruction, timeoutMs);
  if (reply.verb !== verb)
    throw refuse(
      'internal',
      `${host} answered ${reply.verb} to ${instruction.verb}`,
      'Check that all sites run the same version.',
    );
  // The comparison above proves it; the compiler cannot narrow a generic discriminant.
  return reply as Extract<HostReply, { verb: V }>;
}

async function askStorage(
  context: ActionContext,
  host: HostName,
  target: SystemName,
  instruction: StorageInstruction,
  timeoutMs?: number,
): Promise<StorageReply> {
  const reply = await askHost(context, host, { verb: 'storage', target, instruction }, 'storage', timeoutMs);
  return reply.reply;
}

function wrongReply(target: SystemName, asked: string, got: string): RefusedError {
  return refuse('internal', `${target} answered ${got} to ${asked}`, 'Check that all sites run the same version.');
}

/** Facts of `target`, asked by `host`. Reports every pair seen. */
export async function querySystem(context: ActionContext, host: HostName, target: SystemName): Promise<SystemFacts> {
  const reply = await askStorage(context, host, target, { verb: 'query' });
  if (reply.verb !== 'query') throw wrongReply(target, 'query', reply.verb);
  const { normal, reverse } = context.arrangement;
  for (const { source, destination } of [...normal.pairs, ...reverse.pairs]) {
    if (source === target || destination === target)
      context.sawPair(target, { a: source, b: destination }, pairOf(reply.facts, source, destination));
  }
  return reply.facts;
}

/** Facts of a system the step cannot do without. */
export function querySurely(context: ActionContext, host: HostName, target: SystemName): Promise<SystemFacts> {
  return insist(context, () => querySystem(context, host, target));
}

/** Facts of a system whose silence is an answer, or null. The host itself must answer, else its own death would be taken for the system's. */
export async function queryIfAnswers(
  context: ActionContext,
  host: HostName,
  target: SystemName,
): Promise<SystemFacts | null> {
  const first = await orNull(() => querySystem(context, host, target));
  if (first) return first;
  await hostFacts(context, host);
  return orNull(() => querySystem(context, host, target));
}

/** Facts of a host the step cannot do without. */
export async function hostFacts(context: ActionContext, host: HostName): Promise<HostFacts> {
  const reply = await insist(context, () => askHost(context, host, { verb: 'host-facts' }, 'host-facts'));
  return reply.facts;
}

/**
 * The generation in force: the register's word, or `system`'s own where the register does not answer or is behind it. A
 * system that was away when it was demoted does not know it yet, so its own word alone would not do.
 */
export async function generationInForce(
  context: ActionContext,
  host: HostName,
  system: SystemName,
): Promise<Generation> {
  const { generation: own } = await querySurely(context, host, system);
  const register = await orNull(() => askHost(context, host, { verb: 'register-read' }, 'register'));
  const read = register?.record.generation ?? null;
  const known = read && read.number >= own.number ? read : own;
  context.note(
    `${known === read ? 'witness' : system}: generation ${known.number} is held by ${known.holder ?? 'nobody'}.`,
  );
  return known;
}

/** Does `system` hold the host role? */
export async function holdsRole(context: ActionContext, host: HostName, system: SystemName): Promise<boolean> {
  return (await generationInForce(context, host, system)).holder === system;
}

/** The pair of `a` and `b`, whichever its direction, as these facts hold it. */
export function pairOf(facts: SystemFacts, a: SystemName, b: SystemName): PairFacts | null {
  return (
    facts.pairs.find(
      ({ definition }) =>
        (definition.source === a && definition.destination === b) ||
        (definition.source === b && definition.destination === a),
    ) ?? null
  );
}

/** Both systems of a pair name. */
export function endsOf(pair: PairName): { source: SystemName; destination: SystemName } {
  const ends = parsePairName(pair);
  if (!ends) throw new Error(`${pair} is not the name of a pair`);
  return ends;
}

export type PairChange = Extract<
  StorageInstruction,
  { verb: 'create' | 'split' | 'drain' | 'resync' | 'reverse' | 'delete' | 'rollback' }
>;

/** A pair instruction to `target`, given once. */
export async function instructPairOnce(
  context: ActionContext,
  host: HostName,
  target: SystemName,
  instruction: PairChange,
): Promise<PairFacts | null> {
  const reply = await askStorage(context, host, target, instruction);
  if (reply.verb !== 'pair') throw wrongReply(target, instruction.verb, reply.verb);
  const name = typeof instruction.pair === 'string' ? endsOf(instruction.pair) : instruction.pair;
  const isEqual = instruction.verb === 'create' && instruction.knownEqual;
  context.sawPair(target, { a: name.source, b: name.destination }, reply.pair, isEqual);
  return reply.pair;
}

/** A pair instruction to `target`; silence is met by asking again, for every instruction names a target state. */
export function instructPair(
  context: ActionContext,
  host: HostName,
  target: SystemName,
  instruction: PairChange,
): Promise<PairFacts | null> {
  return insist(context, () => instructPairOnce(context, host, target, instruction));
}

/** Asks one raise of the generation; the answer was taken in the same atomic step that persisted it. */
export async function raiseGeneration(
  context: ActionContext,
  host: HostName,
  target: SystemName,
  instruction: Extract<StorageInstruction, { verb: 'raise-generation' }>,
  timeoutMs: number,
) {
  const reply = await askStorage(context, host, target, instruction, timeoutMs);
  if (reply.verb !== 'fence') throw wrongReply(target, instruction.verb, reply.verb);
  return reply.evidence;
}

/** Makes `target` accept host writes. */
export async function promote(
  context: ActionContext,
  host: HostName,
  target: SystemName,
  instruction: Extract<StorageInstruction, { verb: 'promote' }>,
): Promise<SystemFacts> {
  return insist(context, async () => {
    const reply = await askStorage(context, host, target, instruction);
    if (reply.verb !== 'promoted') throw wrongReply(target, instruction.verb, reply.verb);
    return reply.facts;
  });
}

/** Journal entries `target` keeps after `after`, at most `limit`; null where it does not answer. */
export async function queryJournal(
  context: ActionContext,
  host: HostName,
  target: SystemName,
  after: number,
  limit: number,
) {
  return orNull(async () => {
    const reply = await askStorage(context, host, target, { verb: 'query-journal', after, limit });
    if (reply.verb !== 'journal') throw wrongReply(target, 'query-journal', reply.verb);
    return reply;
  });
}

export interface WaitOptions {
  /** Ends the wait with the state then met; null waits as long as the copy moves or the operator lets it. */
  boundMs: number | null;
}

/**
 * Waits until the pair of `pair` stands in one of `states` at `target`, with progress. Answers the facts then met, also
 * where they are none of `states` because the bound passed. Silence is met with the run's patience.
 */
export async function waitForPair(
  context: ActionContext,
  host: HostName,
  target: SystemName,
  pair: PairName,
  states: readonly PairState[],
  options: WaitOptions,
): Promise<PairFacts | null> {
  const { source, destination } = endsOf(pair);
  const begun = context.clock.monotonic();
  for (;;) {
    const facts = await querySurely(context, host, target);
    const met = pairOf(facts, source, destination);
    if (!met || states.includes(met.state)) return met;
    const leftMs = options.boundMs === null ? WAIT_TURN_MS : options.boundMs - (context.clock.monotonic() - begun);
    if (leftMs <= 0) return met;
    reportCopy(context, met);
    await context.yieldToOrders();
    await waitTurn(context, host, target, met.name, states, Math.min(WAIT_TURN_MS, leftMs));
  }
}

/** One long poll. That the state was not reached is no refusal here, and a state that passes the poll by is seen by the next query. */
async function waitTurn(
  context: ActionContext,
  host: HostName,
  target: SystemName,
  pair: PairName,
  states: readonly PairState[],
  timeoutMs: number,
): Promise<void> {
  const begun = context.clock.monotonic();
  try {
    const instruction: StorageInstruction = { verb: 'wait-pair', pair, states: [...states], timeoutMs };
    await askStorage(context, host, target, instruction, timeoutMs + context.settings.askTimeoutMs);
  } catch (error) {
    const vanished = error instanceof RefusedError && error.refusal.code === 'unknown-pair';
    if (!isSilence(error) && !vanished) throw error;
    // A refusal that came at once must not turn the wait into a busy loop.
    const spentMs = context.clock.monotonic() - begun;
    if (spentMs < RETRY_PAUSE_MS) await pause(context, RETRY_PAUSE_MS);
  }
}

function reportCopy(context: ActionContext, pair: PairFacts): void {
  if (!pair.copy) return;
  const elapsedMs = context.clock.now() - pair.copy.startedAt;
  // Below three seconds of samples a rate would be invention.
  const rate = elapsedMs >= 3_000 ? Math.round((pair.copy.doneBytes * 1000) / elapsedMs) : null;
  context.progress({ doneBytes: pair.copy.doneBytes, totalBytes: pair.copy.totalBytes, rateBytesPerSecond: rate });
}

/** Looks taken again where a pair changed between the look and the instruction that followed from it. */
const MOST_LOOKS = 5;

/**
 * Does `attempt`, and does it again from its first look where storage says that the pair has changed meanwhile: the
 * instruction named the version it was meant for (1b rule 8), so nothing was done then, or it was done by a lost call.
 */
export async function lookAgain<T>(context: ActionContext, attempt: () => Promise<T>): Promise<T> {
  for (let look = 1; ; look += 1) {
    try {
      return await attempt();
    } catch (error) {
      const changed = error instanceof RefusedError && error.refusal.code === 'version-changed';
      if (!changed || look >= MOST_LOOKS) throw error;
    }
    await context.yieldToOrders();
  }
}

/** Splits the pair of `name` at `target` where it is not suspended, and waits until it is. Answers the facts then met, null for none. */
export async function splitToSuspended(
  context: ActionContext,
  host: HostName,
  target: SystemName,
  name: PairName,
): Promise<PairFacts | null> {
  const { source, destination } = endsOf(name);
  const begun = await lookAgain(context, async () => {
    const pair = pairOf(await querySurely(context, host, target), source, destination);
    if (!pair || isSuspended(pair.state) || pair.state === 'suspending') return pair;
    return instructPair(context, host, target, {
      verb: 'split',
      pair: pair.name,
      token: context.token(),
      expectedVersion: pair.version,
    });
  });
  if (!begun || isSuspended(begun.state)) return begun;
  const met = await waitForPair(context, host, target, name, ['suspend', 'failure-suspend'], {
    boundMs: context.settings.drainDeadlineMs,
  });
  if (met && !isSuspended(met.state)) {
    throw refuse(
      'timeout',
      `${met.name} is still ${met.state} at ${target} after it was split`,
      `Look why ${target} cannot end the drain, then retry.`,
    );
  }
  return met;
}
