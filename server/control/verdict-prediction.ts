/**
 * What a takeover would probably have to say of the data, from what is observed now. It proves nothing: the routine fences
 * first and judges by what is then on disk. It only spares the operator a surprise.
 */
import { type ArrangementPair, findArrangement, guardedPairOf, pairsTowards } from '../domain/arrangement.ts';
import type { GroupStatus, PairStatus } from '../domain/group-status.ts';
import { pairName, type SystemName } from '../domain/names.ts';
import type { RoutineGraph } from '../routines/step-graph.ts';
import type { PreflightView } from './views.ts';

type Prediction = NonNullable<PreflightView['predicted']['verdict']>;

/** State of a pair now, or the last one known where its source has fallen silent. */
function lastState(pair: PairStatus | undefined): string {
  if (!pair) return 'absent';
  return pair.state === 'unknown' ? (pair.lastKnown?.state ?? 'unknown') : pair.state;
}

/** What is known of the operation that a takeover would end. */
interface Outlook {
  status: GroupStatus;
  writer: SystemName;
  survivor: SystemName;
  /** Pairs over which what the writer completes reaches the survivor, with their status. */
  way: readonly { pair: ArrangementPair; status: PairStatus | undefined }[];
  guarded: ArrangementPair | null;
}

/** Null for routines that move no work, and so say no verdict. */
export function predictVerdict(status: GroupStatus, graph: RoutineGraph): Prediction | null {
  if (graph.intent !== 'failover' && graph.intent !== 'planned') return null;
  const arrangement = findArrangement(status.arrangement);
  if (!arrangement) return null;
  const { normal, reverse } = arrangement;
  const isForward = status.holder === normal.holder;
  const [from, to] = isForward ? [normal, reverse] : [reverse, normal];
  const outlook: Outlook = {
    status,
    writer: from.holder,
    survivor: to.holder,
    way: pairsTowards(from, to.holder).map((pair) => ({ pair, status: findPair(status, pair) })),
    guarded: guardedPairOf(arrangement, from.holder),
  };
  // In a planned move what a living writer completed is asked of itself; which way it goes says nothing of that.
  const isAsked = graph.intent === 'planned' && status.systems.find(({ name }) => name === outlook.writer)?.up === true;
  return (isAsked ? null : predictGuard(outlook)) ?? predictDrain(outlook) ?? predictProof(outlook, isAsked);
}

function findPair(status: GroupStatus, { source, destination }: ArrangementPair): PairStatus | undefined {
  return status.pairs.find(
    (pair) => pair.name === pairName(source, destination) || pair.name === pairName(destination, source),
  );
}

/** What stands in the way of a proof at the sync pair whose answers the writer waits for. */
function predictGuard({ status, writer, guarded }: Outlook): Prediction | null {
  if (!guarded) return null;
  const guard = status.systems.find((system) => system.name === guarded.destination);
  if (guard?.up === false) {
    return {
      kind: 'data-loss',
      text: `${guarded.destination} is down: what it holds and has not passed on would be missing, counted from the last heartbeat.`,
    };
  }
  // I was perhaps never told of the split, and shows duplex for as long as its source is silent: the register knows better.
  if (status.witness.register?.state === 'alone') {
    return {
      kind: 'data-loss',
      text: `The register has it that ${writer} went on alone: what it completed since is nowhere else.`,
    };
  }
  const pair = findPair(status, guarded);
  const state = lastState(pair);
  if (state === 'duplex') return null;
  const alone = `${writer} may have gone on alone${pair?.fence === 'never' ? '' : ', if that was recorded'}`;
  return {
    kind: 'unknown',
    text: `${pair?.name ?? 'the sync pair'} was last seen in ${state}: ${alone}. The fence step finds out.`,
  };
}

/** A pair that does not follow has to be repaired before it can be drained. Sync pairs that guard no writer may be at rest. */
function predictDrain({ way, guarded }: Outlook): Prediction | null {
  const mustFollow = ({ kind, source, destination }: ArrangementPair) =>
    kind === 'async' || (source === guarded?.source && destination === guarded.destination);
  const broken = way.find(({ pair, status }) => mustFollow(pair) && lastState(status) !== 'duplex');
  if (!broken) return null;
  const { source, destination } = broken.pair;
  return {
    kind: 'unknown',
    text: `${broken.status?.name ?? pairName(source, destination)} is in ${lastState(broken.status)}: it has to be brought up to date first, if its source can be reached.`,
  };
}

function predictProof({ status, survivor, guarded }: Outlook, isAsked: boolean): Prediction {
  if (!isAsked && guarded && status.witness.up !== true)
    return {
      kind: 'unknown',
      text: 'The monitoring host does not answer: without its register nothing can be proven.',
    };
  if (!isAsked && !guarded)
    return {
      kind: 'unknown',
      text: 'The system that takes the host writes does not answer, and no other answers each of them: what it completed last cannot be known.',
    };
  return {
    kind: 'no-data-loss',
    text: isAsked
      ? 'With the work stopped, everything can be drained and proven.'
      : `Every pair on the way is in duplex and the register answers: everything completed can be drained to ${survivor} and proven.`,
  };
}
