import { isLawful, type PairStateOrAbsent } from '../../domain/pair-states.ts';
import { type Checker, type Evidence, Findings, type Violation } from './checker.ts';

const name = 'lawful-transition';

/** Every recorded change of pair state is a row of the transition table, and begins where the one before it ended. */
export const lawfulTransition: Checker = {
  name,
  holds: 'every observed change of pair state is a row of the table',
  check({ history }: Evidence): Violation[] {
    const findings = new Findings(name);
    const last = new Map<string, { state: PairStateOrAbsent; version: number }>();
    for (const event of history.of('pair')) {
      const key = `${event.system} ${event.pair}`;
      const before = last.get(key);
      // A kill may swallow the reports of changes that are on disk; the version then jumps, and the way there is not known.
      const isNext = event.version === (before?.version ?? 0) + 1;
      if (isNext && !isLawful(event.pairKind, event.from, event.to)) {
        findings.add(
          event.order,
          `${event.system}: ${event.pairKind} pair ${event.pair} went from ${event.from} to ${event.to} (${event.reason})`,
        );
      }
      if (before && isNext && before.state !== event.from) {
        findings.add(event.order, `${event.system}: pair ${event.pair} was ${before.state} and left ${event.from}`);
      }
      last.set(key, { state: event.to, version: event.version });
    }
    return findings.violations;
  },
};
