/** Steps that ask for the state of a pair, and the drain. Every state has an outcome of its own. */
import { isCopying, isSuspended } from '../../domain/pair-states.ts';
import type { PairFacts } from '../../domain/storage-controller.ts';
import type { Action, ActionResult } from '../action-types.ts';
import { parameter, stepHost, stepTarget } from '../action-types.ts';
import { endsOf, instructPair, lookAgain, pairOf, queryIfAnswers, querySurely, waitForPair } from './ask.ts';

/** Time beyond the drain's own deadline after which the step stops waiting for it, ms. */
const DRAIN_GRACE_MS = 10_000;

/** Outcome for a pair asked for by name: its state, `copying` for both copying states, `reversed`, `absent`. */
function outcomeOf(pair: PairFacts | null, name: string): string {
  if (!pair) return 'absent';
  if (pair.name !== name) return 'reversed';
  if (pair.state === 'initial-copying' || pair.state === 'duplex-pending') return 'copying';
  return pair.state;
}

/** Asks the target for `pair`; the target is indispensable. */
export const askPair: Action = async (context): Promise<ActionResult> => {
  const target = stepTarget(context);
  const name = parameter(context, 'pair');
  const { source, destination } = endsOf(name);
  const pair = pairOf(await querySurely(context, stepHost(context), target), source, destination);
  context.note(
    pair ? `${target}: ${pair.name} is in ${pair.state} (${pair.reason}).` : `${target}: there is no pair ${name}.`,
  );
  return { outcome: outcomeOf(pair, name) };
};

/** Asks a target whose silence is an answer: `no-answer`. */
export const askPairIfAnswers: Action = async (context): Promise<ActionResult> => {
  const target = stepTarget(context);
  const name = parameter(context, 'pair');
  const { source, destination } = endsOf(name);
  const facts = await queryIfAnswers(context, stepHost(context), target);
  if (!facts) {
    context.note(`${target}: no answer.`);
    return { outcome: 'no-answer' };
  }
  const pair = pairOf(facts, source, destination);
  context.note(
    pair ? `${target}: ${pair.name} is in ${pair.state} (${pair.reason}).` : `${target}: there is no pair ${name}.`,
  );
  return { outcome: outcomeOf(pair, name) };
};

/** After a drain: `suspend` as hoped, `failure-suspend`, or `changed` where somebody else has touched the pair meanwhile. */
export const askDrained: Action = async (context): Promise<ActionResult> => {
  const { outcome } = await askPair(context);
  return { outcome: outcome === 'suspend' || outcome === 'failure-suspend' ? outcome : 'changed' };
};

/** Does `peer` answer, so that a suspended pair could be brought up to it? */
export const askPeer: Action = async (context): Promise<ActionResult> => {
  const peer = parameter(context, 'peer');
  const facts = await queryIfAnswers(context, stepHost(context), peer);
  context.note(facts ? `${peer}: answers; its last number is ${facts.lastNumber}.` : `${peer}: no answer.`);
  return { outcome: facts ? 'answers' : 'no-answer' };
};

/** Reads the difference table of the pair at the target: how many tracks are marked there. */
export const readTable: Action = async (context): Promise<ActionResult> => {
  const target = stepTarget(context);
  const { source, destination } = endsOf(parameter(context, 'pair'));
  const pair = pairOf(await querySurely(context, stepHost(context), target), source, destination);
  if (!pair) {
    context.note(`${target}: there is no pair with ${target === source ? destination : source}, and so no table.`);
    return { outcome: 'absent' };
  }
  const { dirtyTracks, trackBytes } = pair;
  context.note(
    `${target}: ${dirtyTracks} tracks of ${trackBytes} bytes are marked in its table of ${pair.name} (${pair.state}).`,
  );
  return { outcome: dirtyTracks > 0 ? 'marked' : 'empty' };
};

/** What a copy that has ended moved: by it the modes of a resync are told apart. */
function copiedText({ state, lastCopyBytes, trackBytes }: PairFacts): string {
  if (state !== 'duplex' || lastCopyBytes === undefined) return '';
  return `; the copy moved ${lastCopyBytes} bytes (${Math.ceil(lastCopyBytes / trackBytes)} tracks)`;
}

/** Is anything left to be copied? Asked of the source, whose bits are those that count. */
export const askDifferences: Action = async (context): Promise<ActionResult> => {
  const target = stepTarget(context);
  const name = parameter(context, 'pair');
  const { source, destination } = endsOf(name);
  const pair = pairOf(await querySurely(context, stepHost(context), target), source, destination);
  context.note(
    pair
      ? `${target}: ${pair.name} is in ${pair.state}, ${pair.dirtyTracks} tracks to copy${copiedText(pair)}.`
      : `${target}: there is no pair ${name}.`,
  );
  if (pair?.name !== name || isSuspended(pair.state)) return { outcome: 'stopped' };
  return { outcome: isCopying(pair.state) ? 'found' : 'none' };
};

/**
 * Moves every entry the source still holds to the destination. The number to reach is fixed when the pair enters
 * `suspending`, and storage gives up at the deadline (1b rule 19). How it ended is asked by the step that follows.
 */
export const drain: Action = async (context): Promise<ActionResult> => {
  const host = stepHost(context);
  const target = stepTarget(context);
  const name = parameter(context, 'pair');
  const { source, destination } = endsOf(name);
  const begun = await lookAgain(context, async () => {
    const pair = pairOf(await querySurely(context, host, target), source, destination);
    if (pair?.name !== name || pair.state !== 'duplex') return pair;
    const deadlineMs = context.settings.drainDeadlineMs;
    return instructPair(context, host, target, {
      verb: 'drain',
      pair: name,
      token: context.token(),
      deadlineMs,
      expectedVersion: pair.version,
    });
  });
  if (begun?.name !== name || (begun.state !== 'suspending' && !isSuspended(begun.state))) {
    context.note(`${target}: ${name} is ${outcomeOf(begun, name)}: nothing to drain from here.`);
    return { outcome: 'ended' };
  }
  const after = await waitForPair(context, host, target, name, ['suspend', 'failure-suspend'], {
    boundMs: context.settings.drainDeadlineMs + DRAIN_GRACE_MS,
  });
  if (after && isSuspended(after.state))
    context.note(`${target}: ${after.name} drained to ${after.appliedNumber}, ${after.state}.`);
  else context.note(`${target}: the drain did not end in time; ${name} is ${after?.state ?? 'absent'}.`);
  return { outcome: 'ended' };
};

/** Waits for a copy under way at the target to end. */
export const waitCopyEnd: Action = async (context): Promise<ActionResult> => {
  const pair = await waitForPair(
    context,
    stepHost(context),
    stepTarget(context),
    parameter(context, 'pair'),
    ['duplex', 'suspend', 'failure-suspend'],
    { boundMs: null },
  );
  context.note(
    pair
      ? `${stepTarget(context)}: ${pair.name} is in ${pair.state}${copiedText(pair)}.`
      : `${stepTarget(context)}: the pair is gone.`,
  );
  return { outcome: pair?.state === 'duplex' ? 'duplex' : 'failed' };
};
