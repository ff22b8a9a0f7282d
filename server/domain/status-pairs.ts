/** What is shown of each pair: both ends as they see it, the worse of the two, and what may be done with it. */
import { type ArrangementOperation, type ArrangementPair, plannedPairs } from './arrangement.ts';
import { SNAPSHOT_INTERVAL_MS } from './expectation.ts';
import type { PairStatus } from './group-status.ts';
import type { SystemName } from './names.ts';
import { pairKey, pairName } from './names.ts';
import type { PairKind, PairState, PairStateOrAbsent } from './pair-states.ts';
import { isFlowing, PAIR_INSTRUCTIONS, whyRefused } from './pair-states.ts';
import { type Fresh, freshOf, type GroupFacts } from './status-facts.ts';
import type { PairFacts } from './storage-controller.ts';

/** From worst to best; where the ends disagree the worse one stands. */
const WORST_FIRST: readonly PairStateOrAbsent[] = [
  'failure-suspend',
  'suspend',
  'absent',
  'simplex',
  'initial-copying',
  'duplex-pending',
  'suspending',
  'duplex',
];

interface End {
  system: SystemName;
  fresh: Fresh;
  /** As this end sees it now; null where it has none or is not known. */
  pair: PairFacts | null;
  state: PairState | 'absent' | 'unknown';
  /** As it last saw it, however long ago. */
  last: { pair: PairFacts; at: number } | null;
}

function endOf(facts: GroupFacts, system: SystemName, other: SystemName): End {
  const fresh = freshOf(facts, system);
  const find = (pairs: readonly PairFacts[] | undefined) =>
    pairs?.find(({ definition }) => pairKey(definition.source, definition.destination) === pairKey(system, other)) ??
    null;
  const pair = find(fresh.storage?.pairs);
  const known = find(fresh.process?.storage?.pairs);
  const state = fresh.storage ? (pair?.state ?? 'absent') : 'unknown';
  return { system, fresh, pair, state, last: known ? { pair: known, at: fresh.process?.factsAt ?? 0 } : null };
}

/**
 * All pairs of the operation that stands, each once, whichever way it stands now, and those of the other operation that
 * either end still knows.
 */
export function pairStatuses(facts: GroupFacts, operation: ArrangementOperation | null): PairStatus[] {
  const { normal } = facts.arrangement;
  const keys = new Map<string, ArrangementPair>();
  for (const pair of (operation ?? normal).pairs) keys.set(pairKey(pair.source, pair.destination), pair);
  for (const pair of plannedPairs(facts.arrangement)) {
    const key = pairKey(pair.source, pair.destination);
    const isKnown = [pair.source, pair.destination].some((system, index, ends) => {
      const { pair: now, last } = endOf(facts, system, ends[1 - index] ?? system);
      return now !== null || last !== null;
    });
    if (!keys.has(key) && isKnown) keys.set(key, pair);
  }
  const statuses = [...keys.values()].map((pair) => pairStatus(facts, pair));
  return statuses.map((status) => ({ ...status, actions: actionsOf(facts, status, statuses) }));
}

function pairStatus(
  facts: GroupFacts,
  planned: { source: SystemName; destination: SystemName; kind: PairKind },
): PairStatus {
  const ends = [
    endOf(facts, planned.source, planned.destination),
    endOf(facts, planned.destination, planned.source),
  ] as const;
  const definition = standing(ends)?.definition ?? {
    ...planned,
    transport: transportOf(facts, planned),
    fence: facts.definition.fence,
  };
  const source = ends[0].system === definition.source ? ends[0] : ends[1];
  const destination = source === ends[0] ? ends[1] : ends[0];
  const state = combine(source.state, destination.state);
  const deciding = decidingEnd(source, destination, state);
  const last = lastKnown(source, destination);
  const sourceFacts = source.pair?.name === pairName(definition.source, definition.destination) ? source.pair : null;
  const isBySets = definition.kind === 'async' && definition.transport === 'difference-snapshot';
  const journal = definition.kind === 'async' && !isBySets ? (source.fresh.storage?.journal ?? null) : null;
  return {
    name: pairName(definition.source, definition.destination),
    kind: definition.kind,
    transport: definition.transport,
    pullIntervalMs: definition.kind === 'async' && !isBySets ? facts.definition.pullIntervalMs : null,
    snapshotIntervalMs: isBySets ? SNAPSHOT_INTERVAL_MS : null,
    set: setStatus(sourceFacts, destination.pair, facts.definition.trackBytes),
    fence: definition.kind === 'sync' ? definition.fence : null,
    state,
    stateAtSource: source.state,
    stateAtDestination: destination.state,
    lastKnown: state === 'unknown' ? last : null,
    reason: reasonOf(state, deciding, source, destination),
    observer: deciding?.system ?? 'nobody',
    observedAt: deciding?.fresh.observedAt ?? last?.at ?? null,
    givenNumber: givenNumber(sourceFacts, destination.pair),
    appliedNumber: destination.pair?.appliedNumber ?? sourceFacts?.appliedNumber ?? null,
    lag: lagOf(facts, sourceFacts, destination.pair),
    rateBytesPerSecond: source.fresh.up
      ? (source.fresh.process?.pairRates[pairName(definition.source, definition.destination)] ?? null)
      : null,
    movedBytes: sourceFacts?.transferredBytes ?? null,
    lastCopyBytes: sourceFacts?.lastCopyBytes ?? null,
    dirtyTracks: dirtyTracks(source, destination),
    trackBytes: definitionTrackBytes(facts, source, destination),
    copy: sourceFacts?.copy ?? destination.pair?.copy ?? null,
    consistentAtDestination: destination.fresh.storage?.consistent ?? null,
    gold: destination.pair?.gold ?? null,
    journal: journal && { usedBytes: journal.usedBytes, sizeBytes: journal.sizeBytes, fullInMs: journal.fullInMs },
    actions: [],
  };
}

/** The source knows the set from its freezing on; where it is silent, the destination knows what has come. */
function setStatus(source: PairFacts | null, destination: PairFacts | null, trackBytes: number): PairStatus['set'] {
  const set = source?.set ?? destination?.set;
  if (!set) return null;
  const { id, number, tracks, doneTracks } = set;
  return { id, number, tracks, bytes: tracks * trackBytes, doneBytes: doneTracks * trackBytes };
}

/** The ends are looked at at different moments: what the destination has applied meanwhile was given before. */
function givenNumber(source: PairFacts | null, destination: PairFacts | null): number | null {
  if (!source) return null;
  return destination && isFlowing(source.state) && isFlowing(destination.state)
    ? Math.max(source.givenNumber, destination.appliedNumber)
    : source.givenNumber;
}

/**
 * How far the destination is behind. Where nothing flows it falls back since the pair was suspended, by what the bits mark; while
 * a copy is under way, and before the first one, there is no such number.
 */
function lagOf(facts: GroupFacts, source: PairFacts | null, destination: PairFacts | null): PairStatus['lag'] {
  if (!source) return null;
  if (isFlowing(source.state)) return source.lag;
  if (source.state !== 'suspend' && source.state !== 'failure-suspend') return null;
  const updates = Math.max(0, source.givenNumber - Math.max(source.appliedNumber, destination?.appliedNumber ?? 0));
  if (updates === 0 && source.dirtyTracks === 0) return { updates: 0, bytes: 0, ms: 0 };
  return {
    updates,
    bytes: source.dirtyTracks * source.trackBytes,
    ms: Math.max(0, facts.now - source.changedAt),
  };
}

/** The definition to go by: of the end that changed it last, fresh before stale. */
function standing(ends: readonly [End, End]): PairFacts | null {
  const fresh = ends.map((end) => end.pair).filter((pair) => pair !== null);
  const stale = ends.map((end) => end.last?.pair ?? null).filter((pair) => pair !== null);
  const known = fresh.length > 0 ? fresh : stale;
  return [...known].sort((a, b) => b.changedAt - a.changedAt)[0] ?? null;
}

function transportOf(facts: GroupFacts, pair: { source: SystemName; destination: SystemName }) {
  return facts.definition.transport[pairKey(pair.source, pair.destination)] ?? 'journal';
}

/** One end silent: what the other says holds only where it claims nothing of the silent one. */
function combine(a: End['state'], b: End['state']): PairStatus['state'] {
  if (a === 'unknown' && b === 'unknown') return 'unknown';
  if (a === 'unknown' || b === 'unknown') {
    const known = a === 'unknown' ? b : a;
    return known === 'unknown' || isFlowing(known) ? 'unknown' : known;
  }
  return WORST_FIRST.find((state) => state === a || state === b) ?? 'unknown';
}

/** The end whose word is shown. */
function decidingEnd(source: End, destination: End, state: PairStatus['state']): End | null {
  return (
    [source, destination].find((end) => end.state === state && end.fresh.storage) ??
    [source, destination].find((end) => end.fresh.storage) ??
    null
  );
}

/** Of an end that is silent: what the other one says now does not make it known. */
function lastKnown(source: End, destination: End): PairStatus['lastKnown'] {
  const silent = [source, destination].filter((end) => end.state === 'unknown');
  const known = silent.map((end) => end.last).filter((last) => last !== null);
  const newest = known.sort((a, b) => b.at - a.at)[0];
  return newest ? { state: newest.pair.state, at: newest.at } : null;
}

function reasonOf(state: PairStatus['state'], deciding: End | null, source: End, destination: End): string {
  if (state === 'unknown') {
    const silent = [source, destination].filter((end) => end.state === 'unknown').map((end) => end.system);
    return `${silent.join(' and ')} not heard within the bound`;
  }
  if (source.state !== destination.state && source.state !== 'unknown' && destination.state !== 'unknown') {
    return `ends disagree: ${source.system} says ${source.state}, ${destination.system} says ${destination.state}`;
  }
  return deciding?.pair?.reason ?? 'there is no such pair';
}

function dirtyTracks(source: End, destination: End): number | null {
  const counts = [source.pair?.dirtyTracks, destination.pair?.dirtyTracks].filter((count) => count !== undefined);
  return counts.length === 0 ? null : Math.max(...counts);
}

function definitionTrackBytes(facts: GroupFacts, source: End, destination: End): number {
  return source.pair?.trackBytes ?? destination.pair?.trackBytes ?? facts.definition.trackBytes;
}

/** Each instruction: allowed, or why not and what would cure it. Read from the transition table, then from the group. */
function actionsOf(facts: GroupFacts, status: PairStatus, all: readonly PairStatus[]): PairStatus['actions'] {
  return PAIR_INSTRUCTIONS.filter((instruction) => instruction !== 'copy').map((instruction) => {
    const refusal =
      whyGroupRefuses(facts) ?? whyPairRefuses(status, instruction) ?? whyOthersRefuse(facts, status, instruction, all);
    return { instruction, allowed: refusal === null, reason: refusal?.reason ?? null, cure: refusal?.cure ?? null };
  });
}

interface Why {
  reason: string;
  cure: string;
}

function whyGroupRefuses(facts: GroupFacts): Why | null {
  if (!facts.powered) return { reason: 'the group is switched off', cure: 'Start the group first.' };
  if (facts.run?.changing)
    return {
      reason: `${facts.run.routine} is under way`,
      cure: 'Wait until it has ended, or abort it.',
    };
  return null;
}

function whyPairRefuses(status: PairStatus, instruction: (typeof PAIR_INSTRUCTIONS)[number]): Why | null {
  if (status.state === 'unknown')
    return { reason: `the state is not known: ${status.reason}`, cure: 'Restore the silent system or the way to it.' };
  return whyRefused(status.kind, status.state, instruction);
}

/** What storage itself would refuse because of the systems and the other pairs around this one. */
function whyOthersRefuse(
  facts: GroupFacts,
  status: PairStatus,
  instruction: string,
  all: readonly PairStatus[],
): Why | null {
  if (instruction !== 'resync' && instruction !== 'create') return null;
  const [source = '', destination = ''] = status.name.split('-');
  const onto = freshOf(facts, destination).storage;
  if (onto && onto.generation.holder === destination) {
    return {
      reason: `${destination} takes the host writes; a copy would overwrite them`,
      cure: 'Reverse the pair, or move the work first.',
    };
  }
  for (const other of all) {
    if (other.name === status.name || other.state === 'unknown' || !isFlowing(other.state)) continue;
    const [otherSource, otherDestination] = other.name.split('-');
    if (otherSource === destination || otherDestination === destination) {
      return {
        reason: `${destination} cannot be copied onto while ${other.name} is in ${other.state}`,
        cure: `Split ${other.name} first.`,
      };
    }
    if (otherDestination === source && other.kind === 'async' && status.kind === 'sync') {
      return {
        reason: `${source} is being written by ${other.name} (${other.state})`,
        cure: `Split ${other.name} first.`,
      };
    }
  }
  return null;
}
