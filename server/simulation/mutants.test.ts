/** Every seeded defect is caught by a checker it names, within so many schedules: a checker that cannot fail proves nothing. */
import { describe, expect, it } from 'vitest';
import { CHECKERS } from './checkers/all.ts';
import { scheduleFor } from './mutant-schedules.ts';
import { isMutantName, MUTANTS, type MutantName } from './mutants.ts';
import { failedCheckers, playSchedule } from './play.ts';

const WITHIN_SCHEDULES = 250;
/** Needs two runs to compare, and has its test beside the checker's: crash-equivalence.test.ts. */
const COMPARED: readonly MutantName[] = ['generation-raised-twice-on-resume'];
/** That nothing crashed is no rule of the protocol, so no defect of a rule stands for it. */
const WITHOUT_DEFECT: readonly string[] = ['no-crash'];

/** The checker that caught `mutant`, and the ordinal of the schedule; null where none did. */
async function caught(mutant: MutantName): Promise<{ checker: string; schedules: number } | null> {
  for (let index = 0; index < WITHIN_SCHEDULES; index += 1) {
    const { violations } = await playSchedule(scheduleFor(mutant, index), new Set([mutant]));
    const named: readonly string[] = MUTANTS[mutant].caughtBy;
    const checker = failedCheckers(violations).find((name) => named.includes(name));
    if (checker) return { checker, schedules: index + 1 };
  }
  return null;
}

describe('seeded defects', () => {
  it.each(
    Object.keys(MUTANTS)
      .filter(isMutantName)
      .filter((mutant) => !COMPARED.includes(mutant)),
  )('%s is caught', async (mutant) => {
    expect(await caught(mutant)).not.toBeNull();
  });

  it('names at least one defect for every checker', () => {
    const named = new Set<string>(Object.values(MUTANTS).flatMap((mutant) => [...mutant.caughtBy]));
    expect(CHECKERS.map((checker) => checker.name).filter((name) => !named.has(name))).toEqual(WITHOUT_DEFECT);
  });
});
