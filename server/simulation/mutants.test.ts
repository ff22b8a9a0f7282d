/** What is claimed of the seeded defects as a whole. That each is caught is shown in mutants-1.test.ts and mutants-2.test.ts. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { CHECKERS } from './checkers/all.ts';
import { isMutantName, MUTANTS, type Mutant, whyUnfit } from './mutants.ts';
import { isShownElsewhere, TRIED } from './testing/mutant-runs.ts';

/** That nothing crashed is no rule of the protocol, so no defect of a rule stands for it. */
const WITHOUT_DEFECT: readonly string[] = ['no-crash'];
const NAMES = Object.keys(MUTANTS).filter(isMutantName);

describe('seeded defects', () => {
  it('name at least one defect for every checker', () => {
    const named = new Set<string>(Object.values(MUTANTS).flatMap((mutant) => [...mutant.caughtBy]));
    expect(CHECKERS.map((checker) => checker.name).filter((name) => !named.has(name))).toEqual(WITHOUT_DEFECT);
  });

  it('fit an arrangement each, and most of them all', () => {
    for (const mutant of NAMES) {
      const unfit = TRIED.map((arrangement) => whyUnfit(mutant, arrangement)).filter((why) => why !== null);
      expect(unfit.length, mutant).toBeLessThan(TRIED.length);
    }
    for (const arrangement of TRIED) {
      const fit = NAMES.filter((mutant) => whyUnfit(mutant, arrangement) === null);
      expect(fit.length, arrangement.id).toBeGreaterThan(NAMES.length / 2);
    }
  });

  it.each(NAMES.filter(isShownElsewhere))('%s is shown in the test it names', (name) => {
    const { shownIn = '' }: Mutant = MUTANTS[name];
    const text = readFileSync(fileURLToPath(new URL(`../../${shownIn}`, import.meta.url)), 'utf8');
    expect(text).toContain(`'${name}'`);
  });
});
