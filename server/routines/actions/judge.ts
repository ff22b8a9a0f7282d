/** Making the survivor's image one that the group really had, and saying what it lacks. */
import { tracksText } from '../../domain/difference-table.ts';
import type { HostName, SystemName } from '../../domain/names.ts';
import { isSuspended } from '../../domain/pair-states.ts';
import type { JournalEntryFacts, PairFacts, SystemFacts } from '../../domain/storage-controller.ts';
import { judgeChain } from '../../domain/verdict-chain.ts';
import { verdictHeadline } from '../../domain/verdict-text.ts';
import type { Action, ActionContext, ActionResult } from '../action-types.ts';
import { namesIn, parameter, stepHost, stepTarget } from '../action-types.ts';
import { endsOf, instructPair, pairOf, queryIfAnswers, queryJournal, querySurely, splitToSuspended } from './ask.ts';
import { guardOf, heartbeatsOf, heldLast } from './fence.ts';
import { splitNamed } from './form-pair.ts';
import { sayJoin } from './sides.ts';

/** Journal entries read at once when a loss is counted, and at most in all. */
const JOURNAL_PAGE = 500;
const JOURNAL_MOST = 200_000;

/**
 * The target must hold a consistent image that no pair overwrites: what still flows into it is split, and an image that
 * is part old, part new is rolled back to the last consistent one (spec: Gold copy).
 */
export const settleImage: Action = async (context): Promise<ActionResult> => {
  const facts = await querySurely(context, stepHost(context), stepTarget(context));
  return { outcome: await settle(context, stepHost(context), facts, parameter(context, 'pair')) };
};

/** As `settleImage`, for a system whose silence is an answer: then there is no image there to go by. */
export const settleImageIfAnswers: Action = async (context): Promise<ActionResult> => {
  const facts = await queryIfAnswers(context, stepHost(context), stepTarget(context));
  if (facts) return { outcome: await settle(context, stepHost(context), facts, parameter(context, 'pair')) };
  context.note(`${stepTarget(context)}: no answer.`);
  return { outcome: 'no-image' };
};

/** As `settleImage`, where an image that mixes the target's own updates with copied ones may be accepted (1b rule 22). */
export const settleMixed: Action = async (context): Promise<ActionResult> => {
  const host = stepHost(context);
  const name = parameter(context, 'pair');
  const { source, destination } = endsOf(name);
  const facts = await querySurely(context, host, stepTarget(context));
  const tracks = facts.mixedTracks ?? 0;
  if (tracks === 0) return { outcome: await settle(context, host, facts, name) };
  const pair = pairOf(facts, source, destination);
  if (pair && !isSuspended(pair.state)) await splitToSuspended(context, host, facts.system, pair.name);
  context.note(
    `${facts.system}: ${tracks} tracks hold its own updates, which ${source === facts.system ? destination : source} never confirmed: ${tracksText(facts.mixedNamed ?? [], tracks)}. All others are as they were copied, to ${facts.lastNumber}.`,
  );
  return { outcome: 'mixed' };
};

/** Splits the pair through its source where that answers (1a: the source is instructed), then settles the target's image. */
export const splitThenSettle: Action = async (context): Promise<ActionResult> => {
  const host = stepHost(context);
  const name = parameter(context, 'pair');
  if (await queryIfAnswers(context, host, endsOf(name).source)) await splitNamed(context, host, name);
  return settleImage(context);
};

async function settle(
  context: ActionContext,
  host: HostName,
  facts: SystemFacts,
  name: string,
): Promise<'consistent' | 'rolled-back' | 'no-image'> {
  const { source, destination } = endsOf(name);
  const pair = pairOf(facts, source, destination);
  let now = facts;
  const isDestination = pair?.definition.destination === facts.system;
  if (pair && isDestination && !isSuspended(pair.state)) {
    await splitToSuspended(context, host, facts.system, pair.name);
    context.note(`${facts.system}: ${pair.name} split, so that nothing overwrites the image.`);
    now = await querySurely(context, host, facts.system);
  }
  if (now.consistent) {
    context.note(`${now.system}: image consistent at ${now.consistentNumber}.`);
    return 'consistent';
  }
  return rollBack(context, host, now, pairOf(now, source, destination));
}

async function rollBack(
  context: ActionContext,
  host: HostName,
  facts: SystemFacts,
  pair: PairFacts | null,
): Promise<'rolled-back' | 'no-image'> {
  if (!pair?.gold) {
    context.note(`${facts.system}: the image is part old, part new, and no earlier one is kept.`);
    return 'no-image';
  }
  await instructPair(context, host, facts.system, { verb: 'rollback', pair: pair.name, token: context.token() });
  const after = await querySurely(context, host, facts.system);
  context.note(`${facts.system}: rolled back to its image of ${after.consistentNumber}.`);
  return after.consistent ? 'rolled-back' : 'no-image';
}

/** The verdict, from the fence's evidence and the survivor as it stands now. Recorded with the step and never computed again. */
export const judge: Action = async (context): Promise<ActionResult> => {
  const host = stepHost(context);
  const survivor = parameter(context, 'survivor');
  const { generation, register, fences } = context.findings;
  const isOwn = heldLast(register, fences, survivor);
  const writer = isOwn ? survivor : parameter(context, 'writer');
  if (!generation) throw new Error(`step ${context.step.id} judges before the fence step has run`);
  const facts = await querySurely(context, host, survivor);
  const mixedTracks = context.step.parameters.accepts === 'mixed' ? (facts.mixedTracks ?? 0) : 0;
  const number = mixedTracks > 0 ? facts.lastNumber : facts.consistentNumber;
  const heartbeats = await heartbeatsOf(context, host, isOwn ? host : parameter(context, 'writerHost'));
  const judged = judgeChain({
    writer,
    survivor,
    guard: guardOf(context, writer),
    fenceGeneration: generation.number,
    fences,
    register,
    heartbeats: [...context.findings.heartbeats, ...heartbeats],
    image: {
      consistent: facts.consistent || mixedTracks > 0,
      number,
      lineage: facts.lineage,
      evidenceLost: facts.evidenceLost,
      stampedAt: await stampOf(context, host, survivor, number),
    },
    entries: await entriesAfter(context, host, number),
  });
  // What the operator accepts by its mode belongs to what is said of the data.
  const left = `${survivor}: ${mixedTracks} tracks hold its own updates, which ${writer} never confirmed: ${tracksText(facts.mixedNamed ?? [], mixedTracks)}. The mode no-merge leaves them, and what follows is copied from them.`;
  const verdict = mixedTracks > 0 ? { ...judged, evidence: [...judged.evidence, left] } : judged;
  context.note(verdictHeadline(verdict));
  for (const sentence of verdict.evidence) context.note(sentence);
  return { outcome: verdict.kind, findings: { verdict, heartbeats } };
};

/** Time stamp of update `number` in the survivor's own journal, ms; null where it is no longer kept. */
async function stampOf(
  context: ActionContext,
  host: HostName,
  system: SystemName,
  number: number,
): Promise<number | null> {
  if (number < 1) return null;
  const page = await queryJournal(context, host, system, number - 1, 1);
  const entry = page?.entries[0];
  return entry?.number === number ? entry.at : null;
}

/** What the writer, or else a system between, still keeps above the survivor's number. Only fenced systems are read. */
async function entriesAfter(
  context: ActionContext,
  host: HostName,
  after: number,
): Promise<{ observer: SystemName; list: JournalEntryFacts[] } | null> {
  const writer = parameter(context, 'writer');
  for (const observer of [writer, ...namesIn(context, 'middle')]) {
    const fence = context.findings.fences.find((evidence) => evidence.system === observer);
    if (!fence || fence.lastNumber <= after) continue;
    const list = await readJournal(context, host, observer, after);
    if (list.length > 0) return { observer, list };
  }
  return null;
}

async function readJournal(
  context: ActionContext,
  host: HostName,
  system: SystemName,
  after: number,
): Promise<JournalEntryFacts[]> {
  const list: JournalEntryFacts[] = [];
  let from = after;
  while (list.length < JOURNAL_MOST) {
    const page = await queryJournal(context, host, system, from, JOURNAL_PAGE);
    const last = page?.entries.at(-1);
    if (!page || !last) break;
    list.push(...page.entries);
    if (last.number >= page.lastNumber || last.number <= from) break;
    from = last.number;
  }
  return list;
}

/** Decision steps that rest on the verdict say it once more: on screen, spoken, printed (003 §[0082], §[0083]). Those about a pair say what stands in its way. */
export const announce: Action = async (context): Promise<ActionResult> => {
  const { verdict } = context.findings;
  if (context.step.parameters.pair) {
    await sayJoin(context);
  } else if (verdict) {
    context.note(verdictHeadline(verdict));
    if (!verdict.fenced)
      context.note('Taking over now is forced: two writers are possible until the old one is reached.');
    for (const gap of verdict.missing) context.note(`Missing: ${gap}.`);
    for (const cure of verdict.toSettle) context.note(`To settle it: ${cure}`);
  }
  return { outcome: 'ask' };
};
