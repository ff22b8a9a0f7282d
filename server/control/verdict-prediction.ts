/**
 * What a takeover would probably have to say of the data, from what is observed now. It proves nothing: the routine fences
 * first and judges by what is then on disk. It only spares the operator a surprise.
 */

import { findArrangement } from '../domain/arrangement.ts';
import type { GroupStatus, PairStatus } from '../domain/group-status.ts';
import { pairName } from '../domain/names.ts';
import type { RoutineGraph } from '../routines/step-graph.ts';
import type { PreflightView } from './views.ts';

type Prediction = NonNullable<PreflightView['predicted']['verdict']>;

/** State of a pair now, or the last one known where its source has fallen silent. */
function lastState(pair: PairStatus | undefined): string {
  if (!pair) return 'absent';
  return pair.state === 'unknown' ? (pair.lastKnown?.state ?? 'unknown') : pair.state;
}

/** Null for routines that move no work, and so say no verdict. */
export function predictVerdict(status: GroupStatus, graph: RoutineGraph): Prediction | null {
  if (graph.intent !== 'failover' && graph.intent !== 'planned') return null;
  const arrangement = findArrangement(status.arrangement);
  if (!arrangement) return null;
  const { guardedPair, normal } = arrangement;
  const forward = status.holder === normal.holder;
  const find = (source: string, destination: string) =>
    status.pairs.find(
      (pair) => pair.name === pairName(source, destination) || pair.name === pairName(destination, source),
    );
  const guarded = find(guardedPair.source, guardedPair.destination);
  const asyncPairs = status.pairs.filter((pair) => pair.kind === 'async');
  const middle = status.systems.find((system) => system.name === guardedPair.destination);
  if (!forward) return predictReturn(asyncPairs);
  if (middle?.up !== true && middle?.up !== null) {
    return {
      kind: 'data-loss',
      text: `${guardedPair.destination} is down: what it holds and has not passed on would be missing, counted from the last heartbeat.`,
    };
  }
  const sync = lastState(guarded);
  if (sync !== 'duplex') {
    const alone =
      guarded?.fence === 'never' ? 'P may have gone on alone' : 'P may have gone on alone, if that was recorded';
    return {
      kind: 'unknown',
      text: `${guarded?.name ?? 'the sync pair'} was last seen in ${sync}: ${alone}. The fence step finds out.`,
    };
  }
  const broken = asyncPairs.find((pair) => lastState(pair) !== 'duplex');
  if (broken)
    return {
      kind: 'unknown',
      text: `${broken.name} is in ${lastState(broken)}: it has to be brought up to date first, if its source can be reached.`,
    };
  if (status.witness.up !== true)
    return {
      kind: 'unknown',
      text: 'The monitoring host does not answer: without its register nothing can be proven.',
    };
  return {
    kind: 'no-data-loss',
    text: 'Both pairs are in duplex and the register answers: everything completed can be drained to R and proven.',
  };
}

function predictReturn(asyncPairs: readonly PairStatus[]): Prediction {
  const broken = asyncPairs.find((pair) => lastState(pair) !== 'duplex');
  if (broken)
    return {
      kind: 'unknown',
      text: `${broken.name} is in ${lastState(broken)}: it has to be resynced before it can be drained.`,
    };
  return { kind: 'no-data-loss', text: 'With the work stopped, everything can be drained and proven.' };
}
