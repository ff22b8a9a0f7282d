import { parsePairName } from '../../domain/names.ts';
import { isFlowing } from '../../domain/pair-states.ts';
import { type Checker, type Evidence, Findings, type Violation } from './checker.ts';

const name = 'one-copier';

/** In reverse operation an intermediate system is never fed and feeding at once: of R→I and I⇒P one at most flows (003 §[0098]). */
export const oneCopier: Checker = {
  name,
  holds: 'reverse copy control never lets R→I and I⇒P copy at once',
  check({ history }: Evidence): Violation[] {
    const findings = new Findings(name);
    /** Pairs that flow now, by the system whose record says so. */
    const flowing = new Map<string, Set<string>>();
    for (const event of history.of('pair')) {
      const mine = flowing.get(event.system) ?? new Set<string>();
      flowing.set(event.system, mine);
      if (!isFlowing(event.to)) {
        mine.delete(event.pair);
        continue;
      }
      mine.add(event.pair);
      const fed = [...mine].find((pair) => pair === `R-${event.system}`);
      const feeding = [...mine].find((pair) => parsePairName(pair)?.source === event.system && pair.endsWith('-P'));
      if (fed && feeding)
        findings.add(
          event.order,
          `${event.system} has ${fed} and ${feeding} flowing at once, after ${event.pair} went to ${event.to}`,
        );
    }
    return findings.violations;
  },
};
