/** Plays one schedule and judges it. */
import { checkAll } from './checkers/all.ts';
import type { Violation } from './checkers/checker.ts';
import type { MutantName } from './mutants.ts';
import { type Played, Scenario } from './scenario.ts';
import type { Schedule } from './schedule.ts';

export interface Outcome {
  schedule: Schedule;
  played: Played;
  violations: Violation[];
}

export const NO_MUTANTS: ReadonlySet<MutantName> = new Set();

/** A world that never comes to rest, or in which nothing is left to happen, is a finding like any other. */
export async function playSchedule(
  schedule: Schedule,
  mutants: ReadonlySet<MutantName> = NO_MUTANTS,
): Promise<Outcome> {
  const scenario = new Scenario(schedule, mutants);
  const broken = await scenario.play();
  const played = scenario.result();
  const violations = checkAll(played.history);
  if (broken !== null) violations.unshift({ checker: 'world', text: broken, order: played.history.events.length });
  return { schedule, played, violations };
}

/** Names of the checkers that spoke up, without repetition. */
export function failedCheckers(violations: readonly Violation[]): string[] {
  return [...new Set(violations.map((violation) => violation.checker))];
}
