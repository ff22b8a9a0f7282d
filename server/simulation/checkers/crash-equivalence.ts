import type { History } from '../history.ts';
import { Findings, type Violation } from './checker.ts';

const name = 'crash-equivalence';

interface Ending {
  routine: string;
  ending: string;
  verdict: string | null;
}

/** How each run of a history ended, in order. */
function endingsOf(history: History): Ending[] {
  const verdicts = new Map<string, string>();
  for (const event of history.of('verdict')) verdicts.set(event.run, event.verdict.kind);
  return [...history.of('run-ended')].map((event) => ({
    routine: event.routine,
    ending: event.ending,
    verdict: verdicts.get(event.run) ?? null,
  }));
}

/** Generations given out, in order: a resumed run asks for its own again and gets no second one. */
function generationsOf(history: History): number[] {
  const numbers = new Set<number>();
  for (const { record } of history.of('register')) numbers.add(record.generation.number);
  return [...numbers];
}

/**
 * A routine whose driver was killed at any step and resumed ends as if it had not been. `reference` is the same story
 * without the kill.
 */
export function crashEquivalence(reference: History, killed: History): Violation[] {
  const findings = new Findings(name);
  const [wanted, got] = [endingsOf(reference), endingsOf(killed)];
  if (JSON.stringify(wanted) !== JSON.stringify(got)) {
    findings.add(
      killed.events.length,
      `the runs ended ${JSON.stringify(got)}, without the kill ${JSON.stringify(wanted)}`,
    );
  }
  const [generations, generationsKilled] = [generationsOf(reference), generationsOf(killed)];
  if (generations.join() !== generationsKilled.join()) {
    findings.add(
      killed.events.length,
      `generations ${generationsKilled.join(', ')} were given out, without the kill ${generations.join(', ')}`,
    );
  }
  return findings.violations;
}
