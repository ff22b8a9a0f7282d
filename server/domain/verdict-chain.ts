/**
 * The verdict of a chain: what is said of the data before the work restarts elsewhere (spec: The verdict; 1b rules 1–7).
 * Pure: the same facts give the same verdict. It serves failover (writer P, guard I, survivor R) and failback (writer R,
 * no guard, survivor P), and any longer chain, for only three roles matter: who took the writes, whose answer each
 * completion needed, and who goes on.
 */
import type { Lineage, RegisterRecord } from './generation.ts';
import { commonNumber, generationOf } from './generation.ts';
import type { HeartbeatView } from './host.ts';
import type { PairName, SystemName } from './names.ts';
import type { FenceEvidence, FenceLevel, JournalEntryFacts } from './storage-controller.ts';
import type { Verdict } from './verdict.ts';
import { boundedLoss, countLost, noLoss, unknownLoss } from './verdict-count.ts';

export interface VerdictFacts {
  /** System that took host writes until the fence. */
  writer: SystemName;
  /** System on which the work is to go on. */
  survivor: SystemName;
  /** Destination of the sync pair whose answer a completion needs; null where the writer has none (reverse operation). */
  guard: { system: SystemName; pair: PairName; level: FenceLevel } | null;
  /** Generation this run raised. Answers of an older one are no evidence (rule 2). */
  fenceGeneration: number;
  fences: readonly FenceEvidence[];
  /** As the compare-and-set that gave `fenceGeneration` answered it; null where the register was not reached. */
  register: RegisterRecord | null;
  /** What anyone heard from the hosts attached to the writer. */
  heartbeats: readonly HeartbeatView[];
  /** The survivor's image after drain and, where needed, rollback. `stampedAt`: time stamp of its last update, ms. */
  image: { consistent: boolean; number: number; lineage: Lineage; evidenceLost: boolean; stampedAt: number | null };
  /** Journal entries above the survivor's number, ascending, as `observer` still keeps them; null where nobody was read. */
  entries: { observer: SystemName; list: readonly JournalEntryFacts[] } | null;
}

/** What the heartbeats prove: the highest completed number any of them carried. */
interface Testimony {
  number: number;
  at: number | null;
  observer: string | null;
}

interface Weighed {
  facts: VerdictFacts;
  writer: FenceEvidence | null;
  guard: FenceEvidence | null;
  testimony: Testimony;
  fenced: boolean;
  evidence: string[];
}

/**
 * The verdict these facts prove. `no-data-loss` only with proof, `data-loss` only with at least one update proven lost,
 * `unknown` with what is missing and what would supply it.
 */
export function judgeChain(facts: VerdictFacts): Verdict {
  const weighed = weigh(facts);
  if (!facts.image.consistent) {
    return unknown(
      weighed,
      [`${facts.survivor} holds no consistent image`],
      [`Roll ${facts.survivor} back to its last consistent image.`],
    );
  }
  if (facts.image.evidenceLost) {
    const missing = [`${facts.survivor} found journal entries damaged that it had once confirmed`];
    return lowerBound(weighed, missing, [`Resync ${facts.survivor} from a system that kept them, then judge again.`]);
  }
  const before = earlierWriter(weighed);
  if (before) return fromWriter(weighed, before);
  if (weighed.writer && !weighed.writer.evidenceLost && weighed.testimony.number <= weighed.writer.completedNumber) {
    return fromWriter(weighed, weighed.writer);
  }
  if (weighed.fenced && weighed.guard && !weighed.guard.evidenceLost) return fromGuard(weighed, weighed.guard);
  return lowerBound(weighed, missingOf(weighed), settleOf(weighed));
}

function weigh(facts: VerdictFacts): Weighed {
  const valid = facts.fences.filter((fence) => fence.generation.number >= facts.fenceGeneration);
  const writer = valid.find((fence) => fence.system === facts.writer) ?? null;
  const guard = facts.guard ? (valid.find((fence) => fence.system === facts.guard?.system) ?? null) : null;
  const weighed: Weighed = {
    facts,
    writer,
    guard,
    testimony: testimonyOf(facts.heartbeats, writer),
    fenced: false,
    evidence: [],
  };
  weighed.fenced = writer !== null || fencedByGuard(weighed);
  weighed.evidence = sentences(weighed);
  return weighed;
}

/** Highest completed number any heartbeat ever carried (rule 5), or the writer itself owns up to. */
function testimonyOf(heartbeats: readonly HeartbeatView[], writer: FenceEvidence | null): Testimony {
  let best: Testimony = { number: 0, at: null, observer: null };
  if (writer && writer.completedNumber > 0)
    best = { number: writer.completedNumber, at: null, observer: writer.system };
  for (const view of heartbeats) {
    if (view.highestCompletedNumber > best.number) {
      best = { number: view.highestCompletedNumber, at: view.highestCompletedAt, observer: view.observer };
    }
  }
  return best;
}

/** The guard's own record of the pair, as of the fence. */
function guardPair(weighed: Weighed) {
  const { guard, facts } = weighed;
  // The same two systems may stand as an async pair now, whose answers bind nobody.
  const isIt = (pair: FenceEvidence['pairs'][number]) =>
    pair.name === facts.guard?.pair && pair.end === 'destination' && pair.kind === 'sync';
  return guard?.pairs.find(isIt) ?? null;
}

function registerRead(facts: VerdictFacts): RegisterRecord | null {
  return facts.register && facts.register.generation.number >= facts.fenceGeneration ? facts.register : null;
}

/** Is it on record, anywhere that was read, that the writer went on without its guard? */
function aloneOnRecord(weighed: Weighed): boolean {
  return registerRead(weighed.facts)?.state === 'alone' || guardPair(weighed)?.aloneSeen === true;
}

/** Rule 2: the guard alone suffices under `data`; with the register, and no `alone` on record, under `status`. */
function fencedByGuard(weighed: Weighed): boolean {
  const pair = guardPair(weighed);
  // Nothing binds the writer to a guard that it was never joined to.
  if (!pair || (pair.fence === 'data' && pair.aloneSeen)) return false;
  if (pair.fence === 'data') return true;
  if (pair.fence === 'never') return false;
  // A guard that lost records may have lost the record of `alone` too.
  return registerRead(weighed.facts) !== null && !aloneOnRecord(weighed) && weighed.guard?.evidenceLost === false;
}

/** Number up to which the survivor shares the history of `other`, which reached `number`. */
function sharedWith(facts: VerdictFacts, other: FenceEvidence, number: number): number {
  return commonNumber(facts.image.lineage, facts.image.number, other.lineage, number);
}

/**
 * A system other than `writer` that completed updates which nothing has superseded since, and which the survivor lacks:
 * after a takeover that was begun and never promoted anybody, the last to serve hosts was not the one the routine assumes.
 * Only where the writer answers, for only then is it known that it gave no newer numbers.
 */
function earlierWriter(weighed: Weighed): FenceEvidence | null {
  const { facts, writer } = weighed;
  if (!writer) return null;
  const valid = facts.fences.filter((fence) => fence.generation.number >= facts.fenceGeneration);
  const newest = Math.max(...[facts.image.lineage, ...valid.map((fence) => fence.lineage)].map(newestOf));
  const found = valid.find((fence) => {
    if (fence.system === facts.writer || fence.completedNumber < 1) return false;
    if (generationOf(fence.lineage, fence.completedNumber) < newest) return false;
    const heldByWriter = commonNumber(writer.lineage, writer.completedNumber, fence.lineage, fence.completedNumber);
    const shared = sharedWith(facts, fence, fence.completedNumber);
    return heldByWriter < fence.completedNumber && shared < fence.completedNumber;
  });
  return found ?? null;
}

function newestOf(lineage: Lineage): number {
  return lineage.at(-1)?.generation ?? 0;
}

/**
 * Number behind which the writer's own completions are lost. What it took over from the holder before it may have been
 * under way there and completed to nobody: that was judged when it took over.
 */
function lostAfter({ writer, guard }: Weighed, shared: number): number {
  const reign = (writer ?? guard)?.lineage.at(-1);
  return Math.max(shared, (reign?.first ?? 1) - 1);
}

/** The writer answered the fence: what it completed is known exactly, and it completes nothing more. */
function fromWriter(weighed: Weighed, writer: FenceEvidence): Verdict {
  const completed = writer.completedNumber;
  const shared = sharedWith(weighed.facts, writer, completed);
  if (shared >= completed) {
    return proven(weighed, `${weighed.facts.survivor} holds every update ${writer.system} completed, to ${completed}.`);
  }
  const { entries, image } = weighed.facts;
  const loss = countLost(entries?.list ?? [], lostAfter(weighed, shared), completed, image.stampedAt);
  if (loss.updates < 1)
    return proven(
      weighed,
      `The numbers ${shared + 1} to ${completed} of ${writer.system} carry nothing that it completed to a host.`,
    );
  const text = `${writer.system} completed ${completed}; ${weighed.facts.survivor} shares its history to ${shared}.`;
  return { ...base(weighed), kind: 'data-loss', lost: loss, evidence: [text, ...weighed.evidence] };
}

/** The writer is silent, but it could complete nothing without the guard, and the guard's answers are frozen. */
function fromGuard(weighed: Weighed, guard: FenceEvidence): Verdict {
  const { facts, testimony } = weighed;
  const answered = guard.answeredNumber;
  const shared = sharedWith(facts, guard, answered);
  if (testimony.number > answered) {
    const missing = [
      `what ${guard.system} answered: a heartbeat carried ${testimony.number}, beyond the ${answered} it owns up to`,
    ];
    return lowerBound(weighed, missing, [`Reach ${facts.writer} and read its completed number.`]);
  }
  if (shared >= answered) {
    return proven(
      weighed,
      `${facts.survivor} holds every update ${guard.system} answered, to ${answered}. ${facts.writer} could complete none above it.`,
    );
  }
  if (testimony.number <= shared) {
    const missing = [
      `whether ${facts.writer} completed any of the updates ${shared + 1} to ${answered}, which ${guard.system} answered`,
    ];
    return unknown(weighed, missing, [
      `Bring ${facts.survivor} up to ${guard.system} and judge again.`,
      `Reach ${facts.writer} and read its completed number.`,
    ]);
  }
  // Everything answered was completed as well: between the two bounds nothing is left open.
  if (testimony.number === answered) {
    const loss = countLost(facts.entries?.list ?? [], lostAfter(weighed, shared), answered, facts.image.stampedAt);
    if (loss.updates >= 1) return { ...base(weighed), kind: 'data-loss', lost: loss };
  }
  return lowerBound(weighed, [], []);
}

/** Nothing proves an upper end: the heartbeats' number is all there is, and where it shows no loss the answer is unknown. */
function lowerBound(weighed: Weighed, missing: string[], toSettle: string[]): Verdict {
  const { facts, testimony } = weighed;
  const other = weighed.writer ?? weighed.guard;
  const held = lostAfter(weighed, other ? sharedWith(facts, other, facts.image.number) : facts.image.number);
  if (testimony.number <= held) return unknown(weighed, missing, toSettle);
  const loss = boundedLoss(held, testimony, facts.image.stampedAt, facts.entries?.list ?? []);
  if (loss.updates < 1) return unknown(weighed, missing, toSettle);
  return { ...base(weighed), kind: 'data-loss', lost: loss, missing, toSettle };
}

function base(weighed: Weighed): Omit<Verdict, 'kind' | 'lost'> {
  return {
    evidence: weighed.evidence,
    missing: [],
    toSettle: [],
    fenced: weighed.fenced,
    survivorNumber: weighed.facts.image.number,
    attestation: null,
  };
}

function proven(weighed: Weighed, sentence: string): Verdict {
  return { ...base(weighed), kind: 'no-data-loss', lost: noLoss(), evidence: [sentence, ...weighed.evidence] };
}

function unknown(weighed: Weighed, missing: string[], toSettle: string[]): Verdict {
  return { ...base(weighed), kind: 'unknown', lost: unknownLoss(), missing, toSettle };
}

function missingOf(weighed: Weighed): string[] {
  const { facts } = weighed;
  const missing: string[] = [];
  if (!weighed.writer) missing.push(`the completed number of ${facts.writer}, which does not answer`);
  else missing.push(`the true completed number of ${facts.writer}, whose own records are damaged`);
  if (!facts.guard) return missing;
  const pair = guardPair(weighed);
  if (!weighed.guard) missing.push(`what ${facts.guard.system} answered: it does not answer the fence`);
  else if (weighed.guard.evidenceLost)
    missing.push(`what ${facts.guard.system} answered: it found entries damaged that it had answered`);
  else if (!pair)
    missing.push(`a pair ${facts.guard.pair} at ${facts.guard.system}, without which its answers bind nobody`);
  else if (pair.fence === 'never')
    missing.push(`a proof that ${facts.writer} did not go on alone: the fence level is never`);
  else if (aloneOnRecord(weighed)) missing.push(`what ${facts.writer} completed after it went on alone`);
  else if (!registerRead(facts)) missing.push('the register, which could tell whether a split was recorded');
  return missing;
}

function settleOf(weighed: Weighed): string[] {
  const { facts } = weighed;
  const settle = [`Reach ${facts.writer} or its host and read its completed number.`];
  if (facts.guard && !weighed.guard) settle.push(`Restore ${facts.guard.system} or the line to it, then judge again.`);
  if (facts.guard && !registerRead(facts)) settle.push('Restore the monitoring host, then judge again.');
  settle.push(
    `Attest when the site of ${facts.writer} was destroyed (permits takeover; proves nothing about the data).`,
  );
  return settle;
}

/** What was seen, each with its observer. */
function sentences(weighed: Weighed): string[] {
  const { facts, writer, guard, testimony } = weighed;
  const said: string[] = [
    `${facts.survivor}: ${facts.image.consistent ? 'consistent' : 'not consistent'} at ${facts.image.number}.`,
  ];
  if (guard && facts.guard) {
    said.push(
      `${guard.system}: answered ${guard.answeredNumber} to ${facts.writer}, frozen under generation ${guard.generation.number}.`,
    );
    const pair = guardPair(weighed);
    said.push(
      pair
        ? `${guard.system}: pair ${pair.name} in ${pair.state}, fence level ${pair.fence}.`
        : `${guard.system}: no pair ${facts.guard.pair}.`,
    );
  } else if (facts.guard) {
    said.push(`${facts.guard.system}: no answer to the fence.`);
  }
  said.push(
    writer
      ? `${writer.system}: fenced, completed ${writer.completedNumber}.`
      : `${facts.writer}: no answer to the fence.`,
  );
  if (facts.guard) said.push(registerSentence(weighed));
  if (testimony.observer) said.push(`${testimony.observer}: heard that ${facts.writer} completed ${testimony.number}.`);
  else said.push(`No heartbeat carried a completed number of ${facts.writer}.`);
  if (!weighed.fenced) said.push(`${facts.writer} is not proven fenced: it may still complete writes.`);
  return said;
}

function registerSentence(weighed: Weighed): string {
  const record = registerRead(weighed.facts);
  if (!record) return 'witness: the register was not read under this generation.';
  if (record.state === 'alone')
    return `witness: split recorded at ${record.number}: ${weighed.facts.writer} went on alone.`;
  return guardPair(weighed)?.aloneSeen
    ? `witness: no split recorded, but ${weighed.facts.guard?.system} was told of one, or was not joined to ${weighed.facts.writer} yet.`
    : 'witness: no split recorded.';
}
