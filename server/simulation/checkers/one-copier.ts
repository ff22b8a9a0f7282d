import { parsePairName } from '../../domain/names.ts';
import { isFlowing, type PairKind } from '../../domain/pair-states.ts';
import { type Checker, type Evidence, Findings, type Violation } from './checker.ts';

const name = 'one-copier';

/** A system that is fed asynchronously is never the source of a sync pair that flows: of R→I and I⇒P one at most does (003 §[0098]). */
export const oneCopier: Checker = {
  name,
  holds: 'no sync pair leads on from a system that is fed asynchronously: R→I and I⇒P never copy at once',
  check({ history }: Evidence): Violation[] {
    const findings = new Findings(name);
    /** Pairs that flow now, by the system whose record says so. */
    const flowing = new Map<string, Map<string, PairKind>>();
    for (const event of history.of('pair')) {
      const mine = flowing.get(event.system) ?? new Map<string, PairKind>();
      flowing.set(event.system, mine);
      if (!isFlowing(event.to)) {
        mine.delete(event.pair);
        continue;
      }
      mine.set(event.pair, event.pairKind);
      const is = (end: 'source' | 'destination', kind: PairKind) =>
        [...mine].find(([pair, flows]) => flows === kind && parsePairName(pair)?.[end] === event.system)?.[0];
      const fed = is('destination', 'async');
      const feeding = is('source', 'sync');
      if (fed && feeding)
        findings.add(
          event.order,
          `${event.system} has ${fed} and ${feeding} flowing at once, after ${event.pair} went to ${event.to}`,
        );
    }
    return findings.violations;
  },
};
