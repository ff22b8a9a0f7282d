import { type Checker, type Evidence, Findings, type Violation } from './checker.ts';

const name = 'prefix';

/** What a system calls consistent, now or in its gold copy, is what the group held after some prefix of its updates. */
export const prefix: Checker = {
  name,
  holds: 'a destination’s image equals the source’s after some prefix of the update order, or is marked inconsistent',
  check({ history, writes }: Evidence): Violation[] {
    const findings = new Findings(name);
    for (const seen of history.of('images')) {
      for (const image of Object.values(seen.images)) {
        const why = image.consistent ? writes.whyNoPrefix(image.cells) : null;
        if (why) findings.add(seen.order, `${image.system} calls its image consistent (${seen.label}), but ${why}`);
        const whyGold = image.gold ? writes.whyNoPrefix(image.gold) : null;
        if (whyGold) findings.add(seen.order, `the gold copy of ${image.system} (${seen.label}) is none: ${whyGold}`);
      }
      if (findings.enough) break;
    }
    for (const promoted of history.of('promoted')) {
      const why = writes.whyNoPrefix(promoted.image);
      if (why)
        findings.add(promoted.order, `${promoted.system} was promoted on an image that the group never had: ${why}`);
    }
    return findings.violations;
  },
};
