import { compareTokens, type DriverToken } from '../../domain/generation.ts';
import { type Checker, type Evidence, Findings, type Violation } from './checker.ts';

const name = 'stale-token';

/** An instruction of an older driver has no effect once a newer one was carried out (1b rule 8). */
export const staleToken: Checker = {
  name,
  holds: 'an instruction with an older token than one already carried out is refused',
  check({ history }: Evidence): Violation[] {
    const findings = new Findings(name);
    const highest = new Map<string, { token: DriverToken; order: number }>();
    for (const event of history.of('instruction')) {
      if (event.outcome !== 'done' || !('token' in event.instruction)) continue;
      const { token, verb } = event.instruction;
      // A test changes nothing that a driver could be overtaken in, and stands in no driver's way.
      if (verb === 'clone-create' || verb === 'clone-discard') continue;
      const newest = highest.get(event.system);
      // One that was admitted before the newer came may still end after it.
      const before = newest && newest.order < event.cameOrder ? newest.token : null;
      if (before && compareTokens(token, before) < 0) {
        findings.add(
          event.order,
          `${event.system} carried out ${verb} of claim ${token.claimEpoch} step ${token.step} after claim ${before.claimEpoch} step ${before.step}`,
        );
      } else if (!newest || compareTokens(token, newest.token) >= 0) {
        highest.set(event.system, { token, order: event.order });
      }
    }
    return findings.violations;
  },
};
