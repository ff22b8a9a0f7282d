import { type Checker, type Evidence, Findings, type Violation } from './checker.ts';

const name = 'flush-durability';

/** What was completed before a FLUSH survives the loss of power once that is answered, at both ends in duplex (1b rule 18). */
export const flushDurability: Checker = {
  name,
  holds: 'once a FLUSH is answered, everything completed before it survives the loss of power, at both ends in duplex',
  check({ history }: Evidence): Violation[] {
    const findings = new Findings(name);
    for (const event of history.of('flushed')) {
      for (const { write, system } of event.missing) {
        findings.add(
          event.order,
          `a FLUSH on ${event.system} was answered, and write ${write} would not survive a loss of power on ${system}`,
        );
      }
    }
    return findings.violations;
  },
};
