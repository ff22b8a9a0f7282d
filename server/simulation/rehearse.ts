/**
 * Rehearsal: plays schedules by seed and says what happened, for the command line and the screens. Needs no server.
 * A seed that fails comes with the shortest schedule found that fails in the same way.
 */
import { ARRANGEMENTS, findArrangement } from '../domain/arrangement.ts';
import { refuse } from '../domain/refusal.ts';
import type { Transport } from '../domain/storage-controller.ts';
import type { Verdict } from '../domain/verdict.ts';
import { CHECKERS } from './checkers/all.ts';
import type { Violation } from './checkers/checker.ts';
import { generateSchedule } from './generate.ts';
import { isMutantName, MUTANTS, type MutantName } from './mutants.ts';
import { measure, type Objectives } from './objectives.ts';
import { failedCheckers, NO_MUTANTS, type Outcome, playSchedule } from './play.ts';
import { describeFault, type Schedule } from './schedule.ts';
import { shrink } from './shrink.ts';

export interface RehearsalRequest {
  arrangement: string;
  /** Of the asynchronous pairs. */
  transport: Transport;
  /** First seed, an integer ≥ 0. */
  seed: number;
  /** How many seeds from there on, 1…100 000. */
  runs: number;
  /** Seeded defect to switch on, or null. */
  mutant: string | null;
  /** Schedules tried at most to shorten one that fails; 0: none. */
  shrinkBudget: number;
}

export interface RoutineRun {
  routine: string;
  ending: string | null;
  text: string | null;
  steps: string[];
  verdict: Verdict | null;
}

export interface Rehearsal {
  seed: number;
  arrangement: string;
  mutant: MutantName | null;
  survivable: boolean;
  story: Schedule['story']['kind'];
  fence: Schedule['settings']['fence'];
  transport: Transport;
  passed: boolean;
  faults: string[];
  runs: RoutineRun[];
  checkers: { name: string; holds: string; violations: string[] }[];
  objectives: Objectives;
  completedWrites: number;
  failedWrites: number;
  virtualMs: number;
  events: number;
  /** Equal for equal seed and commit. */
  historyHash: string;
  schedule: Schedule;
  /** Only where it failed and a shorter schedule was looked for. */
  shortest: { schedule: Schedule; faults: string[]; trials: number } | null;
}

/** Rehearses each seed in turn and hands it to `tell`. Refuses with `bad-request` where the request names nothing that exists. */
export async function rehearse(request: RehearsalRequest, tell: (rehearsal: Rehearsal) => void): Promise<void> {
  const mutants = check(request);
  for (let seed = request.seed; seed < request.seed + request.runs; seed += 1) {
    const schedule = generateSchedule(seed, request.arrangement, request.transport);
    tell(await rehearseSchedule(schedule, mutants, request.shrinkBudget));
  }
}

/** Rehearses one schedule, such as a recorded regression. */
export async function rehearseSchedule(
  schedule: Schedule,
  mutants: ReadonlySet<MutantName> = NO_MUTANTS,
  shrinkBudget = 0,
): Promise<Rehearsal> {
  const outcome = await playSchedule(schedule, mutants);
  const rehearsal = describe(outcome, mutants);
  const failure = failedCheckers(outcome.violations)[0];
  if (failure === undefined || shrinkBudget === 0) return rehearsal;
  const shrunk = await shrink(
    schedule,
    failure,
    async (candidate) => {
      const again = await playSchedule(candidate, mutants);
      return failedCheckers(again.violations).includes(failure) ? failure : null;
    },
    shrinkBudget,
  );
  return {
    ...rehearsal,
    shortest: { schedule: shrunk.schedule, faults: shrunk.schedule.faults.map(describeFault), trials: shrunk.trials },
  };
}

function check(request: RehearsalRequest): ReadonlySet<MutantName> {
  if (!findArrangement(request.arrangement)) {
    const known = ARRANGEMENTS.map((arrangement) => arrangement.id).join(', ');
    throw refuse('bad-request', `There is no arrangement ${request.arrangement}.`, `Choose one of: ${known}.`);
  }
  const wholeNumbers = Number.isSafeInteger(request.seed) && Number.isSafeInteger(request.runs);
  if (!wholeNumbers || request.seed < 0 || request.runs < 1 || request.runs > 100_000) {
    throw refuse(
      'bad-request',
      'A rehearsal takes a seed from 0 on and 1 to 100 000 runs.',
      'Give whole numbers in these ranges.',
    );
  }
  if (request.mutant === null) return NO_MUTANTS;
  if (!isMutantName(request.mutant)) {
    throw refuse(
      'bad-request',
      `There is no seeded defect ${request.mutant}.`,
      `Choose one of: ${Object.keys(MUTANTS).join(', ')}.`,
    );
  }
  return new Set([request.mutant]);
}

function describe({ schedule, played, violations }: Outcome, mutants: ReadonlySet<MutantName>): Rehearsal {
  return {
    seed: schedule.seed,
    arrangement: schedule.arrangement,
    mutant: [...mutants][0] ?? null,
    survivable: schedule.survivable,
    story: schedule.story.kind,
    fence: schedule.settings.fence,
    transport: schedule.settings.transport,
    passed: violations.length === 0,
    faults: schedule.faults.map(describeFault),
    runs: played.runs.map(({ routine, ending, endingText, steps, verdict }) => ({
      routine,
      ending,
      text: endingText,
      steps: steps.map((step) => `${step.id} ${step.outcome ?? step.decision?.choice ?? '–'}`),
      verdict,
    })),
    checkers: findingsByChecker(violations),
    objectives: measure(played.history),
    completedWrites: played.completedWrites,
    failedWrites: played.failedWrites,
    virtualMs: Math.round(played.virtualMs),
    events: played.events,
    historyHash: played.history.hash(),
    schedule,
    shortest: null,
  };
}

function findingsByChecker(violations: readonly Violation[]): Rehearsal['checkers'] {
  const known = CHECKERS.map(({ name, holds }) => ({ name, holds }));
  const others = failedCheckers(violations).filter((name) => !known.some((checker) => checker.name === name));
  return [...others.map((name) => ({ name, holds: 'the world comes to rest' })), ...known].map(({ name, holds }) => ({
    name,
    holds,
    violations: violations.filter((violation) => violation.checker === name).map((violation) => violation.text),
  }));
}

/** One rehearsal as lines for a terminal. `commit` names the code it was played with, or null where nobody knows. */
export function renderRehearsal(rehearsal: Rehearsal, commit: string | null): string {
  const { seed, arrangement, story, fence, transport, survivable, mutant } = rehearsal;
  const lines = [
    `seed ${seed} · commit ${commit ?? 'unknown'} · ${arrangement} · ${story} · fence level ${fence} · ${transport} · ${survivable ? 'within what must be survived' : 'beyond what must be survived'}${mutant ? ` · mutant ${mutant}` : ''}`,
    ...rehearsal.faults.map((fault) => `  fault    ${fault}`),
    ...rehearsal.runs.flatMap(renderRun),
    ...renderObjectives(rehearsal.objectives),
    `  world    ${rehearsal.completedWrites} host writes completed, ${rehearsal.failedWrites} failed, ${(rehearsal.virtualMs / 1000).toFixed(1)} s of virtual time, history ${rehearsal.historyHash.slice(0, 16)}`,
  ];
  const failed = rehearsal.checkers.filter((checker) => checker.violations.length > 0);
  lines.push(`  checkers ${rehearsal.checkers.length - failed.length} of ${rehearsal.checkers.length} hold`);
  for (const { name, violations } of failed) for (const text of violations) lines.push(`  FAILED   ${name}: ${text}`);
  if (rehearsal.shortest) {
    lines.push(`  shortest schedule that fails so (${rehearsal.shortest.trials} tried):`);
    lines.push(...rehearsal.shortest.faults.map((fault) => `    ${fault}`));
    lines.push(`    ${JSON.stringify(rehearsal.shortest.schedule)}`);
  }
  return lines.join('\n');
}

function renderRun({ routine, ending, text, steps, verdict }: RoutineRun): string[] {
  const lines = [
    `  routine  ${routine}: ${ending ?? 'not ended'}${text ? ` (${text})` : ''}`,
    `           ${steps.join(' → ')}`,
  ];
  if (verdict) {
    const { kind, lost } = verdict;
    const loss =
      kind === 'no-data-loss' ? '' : `: ${lost.bound} ${lost.updates} updates, ${lost.bytes} bytes, ${lost.seconds} s`;
    lines.push(`  verdict  ${kind}${loss}`);
  }
  return lines;
}

function renderObjectives({ takeovers }: Objectives): string[] {
  return takeovers.map(
    ({ from, to, rtoMs, rpoMs, lostUpdates, lostBytes }) =>
      `  takeover ${from} → ${to}: RTO ${rtoMs === null ? 'unknown' : `${Math.round(rtoMs)} ms`}, RPO ${Math.round(rpoMs)} ms, lost ${lostUpdates} updates of ${lostBytes} bytes`,
  );
}
