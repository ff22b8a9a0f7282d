/** Repairs offered before data is given up: a suspended pair is brought to duplex first, then drained as planned. */
import { isFlowing } from '../../domain/pair-states.ts';
import { RefusedError } from '../../domain/refusal.ts';
import type { Action, ActionResult } from '../action-types.ts';
import { parameter, stepHost } from '../action-types.ts';
import { endsOf, instructPair, isSilence, pairOf, queryIfAnswers, querySurely, waitForPair } from './ask.ts';
import { formPair, optionsOf, splitNamed } from './form-pair.ts';

/** Brings the pair to duplex and drains it at once: one try, whose end the next step judges. */
export const resyncThenDrain: Action = async (context): Promise<ActionResult> => {
  const host = stepHost(context);
  const name = parameter(context, 'pair');
  const { source, destination } = endsOf(name);
  try {
    if ((await formPair(context, host, name, optionsOf(context))) === 'failed') return { outcome: 'failed' };
    const before = pairOf(await querySurely(context, host, destination), source, destination);
    if (before?.state === 'duplex') {
      await instructPair(context, host, destination, {
        verb: 'drain',
        pair: name,
        token: context.token(),
        deadlineMs: context.settings.drainDeadlineMs,
      });
    }
    const after = await waitForPair(context, host, destination, name, ['suspend', 'failure-suspend'], {
      boundMs: context.settings.drainDeadlineMs,
    });
    context.note(`${destination}: ${name} is in ${after?.state ?? 'no state: it was deleted'}.`);
    return { outcome: after?.state === 'suspend' ? 'suspend' : 'failed' };
  } catch (error) {
    if (!cannotGive(error)) throw error;
    context.note(error.refusal.message);
    return { outcome: 'failed' };
  }
};

/** The source is silent, or its own image is part old, part new: nothing can be had from it. */
function cannotGive(error: unknown): error is RefusedError {
  return isSilence(error) || (error instanceof RefusedError && error.refusal.code === 'not-consistent');
}

/**
 * Failback's repair (003 §[0106]): the sync pair is resynced first and suspended again, so that P holds the newest
 * consistent image while the async pair, resynced next, leaves I's part old, part new. Where I's image is not consistent
 * to begin with, P keeps what it has.
 */
export const repairReverse: Action = async (context): Promise<ActionResult> => {
  const host = stepHost(context);
  const sync = parameter(context, 'sync');
  const middle = endsOf(sync).source;
  try {
    const name = parameter(context, 'pair');
    const facts = await queryIfAnswers(context, host, middle);
    const standing = facts ? pairOf(facts, middle, endsOf(sync).destination) : null;
    const feeding = facts ? pairOf(facts, endsOf(name).source, middle) : null;
    // A driver that died here may have got as far as the async pair: what it feeds is no source of a sync copy.
    const isFed = feeding?.name === name && isFlowing(feeding.state);
    if (facts?.consistent && standing?.name === sync && !isFed) {
      if ((await formPair(context, host, sync)) === 'failed')
        context.note(`${sync} could not be resynced first; going on with what P holds.`);
    }
    await splitNamed(context, host, sync);
    return { outcome: (await formPair(context, host, name)) === 'failed' ? 'failed' : 'duplex' };
  } catch (error) {
    if (!isSilence(error)) throw error;
    context.note(error.refusal.message);
    return { outcome: 'failed' };
  }
};
