import { type Checker, type Evidence, Findings, type Violation } from './checker.ts';

const name = 'single-writer';

/** After a promotion nobody forced, no other system completes a host write. */
export const singleWriter: Checker = {
  name,
  holds:
    'no write completes on a system of an older generation, and two writers exist only where the operator forced it',
  check({ history, writes }: Evidence): Violation[] {
    const findings = new Findings(name);
    for (const event of history.of('write-completed')) {
      const holder = writes.stretches.findLast((stretch) => stretch.order < event.order);
      if (!holder || holder.forced || holder.system === event.system) continue;
      findings.add(
        event.order,
        `write ${event.write} was completed on ${event.system}, though ${holder.system} had been promoted with generation ${holder.generation}`,
      );
    }
    return findings.violations;
  },
};
