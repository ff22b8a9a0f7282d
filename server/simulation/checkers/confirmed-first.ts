import { type Checker, type Evidence, Findings, type Violation } from './checker.ts';

const name = 'confirmed-first';

/** A restarted system completes no host write before its generation was confirmed to it (1b rule 4). */
export const confirmedFirst: Checker = {
  name,
  holds: 'a restarted source completes nothing until its generation is confirmed',
  check({ history }: Evidence): Violation[] {
    const findings = new Findings(name);
    /** Systems that have started and heard no confirmation yet. */
    const unconfirmed = new Set<string>();
    for (const event of history.events) {
      if (event.kind === 'process' && event.what === 'start') unconfirmed.add(event.process);
      // A promotion names the holder of a generation that the register has just given.
      else if (event.kind === 'confirmed' || event.kind === 'promoted') unconfirmed.delete(event.system);
      else if (event.kind === 'write-completed' && unconfirmed.has(event.system)) {
        findings.add(
          event.order,
          `write ${event.write} was completed on ${event.system}, which nobody had confirmed since its start`,
        );
      }
    }
    return findings.violations;
  },
};
