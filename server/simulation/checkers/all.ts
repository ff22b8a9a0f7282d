/** Every checker, in the order their findings are reported: causes before consequences. */
import type { History } from '../history.ts';
import { bitmapSoundness } from './bitmap-soundness.ts';
import { boundedCost } from './bounded-cost.ts';
import { type Checker, evidenceOf, type Violation } from './checker.ts';
import { cloneApart } from './clone-apart.ts';
import { confirmedFirst } from './confirmed-first.ts';
import { convergence } from './convergence.ts';
import { equality } from './equality.ts';
import { fencePrecedesEvidence } from './fence-precedes-evidence.ts';
import { flushDurability } from './flush-durability.ts';
import { goldCopy } from './gold-copy.ts';
import { heartbeatAge } from './heartbeat-age.ts';
import { inStep } from './in-step.ts';
import { journalTrim } from './journal-trim.ts';
import { keptForOthers } from './kept-for-others.ts';
import { lawfulTransition } from './lawful-transition.ts';
import { ledgerAddsUp } from './ledger-adds-up.ts';
import { neverWhole } from './never-whole.ts';
import { noCrash } from './no-crash.ts';
import { numberUnique } from './number-unique.ts';
import { oldHolderStops } from './old-holder-stops.ts';
import { oneCopier } from './one-copier.ts';
import { prefix } from './prefix.ts';
import { readBack } from './read-back.ts';
import { registerMonotone } from './register-monotone.ts';
import { singleWriter } from './single-writer.ts';
import { staleToken } from './stale-token.ts';
import { syncDurability } from './sync-durability.ts';
import { termination } from './termination.ts';
import { truthfulVerdict } from './truthful-verdict.ts';
import { verdictUsefulness } from './verdict-usefulness.ts';

export const CHECKERS: readonly Checker[] = [
  noCrash,
  lawfulTransition,
  oneCopier,
  numberUnique,
  staleToken,
  registerMonotone,
  syncDurability,
  equality,
  bitmapSoundness,
  journalTrim,
  inStep,
  keptForOthers,
  goldCopy,
  cloneApart,
  prefix,
  readBack,
  boundedCost,
  neverWhole,
  flushDurability,
  heartbeatAge,
  confirmedFirst,
  singleWriter,
  oldHolderStops,
  fencePrecedesEvidence,
  truthfulVerdict,
  verdictUsefulness,
  ledgerAddsUp,
  termination,
  convergence,
];

/** Violations of every checker, empty where all is well. */
export function checkAll(history: History): Violation[] {
  const evidence = evidenceOf(history);
  return CHECKERS.flatMap((checker) => checker.check(evidence));
}
