/** Turning the pair round, giving the host role, starting and stopping the work. */
import type { Generation } from '../../domain/generation.ts';
import { isCopying, isSuspended } from '../../domain/pair-states.ts';
import type { RefusalCode } from '../../domain/refusal.ts';
import { RefusedError } from '../../domain/refusal.ts';
import type { Action, ActionContext, ActionResult } from '../action-types.ts';
import { parameter, stepHost, stepTarget } from '../action-types.ts';
import {
  askHost,
  endsOf,
  holdsRole,
  insist,
  instructPairOnce,
  lookAgain,
  orNull,
  pairOf,
  pause,
  promote,
  queryIfAnswers,
  querySurely,
  splitToSuspended,
  waitForPair,
} from './ask.ts';
import { formPair, optionsOf } from './form-pair.ts';

/** Refusals that only mean "not now": the work need not wait for its copy. Anything else (another driver, say) stops the run. */
const NOT_NOW: readonly RefusalCode[] = [
  'unreachable',
  'timeout',
  'wrong-state',
  'other-copier',
  'not-consistent',
  'busy',
  'unknown-pair',
  'disk-full',
  'disk-fault',
];

async function notNow(
  context: ActionContext,
  attempt: () => Promise<ActionResult>,
  otherwise: string,
): Promise<ActionResult> {
  try {
    return await attempt();
  } catch (error) {
    if (!(error instanceof RefusedError) || !NOT_NOW.includes(error.refusal.code)) throw error;
    context.note(error.refusal.message);
    return { outcome: otherwise };
  }
}

/** Tries at turning the pair round, and the pause between two: the other end may need a moment to end its drain. */
const REVERSE_TRIES = 4;
const REVERSE_PAUSE_MS = 250;

/** Reverses the pair so that the survivor becomes its source. Restarting the work does not depend on it. */
export const reverse: Action = async (context): Promise<ActionResult> => {
  for (let tries = 1; tries < REVERSE_TRIES; tries += 1) {
    const result = await notNow(context, () => reverseOnce(context), 'refused');
    if (result.outcome !== 'refused') return result;
    await pause(context, REVERSE_PAUSE_MS);
  }
  return notNow(context, () => reverseOnce(context), 'not-reversed');
};

async function reverseOnce(context: ActionContext): Promise<ActionResult> {
  const host = stepHost(context);
  const name = parameter(context, 'pair');
  const { source, destination } = endsOf(name);
  const pair = pairOf(await querySurely(context, host, source), source, destination);
  if (!pair) {
    context.note(`${source}: there is no pair with ${destination} to turn round.`);
    return { outcome: 'not-reversed' };
  }
  const { kind: wanted } = context.step.parameters;
  const kind = wanted === 'sync' || wanted === 'async' ? wanted : pair.definition.kind;
  if (pair.name !== name || pair.definition.kind !== kind) {
    await splitToSuspended(context, host, source, name);
    const turn = wanted === undefined ? {} : { kind };
    await instructPairOnce(context, host, source, { verb: 'reverse', pair: name, ...turn, token: context.token() });
  }
  context.note(`${source}: the pair stands as ${name}.`);
  return { outcome: 'reversed' };
}

/** Starts the resync of the reversed pair and waits for duplex, but not longer than the restart of the work may wait. */
export const resyncReversed: Action = (context) =>
  notNow(
    context,
    async () => {
      const host = stepHost(context);
      const name = parameter(context, 'pair');
      const { source, destination } = endsOf(name);
      await lookAgain(context, async () => {
        const pair = pairOf(await querySurely(context, host, source), source, destination);
        if (!pair || !isSuspended(pair.state)) return;
        await instructPairOnce(context, host, source, {
          verb: 'resync',
          pair: name,
          token: context.token(),
          expectedVersion: pair.version,
        });
      });
      const after = await waitForPair(context, host, source, name, ['duplex', 'suspend', 'failure-suspend'], {
        boundMs: context.settings.restartWaitMs,
      });
      context.note(`${source}: ${name} is in ${after?.state ?? 'no state: it was deleted'}.`);
      if (after?.state === 'duplex') return { outcome: 'duplex' };
      return { outcome: after && isCopying(after.state) ? 'copying' : 'not-resynced' };
    },
    'not-resynced',
  );

/**
 * Forms the pair where that is possible now, and waits for its copy no longer than the restart of the work may wait. The
 * restart does not depend on it.
 */
export const formIfPossible: Action = (context) =>
  notNow(
    context,
    async () => {
      const host = stepHost(context);
      const name = parameter(context, 'pair');
      const { destination } = endsOf(name);
      if (!(await queryIfAnswers(context, host, destination))) {
        context.note(`${destination}: no answer.`);
        return { outcome: 'not-formed' };
      }
      const options = { ...optionsOf(context), waitMs: context.settings.restartWaitMs };
      const formed = await formPair(context, host, name, options);
      return { outcome: formed === 'failed' ? 'not-formed' : formed };
    },
    'not-formed',
  );

/** The register names the target as holder of this run's generation; then the target accepts host writes. */
export const giveHostRole: Action = async (context): Promise<ActionResult> => {
  const host = stepHost(context);
  const holder = stepTarget(context);
  const raised = context.findings.generation;
  if (!raised) throw new Error(`step ${context.step.id} gives the host role before the fence step has run`);
  const generation: Generation = { number: raised.number, runId: context.run, holder };
  await insist(context, () =>
    askHost(
      context,
      host,
      { verb: 'register-holder', generation: raised.number, runId: context.run, holder },
      'register',
    ),
  );
  const facts = await promote(context, host, holder, {
    verb: 'promote',
    generation,
    token: context.token(),
    ...(context.step.parameters.accepts === 'mixed' ? { acceptMixed: true } : {}),
  });
  await insist(context, () =>
    askHost(context, host, { verb: 'raise-host-generation', generation, token: context.token() }, 'host-fenced'),
  );
  context.note(
    `${holder}: takes host writes under generation ${generation.number}, from number ${facts.consistentNumber + 1} on.`,
  );
  return { outcome: 'promoted', findings: { generation } };
};

/** Starts the work application on the host of the holder. */
export const startWork: Action = async (context): Promise<ActionResult> => {
  const host = stepHost(context);
  const generation = context.findings.generation;
  if (!generation) throw new Error(`step ${context.step.id} starts the work before a generation is known`);
  if (!context.definition.ledger.enabled) {
    context.note(`${host}: this group has no work application of ours; attach yours to storage ${generation.holder}.`);
    return { outcome: 'no-ledger' };
  }
  const instruction = { verb: 'work-start', generation: generation.number, token: context.token() } as const;
  const { work } = await insist(context, () => askHost(context, host, instruction, 'work'));
  context.note(
    `${host}: work ${work.running ? 'runs' : `does not run: ${work.stoppedReason ?? 'no reason given'}`}; last completed transaction ${work.lastCompletedTransaction}.`,
  );
  return { outcome: work.running ? 'started' : 'not-started' };
};

/** Stops the work on the host of the step, which must answer. */
export const stopWork: Action = async (context): Promise<ActionResult> => {
  const host = stepHost(context);
  if (!context.definition.ledger.enabled) {
    context.note('This group has no work application of ours; outside clients are shut out by the fence that follows.');
    return { outcome: 'no-ledger' };
  }
  const { work } = await insist(context, () =>
    askHost(
      context,
      host,
      { verb: 'work-stop', token: context.token(), reason: `${context.step.title} (run ${context.run})` },
      'work',
    ),
  );
  context.note(
    `${host}: work ${work.running ? 'still runs' : 'is stopped'} after transaction ${work.lastCompletedTransaction}.`,
  );
  return { outcome: work.running ? 'still-running' : 'stopped' };
};

/** Has the work on `otherHost` stopped, or is that host lost? Where the own system takes host writes already there is nowhere to go back to. */
export const checkWorkStopped: Action = async (context): Promise<ActionResult> => {
  const host = stepHost(context);
  const other = parameter(context, 'otherHost');
  if (await holdsRole(context, host, stepTarget(context))) return { outcome: 'already-here' };
  const reply = await orNull(() =>
    askHost(context, host, { verb: 'peer-host', instruction: { verb: 'host-facts' } }, 'host-facts'),
  );
  if (!reply) {
    context.note(`${other}: no answer; it counts as lost.`);
    return { outcome: 'lost' };
  }
  context.note(
    `${other}: work ${reply.facts.work.running ? 'runs' : 'is stopped'}; last completed transaction ${reply.facts.work.lastCompletedTransaction}.`,
  );
  return { outcome: reply.facts.work.running ? 'running' : 'stopped' };
};
