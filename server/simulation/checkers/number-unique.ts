import { type Checker, type Evidence, Findings, type Violation } from './checker.ts';

const name = 'number-unique';

/** A number of one generation names one content for ever, on whichever system (1b rule 13). */
export const numberUnique: Checker = {
  name,
  holds: 'within its lineage an update number names one content, on every system and for ever',
  check({ history }: Evidence): Violation[] {
    const findings = new Findings(name);
    const known = new Map<string, { content: string; system: string }>();
    for (const seen of history.of('images')) {
      for (const image of Object.values(seen.images)) {
        for (const { number, generation, content } of image.journal.entries) {
          // A write that failed at one system after its number was given is void there, and told so to the others.
          // An append that failed may leave the last entry behind, which the next one overwrites.
          if (content === 'void' || number === image.journal.lastNumber) continue;
          const key = `${generation}/${number}`;
          const before = known.get(key);
          if (!before) known.set(key, { content, system: image.system });
          else if (before.content !== content) {
            findings.add(
              seen.order,
              `number ${number} of generation ${generation} is "${content}" on ${image.system} (${seen.label}), and was "${before.content}" on ${before.system}`,
            );
          }
        }
      }
      if (findings.enough) break;
    }
    return findings.violations;
  },
};
