/** How far the updates of a system are answered by the synchronous destinations it has (1b rules 3, 20). Reads off the records. */
import { isCopying, isFlowing, isSuspended } from '../domain/pair-states.ts';
import type { StorageCore } from './core.ts';
import type { PairRecord } from './system-record.ts';

/** Highest number that every synchronous destination has answered, or may be done without; infinite where there is none. */
export function answeredThrough(core: StorageCore): number {
  let through = core.record.unansweredAbove ?? Number.POSITIVE_INFINITY;
  for (const [key, pair] of core.pairs.all()) {
    if (pair.definition.kind !== 'sync' || !core.pairs.isSource(pair)) continue;
    const isBound = mustRecordAlone(core, pair) || pair.definition.fence === 'data';
    if (isFlowing(pair.state)) {
      if (!core.mutant('complete-before-answer')) through = Math.min(through, core.pairs.peerAccepted(key));
      if (isBound) through = Math.min(through, heldAbove(pair));
    } else if (isBound) {
      through = Math.min(through, pair.agreedNumber);
    }
  }
  return through;
}

/** Sync pair of this source: may its writes complete without the other end only once `alone` is on record, and it is not yet? */
export function needsAloneRecord(pair: PairRecord): boolean {
  const isSplit = isSuspended(pair.state) || pair.state === 'simplex' || heldAbove(pair) < Number.POSITIVE_INFINITY;
  return isSplit && pair.definition.fence === 'status' && !pair.aloneRecorded;
}

/** Under fence level `status` nothing goes on without the destination before that is on record. */
export function mustRecordAlone(core: StorageCore, pair: PairRecord): boolean {
  return needsAloneRecord(pair) && !core.mutant('register-skipped');
}

/** Of a pair that copies: number up to which writes were complete when the copy began, where some were held. */
export function heldAbove(pair: PairRecord): number {
  return isCopying(pair.state) && pair.heldAbove !== null ? pair.heldAbove : Number.POSITIVE_INFINITY;
}
