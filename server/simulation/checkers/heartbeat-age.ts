import { type Checker, type Evidence, Findings, type Violation } from './checker.ts';

const name = 'heartbeat-age';
/** Oscillators differ by a tenth of a per cent, and a view is as old as its last look. */
const TOLERANCE_MS = 20;

/** No heartbeat is called younger than it is: a host dead for longer than that cannot have made it (1b rule 7). */
export const heartbeatAge: Checker = {
  name,
  holds: 'a heartbeat is never called younger than its host has been dead',
  check({ history }: Evidence): Violation[] {
    const findings = new Findings(name);
    for (const event of history.of('heartbeat-view')) {
      if (event.ageMs === null || event.ageMs + TOLERANCE_MS >= event.deadMs) continue;
      findings.add(
        event.order,
        `${event.observer} calls the last beat of ${event.of} ${Math.round(event.ageMs)} ms old, though that host has been dead for ${Math.round(event.deadMs)} ms`,
      );
    }
    return findings.violations;
  },
};
