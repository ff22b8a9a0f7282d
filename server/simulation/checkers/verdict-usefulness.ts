import { type Checker, type Evidence, Findings, type Violation } from './checker.ts';

const name = 'verdict-usefulness';

/** Where proof exists, `unknown` is a defect too (1b rule 7). */
export const verdictUsefulness: Checker = {
  name,
  holds: 'where the proof exists, the verdict is not `unknown`',
  check({ history }: Evidence): Violation[] {
    const findings = new Findings(name);
    for (const event of history.of('verdict')) {
      if (event.proofExists && event.verdict.kind === 'unknown') {
        findings.add(
          event.order,
          `run ${event.run} said unknown, missing ${event.verdict.missing.join('; ') || 'nothing'}, though every witness of the truth was within reach`,
        );
      }
    }
    return findings.violations;
  },
};
