/**
 * Seeded defects of routines. A routine is data, its actions a table and its memory a port, so each defect is put in from
 * outside, and production code carries no switch for it.
 */
import type { HostInstruction, HostReply } from '../domain/host.ts';
import { pairName, parsePairName } from '../domain/names.ts';
import { RefusedError } from '../domain/refusal.ts';
import type { FenceEvidence } from '../domain/storage-controller.ts';
import type { Action, ActionTable } from '../routines/action-types.ts';
import type { RunStore } from '../routines/run-store.ts';
import type { RoutineGraph, RunStart } from '../routines/step-graph.ts';
import type { MutantName } from './mutants.ts';
import type { KeptRun } from './run-store.ts';

type Mutants = ReadonlySet<MutantName>;

export function mutateActions(actions: ActionTable, mutants: Mutants): ActionTable {
  const changed: Record<string, Action> = { ...actions };
  const wrap = (name: string, change: (original: Action) => Action): void => {
    const original = actions[name];
    if (!original) throw new Error(`no action ${name} to put a defect into`);
    changed[name] = change(original);
  };
  if (mutants.has('verdict-from-async-pair-alone'))
    wrap('judge', (judge) => async (context) => sayNoLoss(await judge(context)));
  if (mutants.has('always-unknown')) wrap('judge', (judge) => async (context) => sayUnknown(await judge(context)));
  if (mutants.has('evidence-before-fence')) wrap('fence', (fence) => (context) => lookWithoutFence(context, fence));
  if (mutants.has('wait-for-ever')) {
    for (const name of Object.keys(actions)) wrap(name, (action) => (context) => waitOnRefusal(action(context)));
  }
  return changed;
}

/** A refusal that would stop the run at its step is never told. */
async function waitOnRefusal(attempt: ReturnType<Action>): ReturnType<Action> {
  try {
    return await attempt;
  } catch (error) {
    if (error instanceof RefusedError) await new Promise<never>(() => undefined);
    throw error;
  }
}

/** Looks only, and takes what it sees for evidence: nobody is fenced. */
async function lookWithoutFence(context: Parameters<Action>[0], fence: Action): ReturnType<Action> {
  const real = await fence({
    ...context,
    perform: (host, instruction, timeoutMs) => lookInstead(context, host, instruction, timeoutMs),
  });
  return { ...real, outcome: 'fenced' };
}

async function lookInstead(
  context: Parameters<Action>[0],
  host: string,
  instruction: HostInstruction,
  timeoutMs: number,
): Promise<HostReply> {
  if (instruction.verb !== 'storage' || instruction.instruction.verb !== 'raise-generation')
    return context.perform(host, instruction, timeoutMs);
  const { target } = instruction;
  const reply = await context.perform(host, { verb: 'storage', target, instruction: { verb: 'query' } }, timeoutMs);
  if (reply.verb !== 'storage' || reply.reply.verb !== 'query') return reply;
  const { facts } = reply.reply;
  const evidence: FenceEvidence = {
    system: target,
    generation: instruction.instruction.generation,
    answeredNumber: facts.lastNumber,
    completedNumber: facts.completedNumber,
    lastNumber: facts.lastNumber,
    lineage: facts.lineage,
    evidenceLost: facts.evidenceLost,
    consistent: facts.consistent,
    consistentNumber: facts.consistentNumber,
    pairs: facts.pairs.map(({ name, definition, end, state, appliedNumber }) => ({
      name,
      kind: definition.kind,
      end,
      state,
      fence: definition.fence,
      appliedNumber,
      aloneSeen: false,
    })),
  };
  return { verb: 'storage', reply: { verb: 'fence', evidence } };
}

function sayNoLoss(result: Awaited<ReturnType<Action>>): Awaited<ReturnType<Action>> {
  const verdict = result.findings?.verdict;
  if (!verdict) return result;
  const lost = { updates: 0, bytes: 0, seconds: 0, bound: 'exact' as const };
  return {
    outcome: 'no-data-loss',
    findings: { ...result.findings, verdict: { ...verdict, kind: 'no-data-loss', lost } },
  };
}

function sayUnknown(result: Awaited<ReturnType<Action>>): Awaited<ReturnType<Action>> {
  const verdict = result.findings?.verdict;
  if (!verdict) return result;
  return { outcome: 'unknown', findings: { ...result.findings, verdict: { ...verdict, kind: 'unknown' } } };
}

/** `generation-raised-twice-on-resume`: a resumed driver gives itself out for a run of its own. */
export function mutateStart(run: KeptRun, mutants: Mutants): RunStart {
  if (!mutants.has('generation-raised-twice-on-resume') || run.claim < 2) return run.start;
  return { ...run.start, run: `${run.start.run}-again-${run.claim}` };
}

/** Actions that copy the pair they are told of. */
const COPYING = ['form-pair', 'resync-then-split'];

/** `resync-wrong-way`: what the way back copies to the system that is to hold the role is copied from it instead. */
export function mutateGraph(graph: RoutineGraph, back: string, mutants: Mutants): RoutineGraph {
  if (!mutants.has('resync-wrong-way') || graph.id !== back) return graph;
  const steps = graph.steps.map((step) => {
    const pair = COPYING.includes(step.action) ? parsePairName(step.parameters.pair ?? '') : null;
    if (!pair) return step;
    return { ...step, parameters: { ...step.parameters, pair: pairName(pair.destination, pair.source) } };
  });
  return { ...graph, steps };
}

/** `skip-step-on-resume`: the first step a second driver meets unrecorded counts as done, with its first outcome. */
export function mutateStore(store: RunStore, run: KeptRun, graph: RoutineGraph, mutants: Mutants): RunStore {
  if (!mutants.has('skip-step-on-resume')) return store;
  let mayForge = run.claim > 1;
  return {
    record: async (key, fn) => {
      if (!mayForge || run.records.has(key)) return store.record(key, fn);
      mayForge = false;
      const step = graph.steps.find((candidate) => candidate.id === key.split('/')[1]);
      const outcome = Object.keys(step?.outcomes ?? {})[0];
      const real = store.record(key, async () => {
        if (!step || step.decision || outcome === undefined) return fn();
        const forged = {
          kind: 'outcome',
          outcome,
          refusal: null,
          startedAt: 0,
          endedAt: 0,
          evidence: [],
          transitions: [],
          progress: null,
          findings: {},
          ordersWaiting: false,
        };
        // The shape of an attempt, which is all that is ever recorded under a step's key.
        return forged as Awaited<ReturnType<typeof fn>>;
      });
      return real;
    },
    awaitOrder: (key, waitMs) => store.awaitOrder(key, waitMs),
    orderWaiting: () => store.orderWaiting(),
    publish: (revision, view, transient) => store.publish(revision, view, transient),
  };
}
