import { type Checker, type Evidence, Findings, type Violation } from './checker.ts';

const name = 'verdict-usefulness';

/** Where proof exists, `unknown` is a defect too (1b rule 7), and so is a loss that nothing made necessary. */
export const verdictUsefulness: Checker = {
  name,
  holds: 'where the proof exists, the verdict is `no data loss`',
  check({ history }: Evidence): Violation[] {
    const findings = new Findings(name);
    for (const event of history.of('verdict')) {
      if (event.proofExists && event.verdict.kind !== 'no-data-loss') {
        findings.add(
          event.order,
          `run ${event.run} said ${event.verdict.kind}, missing ${event.verdict.missing.join('; ') || 'nothing'}, though every witness of the truth was within reach`,
        );
      }
    }
    return findings.violations;
  },
};
