import { type Checker, type Evidence, Findings, type Violation } from './checker.ts';

const name = 'old-holder-stops';
/** After everything is healed, news of the newer generation has reached everybody by then. */
const BOUND_MS = 4000;

/** Even after a forced takeover there are two writers only as long as they cannot hear of each other. */
export const oldHolderStops: Checker = {
  name,
  holds: 'once lines are whole again, a system of an older generation stops completing writes',
  check({ history, writes }: Evidence): Violation[] {
    const findings = new Findings(name);
    const healedAtMs = [...history.of('healed')].at(-1)?.atMs;
    if (healedAtMs === undefined) return [];
    for (const event of history.of('write-completed')) {
      if (event.atMs < healedAtMs + BOUND_MS) continue;
      const holder = writes.stretches.findLast((stretch) => stretch.order < event.order);
      const promotedMs = holder && holder.order >= 0 ? (history.events[holder.order]?.atMs ?? 0) : 0;
      if (!holder || holder.system === event.system || event.atMs < promotedMs + BOUND_MS) continue;
      findings.add(
        event.order,
        `write ${event.write} was completed on ${event.system} ${Math.round(event.atMs - healedAtMs)} ms after everything was healed, though ${holder.system} holds generation ${holder.generation}`,
      );
    }
    return findings.violations;
  },
};
