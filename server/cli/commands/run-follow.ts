/** Follows a run to its end, through restarts of the server in between; asks at the terminal where somebody sits there. */

import { verdictHeadline } from '../../domain/verdict-text.ts';
import type { DecisionOption, RoutineGraph, RunOrder, RunView } from '../../routines/step-graph.ts';
import type { Client } from '../client.ts';
import type { CliContext } from '../context.ts';
import { type CliError, type CliResult, isConnectionError } from '../output.ts';

const LOOK_EVERY_MS = 200;
/** A server that is being restarted is back within this. */
const AWAY_BOUND_MS = 120_000;

type OrderInput = RunOrder extends infer Order ? (Order extends RunOrder ? Omit<Order, 'by'> : never) : never;

/** The contract's shape of a run. */
export function runJson(view: RunView) {
  const { verdict } = view;
  return {
    run: view.run,
    group: view.group,
    routine: view.routine,
    status: view.status,
    ending: view.ending,
    endingText: view.endingText,
    currentStep: view.currentStep,
    startedAt: view.startedAt,
    endedAt: view.endedAt,
    steps: view.steps.map(({ id, round, outcome, startedAt, endedAt, transitions, evidence, decision, refusal }) => ({
      id,
      round,
      outcome,
      startedAt,
      endedAt,
      transitions,
      evidence,
      decision,
      refusal,
    })),
    verdict: verdict && { ...verdict },
  };
}

function describe(view: RunView): string {
  const steps = view.steps.map((step) => {
    const moves = step.transitions.map((one) => `${one.pair}: ${one.from} → ${one.to}`).join(', ');
    const line = `${step.id}  ${step.outcome ?? (step.refusal ? `stopped: ${step.refusal.message}` : 'under way')}${moves ? `  (${moves})` : ''}`;
    // What a decision rests on is said before it is asked for.
    const isAsked = view.status === 'waiting-decision' && step.id === view.currentStep && step.outcome === null;
    return [line, ...(isAsked ? step.evidence.map((sentence) => `  ${sentence}`) : [])].join('\n');
  });
  const verdict = view.verdict
    ? [verdictHeadline(view.verdict), ...view.verdict.evidence.map((sentence) => `  ${sentence}`)]
    : [];
  const ending = view.ending
    ? [`${view.ending}: ${view.endingText ?? ''}`]
    : [`${view.status} at ${view.currentStep ?? 'no step'}`];
  return [`${view.routine}  run ${view.run}`, ...steps, ...verdict, ...ending].join('\n');
}

/** Printed when nothing more is to be waited for; ended otherwise than `done` is a failure of the command. */
export function runResult(view: RunView): CliResult {
  const result: CliResult = { json: runJson(view), text: describe(view) };
  const error = errorOf(view);
  return error ? { ...result, error } : result;
}

function errorOf(view: RunView): CliError | null {
  if (view.status === 'stopped-at-step' && view.stoppedBy) {
    return {
      ...view.stoppedBy,
      cure: `${view.stoppedBy.cure} Then: switchback run retry ${view.run}, or run abort ${view.run}.`,
    };
  }
  if (view.status === 'waiting-decision') {
    return {
      code: 'decision-needed',
      message: `${view.routine} asks for a decision at ${view.currentStep}`,
      cure: `Decide: switchback run decide ${view.run} ${view.currentStep}=CHOICE, or start it with --decide.`,
    };
  }
  if (view.status === 'paused') {
    return {
      code: 'decision-needed',
      message: `${view.routine} waits before its next step, after ${view.steps.at(-1)?.id ?? 'its start'}`,
      cure: `Go on: switchback run resume ${view.run}.`,
    };
  }
  if (view.status === 'ended' && view.ending !== 'done') {
    return {
      code: `run-${view.ending}`,
      message: `${view.routine} ended: ${view.ending}, ${view.endingText ?? ''}`,
      cure: 'Look at the steps and the status of the group.',
    };
  }
  return null;
}

/** One look at the run, again and again while the server is being restarted. */
async function look(client: Client, run: string): Promise<RunView> {
  const end = performance.now() + AWAY_BOUND_MS;
  for (;;) {
    try {
      return await client.runs.get.query({ run });
    } catch (error) {
      if (!isConnectionError(error) || performance.now() >= end) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

/** Resolves when the run has ended, or waits for something that nobody at this terminal can give. */
export async function followRun({ client, streams, ask }: CliContext, run: string): Promise<RunView> {
  let told = 0;
  for (;;) {
    const view = await look(client, run);
    told = tellSteps(view, told, streams.err);
    if (view.status === 'ended') return view;
    if (view.status !== 'running') {
      if (!ask) {
        // What was asked may have been answered in this moment; only what stands twice is told.
        await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
        const again = await look(client, run);
        if (again.status === view.status && again.currentStep === view.currentStep) return again;
        continue;
      }
      const order = await askOrder(client, view, ask, streams.err);
      if (!order) return view;
      await client.runs.order.mutate({ run, key: crypto.randomUUID(), order });
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

/** Steps ended since the last look, on standard error. Answers how many have been told. */
function tellSteps(view: RunView, told: number, err: (text: string) => void): number {
  const ended = view.steps.filter((step) => step.endedAt !== null);
  const total = view.droppedSteps + ended.length;
  for (const step of ended.slice(Math.max(0, told - view.droppedSteps))) err(`${step.id}  ${step.outcome}\n`);
  return total;
}

async function askOrder(
  client: Client,
  view: RunView,
  ask: NonNullable<CliContext['ask']>,
  err: (text: string) => void,
): Promise<OrderInput | null> {
  if (view.status === 'paused') {
    const answer = await ask('Next step? [Enter = go on, t = run through, a = abort] ');
    return answer === 'a' ? { order: 'abort' } : answer === 't' ? { order: 'run-through' } : { order: 'continue' };
  }
  if (view.status === 'stopped-at-step') {
    err(`${view.currentStep} was refused: ${view.stoppedBy?.message}\n${view.stoppedBy?.cure}\n`);
    const answer = await ask('[r = retry, a = abort, Enter = leave it] ');
    return answer === 'r' ? { order: 'retry' } : answer === 'a' ? { order: 'abort' } : null;
  }
  const graph = (await client.runs.routines.query({ group: view.group })).find((one) => one.id === view.routine);
  return askDecision(graph, view, ask, err);
}

async function askDecision(
  graph: RoutineGraph | undefined,
  view: RunView,
  ask: NonNullable<CliContext['ask']>,
  err: (text: string) => void,
): Promise<OrderInput | null> {
  const decision = graph?.steps.find((step) => step.id === view.currentStep)?.decision;
  if (!decision || !view.currentStep) return null;
  err(
    `${decision.question}\n${decision.options.map((option) => `  ${option.id}: ${option.label}. ${option.consequence}`).join('\n')}\n`,
  );
  const choice = await ask('Choice: ');
  const option = decision.options.find((one) => one.id === choice);
  if (!option) return null;
  const typedName = option.dangerous ? await ask(`Dangerous. Type ${view.group} to confirm: `) : null;
  return { order: 'decide', step: view.currentStep, choice, typedName, attestation: await askAttestation(option, ask) };
}

async function askAttestation(
  option: DecisionOption,
  ask: NonNullable<CliContext['ask']>,
): Promise<{ text: string; destroyedAt: number } | null> {
  if (!option.attests) return null;
  const text = await ask('State in words what was destroyed: ');
  const destroyedAt = Date.parse(await ask('When (such as 2026-01-31T03:12:00Z): '));
  return Number.isFinite(destroyedAt) ? { text, destroyedAt } : null;
}
