import { type Checker, type Evidence, Findings, type Violation } from './checker.ts';

const name = 'sync-durability';
const FIRST_GENERATION = 1;

/** A write completed to a host while the sync pair was in duplex is on both ends, at that instant and for as long as nobody took over. */
export const syncDurability: Checker = {
  name,
  holds: 'every write completed to a host while the sync pair was in duplex is on both ends',
  check(evidence: Evidence): Violation[] {
    const { history, writes } = evidence;
    const findings = new Findings(name);
    for (const event of history.of('write-completed')) {
      if (event.syncState !== 'duplex' || event.syncPeer === null || event.heldBy === null) continue;
      const missing = [event.system, event.syncPeer].filter((system) => !event.heldBy?.includes(system));
      if (missing.length > 0) {
        findings.add(
          event.order,
          `write ${event.write} was completed in duplex by ${event.system}, and ${missing.join(' and ')} did not hold it`,
        );
      }
    }
    const takeover = [...history.of('register')].find(({ record }) => record.generation.number > FIRST_GENERATION);
    const over = Math.min(
      takeover?.order ?? Number.POSITIVE_INFINITY,
      writes.stretches[1]?.order ?? Number.POSITIVE_INFINITY,
    );
    for (const seen of history.of('images')) {
      // Once a takeover has begun the truth is the survivor's, and `truthful-verdict` judges what was lost.
      if (seen.order > over) break;
      for (const event of history.of('write-completed')) {
        if (event.order > seen.order || event.syncState !== 'duplex' || event.syncPeer === null) continue;
        const write = writes.writes.get(event.write);
        for (const system of [event.system, event.syncPeer]) {
          const image = seen.images[system];
          if (write && image?.consistent && !writes.holds(image.cells, write)) {
            findings.add(
              seen.order,
              `write ${event.write}, completed in duplex, is no longer on ${system} (${seen.label})`,
            );
          }
        }
      }
    }
    return findings.violations;
  },
};
