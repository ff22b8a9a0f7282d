/**
 * The fence step (ours; 1b rules 1–4): a new generation from the register, persisted at the survivor, the systems between,
 * the writer and its host, in this order and where they answer. Only what they say in that same step is evidence.
 */
import { guardedPairOf } from '../../domain/arrangement.ts';
import type { Generation, RegisterRecord } from '../../domain/generation.ts';
import type { HeartbeatView } from '../../domain/host.ts';
import type { HostName, SystemName } from '../../domain/names.ts';
import { pairName } from '../../domain/names.ts';
import { RefusedError } from '../../domain/refusal.ts';
import type { FenceEvidence } from '../../domain/storage-controller.ts';
import { judgeChain } from '../../domain/verdict-chain.ts';
import type { Action, ActionContext, ActionResult } from '../action-types.ts';
import { namesIn, parameter, stepHost } from '../action-types.ts';
import { askHost, hostFacts, insist, orNull, querySystem, raiseGeneration } from './ask.ts';

/** The register's record for this run's generation: raised now, or as it was raised by an earlier attempt of the same run. */
export async function raiseAtRegister(context: ActionContext, host: HostName): Promise<RegisterRecord> {
  const read = await insist(context, () => askHost(context, host, { verb: 'register-read' }, 'register'));
  const known = read.record.generation;
  // The witness answers the same run with the generation it already gave it, whatever is expected then.
  const expected = known.runId === context.run ? known.number - 1 : known.number;
  const raised = await insist(context, () =>
    askHost(context, host, { verb: 'register-fence', expected, runId: context.run }, 'register'),
  );
  return raised.record;
}

/** Heartbeats anyone within the host's reach has heard from `of`: the host's own views and the witness's. */
export async function heartbeatsOf(context: ActionContext, host: HostName, of: HostName): Promise<HeartbeatView[]> {
  const own = (await hostFacts(context, host)).heartbeats;
  const witness = await witnessViews(context, host);
  const views = [...own, ...witness].filter((view) => view.of === of);
  return [...new Map(views.map((view) => [view.observer, view])).values()];
}

async function witnessViews(context: ActionContext, host: HostName): Promise<HeartbeatView[]> {
  try {
    const reply = await orNull(() => askHost(context, host, { verb: 'witness-facts' }, 'witness-facts'));
    if (reply) return reply.facts.heartbeats;
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    context.note(`witness: ${error.refusal.message}`);
    return [];
  }
  context.note('witness: no answer; its heartbeats are not counted.');
  return [];
}

/**
 * Fences the writer and gathers the evidence. Outcome `fenced` where the writer is proven unable to complete a write, `own`
 * where it was the survivor itself that took the host writes last: an earlier move that was not ended has left it so.
 */
export const fenceStep: Action = async (context): Promise<ActionResult> => {
  const host = stepHost(context);
  const survivor = parameter(context, 'survivor');
  const writer = parameter(context, 'writer');
  const writerHost = parameter(context, 'writerHost');

  const register = await raiseAtRegister(context, host);
  const generation: Generation = { number: register.generation.number, runId: context.run, holder: null };
  context.adopt(generation);
  context.note(`witness: generation ${generation.number} given to this run; register says ${register.state}.`);

  const fences = [await raiseSurely(context, host, survivor, generation)];
  const others: (FenceEvidence | null)[] = [];
  for (const middle of namesIn(context, 'middle'))
    others.push(await raiseIfAnswers(context, host, middle, generation, [survivor, ...answered(others)]));
  const [atWriter] = await Promise.all([
    raiseIfAnswers(context, host, writer, generation, [survivor, ...answered(others)]),
    fenceHost(context, host, writerHost, generation),
  ]);
  for (const fence of [...others, atWriter]) if (fence) fences.push(fence);
  const isOwn = heldLast(register, fences, survivor);
  if (isOwn)
    context.note(`witness: ${survivor} itself held generation ${register.lastHeld?.number}, the last one held.`);
  const heartbeats = await heartbeatsOf(context, host, isOwn ? host : writerHost);
  const outcome = isOwn ? 'own' : isFenced(context, fences, register) ? 'fenced' : 'not-fenced';
  return { outcome, findings: { generation, register, fences, heartbeats } };
};

/** Did `system` take host writes under the last generation that was held? Being named is not enough: it may never have heard. */
export function heldLast(
  register: RegisterRecord | null,
  fences: readonly FenceEvidence[],
  system: SystemName,
): boolean {
  const last = register?.lastHeld;
  const own = fences.find((fence) => fence.system === system);
  return last?.holder === system && (own?.lineage.at(-1)?.generation ?? 0) >= last.number;
}

async function raiseSurely(
  context: ActionContext,
  host: HostName,
  target: SystemName,
  generation: Generation,
): Promise<FenceEvidence> {
  const evidence = await insist(context, () => raiseOnce(context, host, target, generation));
  noteFence(context, evidence);
  return evidence;
}

function answered(fences: readonly (FenceEvidence | null)[]): SystemName[] {
  return fences.flatMap((fence) => (fence ? [fence.system] : []));
}

/**
 * A dead system is not waited for. One whose line is up is only slow to answer, behind what is being copied: it is asked
 * again with twice the time, for its answer may be the proof (1b rule 7). A dead one loses its line within seconds.
 */
async function raiseIfAnswers(
  context: ActionContext,
  host: HostName,
  target: SystemName,
  generation: Generation,
  neighbours: readonly SystemName[],
): Promise<FenceEvidence | null> {
  const { fenceTimeoutMs, patienceMs } = context.settings;
  const begun = context.clock.monotonic();
  for (let waitMs = fenceTimeoutMs; ; waitMs *= 2) {
    const evidence = await orNull(() => raiseOnce(context, host, target, generation, waitMs));
    if (evidence) {
      noteFence(context, evidence);
      return evidence;
    }
    const isPast = context.clock.monotonic() - begun >= patienceMs;
    if (isPast || !(await hasLine(context, host, target, neighbours))) {
      context.note(`${target}: no answer to the fence within ${waitMs} ms${isPast ? ', though its line is up' : ''}.`);
      return null;
    }
    await context.yieldToOrders();
  }
}

/** Does one of `neighbours` hear `target` over a line of its own? */
async function hasLine(
  context: ActionContext,
  host: HostName,
  target: SystemName,
  neighbours: readonly SystemName[],
): Promise<boolean> {
  for (const neighbour of neighbours) {
    const facts = await orNull(() => querySystem(context, host, neighbour));
    if (facts?.lines.some((line) => line.peer === target && line.connected)) return true;
  }
  return false;
}

function raiseOnce(
  context: ActionContext,
  host: HostName,
  target: SystemName,
  generation: Generation,
  timeoutMs = context.settings.fenceTimeoutMs,
): Promise<FenceEvidence> {
  const instruction = { verb: 'raise-generation', generation, token: context.token() } as const;
  return raiseGeneration(context, host, target, instruction, timeoutMs);
}

function noteFence(context: ActionContext, evidence: FenceEvidence): void {
  context.note(
    `${evidence.system}: generation ${evidence.generation.number} persisted; answered ${evidence.answeredNumber}, completed ${evidence.completedNumber}, consistent at ${evidence.consistentNumber}.`,
  );
}

/**
 * Stops the work at the writer's host. It is recorded and useful, but no proof: clients attached over the network block
 * device bypass the host, so the host's word alone fences nobody (1b rule 6).
 */
async function fenceHost(
  context: ActionContext,
  host: HostName,
  writerHost: HostName,
  generation: Generation,
): Promise<void> {
  const instruction = { verb: 'raise-host-generation', generation, token: context.token() } as const;
  const reply = await orNull(() =>
    askHost(context, host, { verb: 'peer-host', instruction }, 'host-fenced', context.settings.fenceTimeoutMs),
  );
  if (reply)
    context.note(
      `${writerHost}: generation ${reply.generation.number} persisted; its work ${reply.work.running ? 'still runs' : 'is stopped'}.`,
    );
  else context.note(`${writerHost}: no answer to the fence within ${context.settings.fenceTimeoutMs} ms.`);
}

/** The verdict's own rule decides, so that step and verdict never disagree; the image plays no part in it. */
function isFenced(context: ActionContext, fences: readonly FenceEvidence[], register: RegisterRecord): boolean {
  return judgeChain({
    writer: parameter(context, 'writer'),
    survivor: parameter(context, 'survivor'),
    guard: guardOf(context, parameter(context, 'writer')),
    fenceGeneration: register.generation.number,
    fences,
    register,
    heartbeats: [],
    image: { consistent: false, number: 0, lineage: [], evidenceLost: false, stampedAt: null },
    entries: null,
  }).fenced;
}

/** The sync pair whose answers bind the writer, where this routine's writer is the source of one. */
export function guardOf(context: ActionContext, writer: SystemName) {
  const guarded = guardedPairOf(context.arrangement, writer);
  if (!guarded) return null;
  return {
    system: guarded.destination,
    pair: pairName(guarded.source, guarded.destination),
    level: context.definition.fence,
  };
}
