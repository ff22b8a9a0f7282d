import { type Checker, type Evidence, Findings, type Violation } from './checker.ts';

const name = 'no-crash';

/** No exception goes uncaught: in a real process it would be an outage that no fault caused. */
export const noCrash: Checker = {
  name,
  holds: 'no process ends by an exception of its own',
  check({ history }: Evidence): Violation[] {
    const findings = new Findings(name);
    for (const event of history.of('crash'))
      findings.add(event.order, `${event.process ?? 'the world'}: ${event.error}`);
    return findings.violations;
  },
};
