/** Counting what is lost (1b rule 7): each figure is exact, or a bound that says which side it is on. */
import type { JournalEntryFacts } from './storage-controller.ts';
import type { Loss } from './verdict.ts';

export function noLoss(): Loss {
  return { updates: 0, bytes: 0, seconds: 0, bound: 'exact' };
}

/** The lower bound of an `unknown` verdict: nothing is proven lost, and nothing is proven kept. */
export function unknownLoss(): Loss {
  return { updates: 0, bytes: 0, seconds: 0, bound: 'at-least' };
}

/**
 * Updates `after` + 1 … `through`, all known to be completed. Exact where `entries` covers them all; otherwise the span
 * of numbers is an upper bound, for numbers of failed writes carry no data. Bytes and seconds come from the entries.
 * `survivorAt` is the time stamp of the survivor's last update by the clock that stamped the entries, ms.
 */
export function countLost(
  entries: readonly JournalEntryFacts[],
  after: number,
  through: number,
  survivorAt: number | null,
): Loss {
  const lost = entries.filter((entry) => entry.number > after && entry.number <= through);
  const covered = lost.length === through - after;
  const data = lost.filter((entry) => entry.kind !== 'void');
  const voids = lost.length - data.length;
  const last = lost.at(-1);
  const stamped = survivorAt !== null && last?.number === through;
  return {
    updates: through - after - voids,
    bytes: data.reduce((sum, entry) => sum + entry.lengthBytes, 0),
    seconds: secondsBetween(survivorAt ?? lost[0]?.at ?? null, last?.at ?? null),
    bound: covered ? 'exact' : 'at-most',
    bytesBound: covered ? 'exact' : 'at-least',
    secondsBound: stamped ? 'exact' : 'at-least',
  };
}

/** At least the updates from `after` to the highest completed number a heartbeat carried. */
export function boundedLoss(
  after: number,
  testimony: { number: number; at: number | null },
  survivorAt: number | null,
  entries: readonly JournalEntryFacts[],
): Loss {
  const known = entries.filter((entry) => entry.number > after && entry.number <= testimony.number);
  const voids = known.filter((entry) => entry.kind === 'void').length;
  return {
    updates: Math.max(0, testimony.number - after - voids),
    bytes: known.reduce((sum, entry) => sum + (entry.kind === 'void' ? 0 : entry.lengthBytes), 0),
    seconds: secondsBetween(survivorAt, testimony.at),
    bound: 'at-least',
  };
}

/** Two stamps of one clock, ms → seconds; 0 where one of them is not known. */
function secondsBetween(from: number | null, to: number | null): number {
  return from === null || to === null ? 0 : Math.max(0, to - from) / 1000;
}
