/** Where the ledger goes on after a start, a restart, a lost connection or a takeover. */

import type { CompletionRecord } from './completion-record.ts';
import { type LedgerPosition, MAX_IN_FLIGHT, slotOf, startPosition } from './layout.ts';
import type { RingSurvey } from './scan.ts';

export type Recovery = { position: LedgerPosition } | { refusal: string };

/**
 * The last transaction from which everything before it is present. What was in flight together when the work broke off
 * may have left later ones beyond a hole: none of them was told complete, and they are written anew.
 * Refuses to go on over damage, over a newer generation's work, and, unless `acceptLoss`, over completed transactions
 * of this same generation that are missing: to write on would hide them.
 */
export function recover(
  survey: RingSurvey,
  generation: number,
  completed: CompletionRecord | null,
  acceptLoss: boolean,
): Recovery {
  const through = survey.contiguousThrough;
  const damage = damageIn(survey);
  if (damage !== null) return { refusal: damage };
  const position = survey.position ?? startPosition();
  const newest = position.lineage.at(-1)?.generation ?? 0;
  if (newest > generation)
    return { refusal: `The ledger was written on under generation ${newest}, newer than ${generation}.` };
  if (completed && completed.generation === generation && completed.completedThrough > through && !acceptLoss) {
    return {
      refusal: `Transactions ${through + 1} to ${completed.completedThrough} were completed and are missing on the volume. Start the work by instruction to go on without them.`,
    };
  }
  return { position };
}

function damageIn(survey: RingSurvey): string | null {
  const { contiguousThrough: through, beyond, capacity } = survey;
  const rewritten = new Set<number>();
  for (let ahead = 1; ahead <= MAX_IN_FLIGHT; ahead += 1) rewritten.add(slotOf(through + ahead, capacity));
  const lasting = survey.corruptSlots.filter((slot) => !rewritten.has(slot));
  const farthest = beyond.at(-1) ?? through;
  if (through === 0 && survey.corruptSlots.length > 0 && beyond.length === 0)
    return 'The volume holds something that is not a ledger.';
  if (lasting.length > 0 || (survey.corruptSlots.length > 0 && beyond.length > 0)) {
    return `The ledger is damaged: ${survey.corruptSlots.length} of its records cannot be read; it is whole up to transaction ${through}.`;
  }
  if (farthest - through > MAX_IN_FLIGHT) {
    return `The ledger is damaged: transaction ${through + 1} is missing though transactions up to ${farthest} are present.`;
  }
  return null;
}
