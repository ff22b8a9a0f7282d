/** Shows that a seeded defect is caught in an arrangement, by a checker it names, in a schedule in which nothing is caught without it. */
import { ALL_ARRANGEMENTS, type Arrangement } from '../../domain/arrangement.ts';
import { crashEquivalence } from '../checkers/crash-equivalence.ts';
import { CATCHES } from '../mutant-catches.ts';
import { scheduleFor } from '../mutant-schedules.ts';
import { isMutantName, MUTANTS, type Mutant, type MutantName, whyUnfit } from '../mutants.ts';
import { failedCheckers, NO_MUTANTS, playSchedule } from '../play.ts';

/** Where the schedule on record catches nothing any more, so many others are tried. */
const WITHIN_SCHEDULES = 250;
/** Told only from the same story without the kill: by crash-equivalence, which compares two runs. */
const COMPARED: readonly MutantName[] = ['generation-raised-twice-on-resume'];

/** Every arrangement, and of those that can be chosen in several ways each way with one backup. */
export const TRIED: readonly Arrangement[] = ALL_ARRANGEMENTS.filter(
  ({ variation }) => (variation?.backups ?? 1) === 1,
);

/** Every defect with every arrangement it fits, the `part`-th of `parts`. */
export function shareOfMutants(part: number, parts: number): [mutant: MutantName, arrangement: string][] {
  const names = Object.keys(MUTANTS).filter(isMutantName);
  return TRIED.flatMap((arrangement) =>
    names
      .filter((mutant) => !isShownElsewhere(mutant) && whyUnfit(mutant, arrangement) === null)
      .map((mutant): [MutantName, string] => [mutant, arrangement.id]),
  ).filter((_, index) => index % parts === part);
}

export function isShownElsewhere(name: MutantName): boolean {
  const mutant: Mutant = MUTANTS[name];
  return mutant.shownIn !== undefined;
}

/** Ordinal of the schedule that caught it, and by what; null where none did. */
export async function catchOf(
  mutant: MutantName,
  arrangement: string,
): Promise<{ index: number; checkers: string[] } | null> {
  // That this one passes without the defect was seen when it was put on record.
  const known = CATCHES[arrangement]?.[mutant] ?? 0;
  const onRecord = await checkersAgainst(mutant, known, arrangement, new Set([mutant]));
  if (onRecord.length > 0) return { index: known, checkers: onRecord };
  for (let index = 0; index < WITHIN_SCHEDULES; index += 1) {
    const checkers = await checkersAgainst(mutant, index, arrangement, new Set([mutant]));
    if (checkers.length === 0) continue;
    if ((await checkersAgainst(mutant, index, arrangement, NO_MUTANTS)).length === 0) return { index, checkers };
  }
  return null;
}

/** Checkers named by `mutant` that speak up in its `index`-th schedule, played with the defects given. */
async function checkersAgainst(
  mutant: MutantName,
  index: number,
  arrangement: string,
  played: ReadonlySet<MutantName>,
): Promise<string[]> {
  const schedule = scheduleFor(mutant, index, arrangement);
  const { violations, played: outcome } = await playSchedule(schedule, played);
  if (COMPARED.includes(mutant)) {
    const undisturbed = { ...schedule, story: { ...schedule.story, controlKills: [] } };
    const reference = await playSchedule(undisturbed, played);
    violations.push(...crashEquivalence(reference.played.history, outcome.history));
  }
  const named: readonly string[] = MUTANTS[mutant].caughtBy;
  return failedCheckers(violations).filter((name) => named.includes(name));
}
