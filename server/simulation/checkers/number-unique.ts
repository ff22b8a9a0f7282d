import { type Checker, type Evidence, Findings, type Violation } from './checker.ts';

const name = 'number-unique';

/** A number of one generation names one content for ever, on whichever system (1b rule 13). */
export const numberUnique: Checker = {
  name,
  holds: 'within its lineage an update number names one content, on every system and for ever',
  check({ history }: Evidence): Violation[] {
    const findings = new Findings(name);
    const known = new Map<string, Seen>();
    for (const seen of history.events) {
      if (seen.kind === 'process' && seen.what === 'power-loss') forgetUnsynced(known, seen.process);
      if (seen.kind !== 'images') continue;
      for (const image of Object.values(seen.images)) {
        for (const { number, generation, content } of image.journal.entries) {
          // A write that failed at one system after its number was given is void there, and told so to the others.
          // An append that failed may leave the last entry behind, which the next one overwrites.
          if (content === 'void' || number === image.journal.lastNumber) continue;
          const key = `${generation}/${number}`;
          const before = known.get(key) ?? { content, on: new Map<string, boolean>() };
          known.set(key, before);
          if (before.content !== content) {
            findings.add(
              seen.order,
              `number ${number} of generation ${generation} is "${content}" on ${image.system} (${seen.label}), and was "${before.content}" on ${[...before.on.keys()].join(' and ')}`,
            );
          } else before.on.set(image.system, number <= image.durableNumber);
        }
      }
      if (findings.enough) break;
    }
    return findings.violations;
  },
};

interface Seen {
  content: string;
  /** Where it was seen, and whether it was durable there. */
  on: Map<string, boolean>;
}

/** An update that stood in the page cache of one system alone is gone with its power: nobody ever knew its number. */
function forgetUnsynced(known: Map<string, Seen>, system: string): void {
  for (const [key, { on }] of known) if (on.size === 1 && on.get(system) === false) known.delete(key);
}
