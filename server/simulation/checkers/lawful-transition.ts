import { pairKey, parsePairName } from '../../domain/names.ts';
import { isLawful, type PairStateOrAbsent } from '../../domain/pair-states.ts';
import { type Checker, type Evidence, Findings, type Violation } from './checker.ts';

const name = 'lawful-transition';

/**
 * Every recorded change of pair state is a row of the transition table, and begins where the one before it ended. Turned
 * round it is still the same pair; once deleted it begins anew.
 */
export const lawfulTransition: Checker = {
  name,
  holds: 'every observed change of pair state is a row of the table',
  check({ history }: Evidence): Violation[] {
    const findings = new Findings(name);
    const last = new Map<string, { state: PairStateOrAbsent; version: number }>();
    for (const event of history.of('pair')) {
      const ends = parsePairName(event.pair);
      const key = `${event.system} ${ends ? pairKey(ends.source, ends.destination) : event.pair}`;
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
      if (before && event.version <= before.version && event.from !== 'absent') {
        findings.add(
          event.order,
          `${event.system}: pair ${event.pair} went back from version ${before.version} to ${event.version} without having been defined anew`,
        );
      }
      last.set(key, { state: event.to, version: event.version });
    }
    return findings.violations;
  },
};
