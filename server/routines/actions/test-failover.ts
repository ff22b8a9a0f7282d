/**
 * Test failover (ADR 0012): on a clone of the survivor's image, so that nothing of the group is changed. Whatever goes wrong is an
 * outcome and not a stop: a test that cannot go on ends, and leaves nothing behind.
 */
import type { LedgerReport, TestWork } from '../../domain/host.ts';
import type { SystemName } from '../../domain/names.ts';
import { RefusedError, refuse } from '../../domain/refusal.ts';
import type { CloneFacts, StorageInstruction, SystemFacts } from '../../domain/storage-controller.ts';
import type { Action, ActionContext, ActionResult, TestFindings } from '../action-types.ts';
import { namesIn, parameter, stepHost, stepTarget } from '../action-types.ts';
import {
  askHost,
  endsOf,
  generationInForce,
  insist,
  pairOf,
  pause,
  queryIfAnswers,
  queryJournal,
  querySurely,
  querySystem,
} from './ask.ts';

/** Name of the clone, and of what is exported of it. */
const CLONE = 'test';
/** Transactions that the test host completes. */
const TRANSACTIONS = 40;
const WORK_PAUSE_MS = 100;

const NOTHING_YET: TestFindings = {
  baseline: [],
  clone: null,
  behind: null,
  recoveredAt: null,
  worked: 0,
  verified: 0,
  wentOn: null,
  disturbed: null,
};

const known = (context: ActionContext): TestFindings => context.findings.test ?? NOTHING_YET;

/** Answers null, and notes why, where the host refuses or falls silent for longer than the run's patience. */
async function orNoted<T>(context: ActionContext, attempt: () => Promise<T>): Promise<T | null> {
  try {
    return await insist(context, attempt);
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    context.note(`${error.refusal.message}`);
    return null;
  }
}

/** Is the survivor's image one to be tested, and does the group stand as it should? What is seen is what must not change. */
export const checkTest: Action = async (context): Promise<ActionResult> => {
  const host = stepHost(context);
  const target = stepTarget(context);
  const writer = parameter(context, 'writer');
  const generation = await generationInForce(context, host, target);
  context.adopt(generation);
  const gaps = generation.holder === writer ? [] : [`${writer} does not hold the host role`];
  const systems = await lookAround(context);
  const image = systems.get(target) ?? null;
  if (!image?.consistent) gaps.push(`the image of ${target} is not consistent`);
  for (const name of namesIn(context, 'pairs')) gaps.push(...gapsOf(name, systems));
  for (const gap of gaps) context.note(`${gap}.`);
  if (gaps.length > 0) return { outcome: 'not-ready' };
  context.note(`${target}: consistent at ${image?.consistentNumber}; every pair is in duplex.`);
  return { outcome: 'ready', findings: { generation, test: { ...NOTHING_YET, baseline: baselineOf(systems) } } };
};

/** Every system of the pairs that the step names, with null for one that does not answer. */
async function lookAround(context: ActionContext): Promise<Map<SystemName, SystemFacts | null>> {
  const names = new Set(
    namesIn(context, 'pairs').flatMap((pair) => {
      const { source, destination } = endsOf(pair);
      return [source, destination];
    }),
  );
  const systems = new Map<SystemName, SystemFacts | null>();
  for (const name of names) systems.set(name, await queryIfAnswers(context, stepHost(context), name));
  return systems;
}

function gapsOf(name: string, systems: ReadonlyMap<SystemName, SystemFacts | null>): string[] {
  const { source, destination } = endsOf(name);
  return [source, destination].flatMap((system) => {
    const facts = systems.get(system);
    if (!facts) return [`${system} does not answer`];
    const pair = pairOf(facts, source, destination);
    const stands = pair?.state === 'duplex' && pair.definition.source === source;
    return stands ? [] : [`${name} is ${pair?.state ?? 'absent'} at ${system}, not duplex`];
  });
}

function baselineOf(systems: ReadonlyMap<SystemName, SystemFacts | null>): TestFindings['baseline'] {
  return [...systems].flatMap(([system, facts]) =>
    (facts?.pairs ?? []).map(({ name, state, version }) => ({ system, pair: name, state, version })),
  );
}

async function cloneOrder(context: ActionContext, verb: 'clone-create' | 'clone-discard'): Promise<CloneFacts | null> {
  const target = stepTarget(context);
  const instruction: StorageInstruction = { verb, name: CLONE, token: context.token() };
  const { reply } = await askHost(context, stepHost(context), { verb: 'storage', target, instruction }, 'storage');
  if (reply.verb === 'clone') return reply.clone;
  throw refuse('internal', `${target} answered ${reply.verb} to ${verb}`, 'Check that all sites run the same version.');
}

export const makeClone: Action = async (context): Promise<ActionResult> => {
  const target = stepTarget(context);
  const clone = await orNoted(context, () => cloneOrder(context, 'clone-create'));
  if (!clone) return { outcome: 'refused' };
  const writer = parameter(context, 'writer');
  const behind = await behindOf(context, writer, clone.number);
  context.note(`${target}: the clone stands at update ${clone.number}.`);
  context.note(behindText(writer, target, behind));
  const { number, at, roomTracks } = clone;
  return { outcome: 'made', findings: { test: { ...known(context), clone: { number, at, roomTracks }, behind } } };
};

/**
 * What the writer had completed and the clone lacks. It is asked after the clone was made, so it may be less; both stamps are of
 * the writer's clock (1b rule 7).
 */
async function behindOf(context: ActionContext, writer: SystemName, number: number): Promise<TestFindings['behind']> {
  const host = stepHost(context);
  const facts = await queryIfAnswers(context, host, writer);
  if (!facts) return null;
  const updates = Math.max(0, facts.completedNumber - number);
  if (updates === 0) return { updates, ms: 0 };
  const journal = await queryJournal(context, host, writer, number, 1);
  const first = journal?.entries[0];
  const isNext = first?.number === number + 1 && facts.completedAt !== null;
  return { updates, ms: isNext ? Math.max(0, (facts.completedAt ?? 0) - first.at) : null };
}

function behindText(writer: SystemName, target: SystemName, behind: TestFindings['behind']): string {
  if (!behind) return `${writer}: no answer, so nobody knows how far ${target} is behind it.`;
  if (behind.updates === 0) return `${writer} had completed nothing that ${target} lacks.`;
  const time = behind.ms === null ? '' : ` (${(behind.ms / 1000).toFixed(2)} s)`;
  const updates = behind.updates === 1 ? '1 update' : `${behind.updates} updates`;
  return `${writer} had completed at most ${updates}${time} that ${target} lacked.`;
}

export const startTestHost: Action = async (context): Promise<ActionResult> => {
  if (!context.definition.ledger.enabled) {
    context.note('This group has no ledger: the clone is made and nothing works on it.');
    return { outcome: 'no-ledger' };
  }
  const work = await ask(context, { verb: 'test-start', run: context.run, clone: CLONE });
  if (!work) return { outcome: 'not-started' };
  context.note(
    `${stepHost(context)}: test host started; the ledger on the clone was recovered at transaction ${work.recoveredAt}.`,
  );
  return { outcome: 'started', findings: { test: { ...known(context), recoveredAt: work.recoveredAt } } };
};

async function ask(
  context: ActionContext,
  instruction:
    | { verb: 'test-start'; run: string; clone: string }
    | { verb: 'test-work'; run: string; transactions: number },
): Promise<TestWork | null> {
  const reply = await orNoted(context, () => askHost(context, stepHost(context), instruction, 'test'));
  return reply?.work ?? null;
}

export const verifyTest: Action = async (context): Promise<ActionResult> => {
  const instruction = { verb: 'test-verify', run: context.run } as const;
  const reply = await orNoted(context, () => askHost(context, stepHost(context), instruction, 'ledger'));
  if (!reply) return { outcome: 'not-verified' };
  const { report } = reply;
  context.note(reportText(stepHost(context), report));
  const isWhole =
    report.missingCount === 0 && report.corrupt === 0 && (report.balance.adds || report.presentThrough === 0);
  const test = { ...known(context), verified: known(context).verified + 1 };
  return isWhole ? { outcome: 'verified', findings: { test } } : { outcome: 'not-verified' };
};

function reportText(host: string, report: LedgerReport): string {
  const { presentThrough, missingCount, corrupt, balance } = report;
  const gaps = missingCount === 0 && corrupt === 0 ? 'without a gap' : `${missingCount} missing, ${corrupt} damaged`;
  const sum = balance.adds
    ? 'the balances add up'
    : `the balances come to ${balance.total} instead of ${balance.expected}`;
  return `${host}: transactions to ${presentThrough} are there, ${gaps}; ${sum}.`;
}

export const workOnClone: Action = async (context): Promise<ActionResult> => {
  const begun = context.clock.monotonic();
  for (;;) {
    const work = await ask(context, { verb: 'test-work', run: context.run, transactions: TRANSACTIONS });
    if (!work) return { outcome: 'not-worked' };
    if (work.completedTransactions >= TRANSACTIONS) {
      context.note(`${stepHost(context)}: ${work.completedTransactions} transactions completed on the clone.`);
      return { outcome: 'worked', findings: { test: { ...known(context), worked: work.completedTransactions } } };
    }
    const isLate = context.clock.monotonic() - begun >= context.settings.patienceMs;
    if (work.state === 'failed' || isLate) {
      context.note(
        `${stepHost(context)}: ${work.completedTransactions} transactions were completed, then ${work.reason ?? 'no more'}.`,
      );
      return { outcome: 'not-worked' };
    }
    await context.yieldToOrders();
    await pause(context, WORK_PAUSE_MS);
  }
};

/** What a failover at the moment of the clone would have found. */
export const judgeTest: Action = async (context): Promise<ActionResult> => {
  const target = stepTarget(context);
  const writer = parameter(context, 'writer');
  const { clone, behind, verified, worked, recoveredAt } = known(context);
  context.note(`A failover would have found ${target} consistent at update ${clone?.number ?? 0}.`);
  context.note(behindText(writer, target, behind));
  context.note(
    verified > 0
      ? `The ledger would have gone on after transaction ${recoveredAt ?? 0}: verified before and after ${worked} transactions on the clone.`
      : 'No ledger was verified: this group has none.',
  );
  context.note('This was a test: it proves nothing of what a disaster may still take, and it changed nothing.');
  return { outcome: 'stated' };
};

async function stopHost(context: ActionContext): Promise<boolean> {
  const instruction = { verb: 'test-stop', run: context.run } as const;
  const reply = await orNoted(context, () => askHost(context, stepHost(context), instruction, 'test'));
  if (reply) context.note(`${stepHost(context)}: the test host is stopped.`);
  return reply !== null;
}

/** False where nobody answers. What the clone had kept by then is noted before it is dropped. */
async function dropClone(context: ActionContext): Promise<boolean> {
  const target = stepTarget(context);
  const done = await orNoted(context, async () => {
    const before = (await querySystem(context, stepHost(context), target)).clone;
    await cloneOrder(context, 'clone-discard');
    return { before };
  });
  if (!done) {
    context.note(
      `${target}: the clone is dropped when its process ends, or by itself once nobody has used it for a while.`,
    );
    return false;
  }
  const { before } = done;
  const own = before?.run === context.run ? before : null;
  if (own?.damaged) context.note(`${target}: the clone was broken: ${own.damaged}.`);
  context.note(
    own
      ? `${target}: the clone is dropped; ${own.keptTracks} tracks were kept for it and ${own.writtenTracks} written on it.`
      : `${target}: there is no clone of this run.`,
  );
  return true;
}

export const stopTestHost: Action = async (context): Promise<ActionResult> => {
  return { outcome: (await stopHost(context)) ? 'stopped' : 'no-answer' };
};

export const discardClone: Action = async (context): Promise<ActionResult> => {
  return { outcome: (await dropClone(context)) ? 'discarded' : 'no-answer' };
};

/** Whatever is left of a test that cannot go on. */
export const endTest: Action = async (context): Promise<ActionResult> => {
  const isStopped = await stopHost(context);
  const isDropped = await dropClone(context);
  return { outcome: isStopped && isDropped ? 'ended' : 'no-answer' };
};

/** The pairs are what they were, at every end, and the survivor has followed all along. */
export const proveUndisturbed: Action = async (context): Promise<ActionResult> => {
  const target = stepTarget(context);
  const { baseline, clone } = known(context);
  await querySurely(context, stepHost(context), target);
  const systems = await lookAround(context);
  const now = baselineOf(systems);
  const moved = baseline.filter(
    (before) =>
      !now.some(
        ({ system, pair, version }) => system === before.system && pair === before.pair && version === before.version,
      ),
  );
  for (const { system, pair } of moved) {
    const state = systems.get(system)?.pairs.find(({ name }) => name === pair)?.state;
    context.note(`${system}: ${pair} has changed since the test began${state ? `, and is now ${state}` : ''}.`);
  }
  const number = systems.get(target)?.consistentNumber ?? 0;
  const wentOn = Math.max(0, number - (clone?.number ?? number));
  if (moved.length === 0)
    context.note(
      `Every pair is in the state it was in, unchanged all along; ${target} has gone on by ${wentOn} updates to ${number} meanwhile.`,
    );
  const test = { ...known(context), wentOn, disturbed: moved.length > 0 };
  return { outcome: moved.length === 0 ? 'undisturbed' : 'disturbed', findings: { test } };
};
