import type { Images, Observed } from '../history.ts';
import { type Checker, type Evidence, Findings, type Violation } from './checker.ts';
import { fedTogether, isInDuplex } from './fed-together.ts';
import { isFedFromBits } from './image-pairs.ts';

const name = 'kept-for-others';

/**
 * What one of two systems that are fed together has not confirmed stays in the journal of the other, so that the one can resume
 * from the other by update number (1b rules 17, 20). Unless that had to let it go, and said so, or lost its power.
 */
export const keptForOthers: Checker = {
  name,
  holds: 'a system that is fed together with another keeps what that one has not confirmed',
  check({ history }: Evidence): Violation[] {
    const findings = new Findings(name);
    const durable = new Map<string, number>();
    /** Couples that were seen fed together, with all that the second one lacks in the journal of the first. */
    let complete = new Set<string>();
    /** Systems that have let go of something, until they are joined anew. */
    const excused = new Set<string>();
    for (const event of history.events) {
      noteExcuse(excused, event);
      // Who is copied to holds nothing yet that could be kept for; it is seen complete again when enough was kept since.
      if (event.kind === 'pair' && event.to === 'initial-copying')
        complete = new Set([...complete].filter((couple) => !couple.split(' ').includes(event.system)));
      if (event.kind !== 'images' || !hasJournals(event.images)) continue;
      for (const { system, durableNumber } of Object.values(event.images))
        durable.set(system, Math.max(durable.get(system) ?? 0, durableNumber));
      const now = new Set<string>();
      for (const { sync, async } of fedTogether(event.images)) {
        if (!isInDuplex(sync)) continue;
        for (const [keeper, other] of [
          [sync.destination, async.destination],
          [async.destination, sync.destination],
        ] as const) {
          const couple = `${keeper.system} ${other.system} ${sync.atSource.name}`;
          const confirmed = durable.get(other.system) ?? 0;
          if (excused.has(keeper.system)) continue;
          // Behind a difference snapshot there are no single updates that could be kept.
          if (keeper === async.destination && isFedFromBits(async.atSource)) continue;
          if (keeper.journal.firstNumber <= confirmed + 1) now.add(couple);
          else if (complete.has(couple))
            findings.add(
              event.order,
              `${keeper.system} holds nothing below ${keeper.journal.firstNumber} (${event.label}), while ${other.system} had confirmed only ${confirmed}`,
            );
        }
      }
      complete = now;
      if (findings.enough) break;
    }
    return findings.violations;
  },
};

/** What is incomplete once may be let go altogether. */
function noteExcuse(excused: Set<string>, event: Observed): void {
  if (event.kind === 'let-go') excused.add(event.system);
  else if (event.kind === 'process' && event.what === 'power-loss') excused.add(event.process);
  else if (event.kind === 'pair' && event.to === 'duplex') excused.delete(event.system);
}

/** At a glance no journal is read. */
function hasJournals(images: Images): boolean {
  return Object.values(images).some(({ journal }) => journal.lastNumber > 0);
}
