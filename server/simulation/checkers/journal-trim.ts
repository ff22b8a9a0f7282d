import type { PairStateOrAbsent } from '../../domain/pair-states.ts';
import { type Checker, type Evidence, Findings, type Violation } from './checker.ts';
import { isFedFromBits, pairsOf } from './image-pairs.ts';

const name = 'journal-trim';

/** No entry that a flowing pair's destination has not made durable is gone from its source's journal (1b rule 17). */
export const journalTrim: Checker = {
  name,
  holds: 'no entry is trimmed before its destination confirmed it',
  check({ history }: Evidence): Violation[] {
    const findings = new Findings(name);
    // A system may forget in a loss of power how far it was durable; that it was so stays true.
    const durable = new Map<string, number>();
    for (const seen of history.of('images')) {
      for (const { system, durableNumber } of Object.values(seen.images)) {
        durable.set(system, Math.max(durable.get(system) ?? 0, durableNumber));
      }
      for (const { source, destination, atSource, atDestination } of pairsOf(seen.images)) {
        // While a formation copy runs the destination still counts in its old history, and bits stand for the difference.
        // What a pair with difference snapshots lacks is in its bits: `bitmap-soundness` looks there.
        if (isFedFromBits(atSource)) continue;
        if (atSource.kind !== 'async' || !isDrawing(atSource.state) || !isDrawing(atDestination.state)) continue;
        // What the destination made durable it will never ask for again; all above must still be held.
        if (source.journal.firstNumber > (durable.get(destination.system) ?? 0) + 1) {
          findings.add(
            seen.order,
            `${source.system} holds nothing below ${source.journal.firstNumber} (${seen.label}), while ${destination.system} had made durable only ${durable.get(destination.system)}`,
          );
        }
      }
      if (findings.enough) break;
    }
    return findings.violations;
  },
};

/** The destination lives from the source's journal in this state. */
function isDrawing(state: PairStateOrAbsent): boolean {
  return state === 'duplex' || state === 'suspending';
}
