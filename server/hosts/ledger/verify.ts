/** Judges a volume's ledger against what a host was told is complete (spec: truthful verdict, “equals the ledger's”). */
import type { LedgerReport } from '../../domain/host.ts';
import type { SystemName } from '../../domain/names.ts';
import { type RingSurvey, readRing, stepsAdd, surveyRing } from './scan.ts';
import type { LedgerVolume } from './volume.ts';

export interface CompletionClaim {
  /** Every transaction up to this one was told complete; 0 for none. */
  completedThrough: number;
  /** Generation that was told under; null where not known. What newer work wrote under those numbers is not the same. */
  generation: number | null;
  /** Where the claim is known from. */
  source: string;
  verifiedOn: SystemName;
}

/** Reads the volume once and reports. Rejects with `VolumeError` where it cannot be read. */
export async function verifyLedger(volume: LedgerVolume, claim: CompletionClaim): Promise<LedgerReport> {
  return reportOn(surveyRing(await readRing(volume)), claim);
}

/** The report on a ring that was read. */
export function reportOn(survey: RingSurvey, claim: CompletionClaim): LedgerReport {
  const replacedFrom = firstNumberOfNewerWork(survey, claim.generation);
  const beyond = new Set(survey.beyond.filter((number) => number < replacedFrom));
  const presentThrough = Math.min(survey.contiguousThrough, replacedFrom - 1);
  const missing = missingNumbers(presentThrough, beyond, claim.completedThrough);
  const total = (survey.position?.balances ?? []).reduce((sum, balance) => sum + balance, 0);
  const expected = survey.position?.netTotal ?? 0;
  return {
    source: claim.source,
    completedThrough: claim.completedThrough,
    presentThrough,
    missing: missing.range,
    missingCount: missing.count,
    uncompletedPresent:
      Math.max(0, presentThrough - claim.completedThrough) + countAbove(beyond, claim.completedThrough),
    corrupt: survey.corruptSlots.length,
    outOfOrder: beyond.size,
    balance: {
      accounts: survey.position?.balances.length ?? 0,
      total,
      expected,
      adds: survey.position !== null && stepsAdd(survey) && total === expected,
    },
    verifiedOn: claim.verifiedOn,
  };
}

function firstNumberOfNewerWork(survey: RingSurvey, generation: number | null): number {
  if (generation === null) return Number.POSITIVE_INFINITY;
  const newer = survey.position?.lineage.find((entry) => entry.generation > generation);
  return newer?.first ?? Number.POSITIVE_INFINITY;
}

/** Completed numbers that are not present. Below the window they are: each was overwritten by its successor. */
function missingNumbers(
  presentThrough: number,
  beyond: ReadonlySet<number>,
  completedThrough: number,
): { range: { from: number; to: number } | null; count: number } {
  if (completedThrough <= presentThrough) return { range: null, count: 0 };
  let to = completedThrough;
  while (beyond.has(to)) to -= 1;
  const count = completedThrough - presentThrough - (beyond.size - countAbove(beyond, completedThrough));
  return { range: { from: presentThrough + 1, to }, count };
}

function countAbove(numbers: ReadonlySet<number>, limit: number): number {
  let count = 0;
  for (const number of numbers) if (number > limit) count += 1;
  return count;
}
