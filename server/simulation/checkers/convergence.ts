import { type Checker, type Evidence, Findings, type Violation } from './checker.ts';

const name = 'convergence';

/** Faults cleared and routines done: all systems of the arrangement are equal, byte for byte, and say so. */
export const convergence: Checker = {
  name,
  holds: 'faults cleared and routines done: all systems of the arrangement equal, byte for byte',
  check({ history }: Evidence): Violation[] {
    const findings = new Findings(name);
    const finished = [...history.of('finished')].at(-1);
    if (!finished) {
      findings.add(history.events.length, 'the story did not finish');
      return findings.violations;
    }
    const images = history.finalImages();
    const all = images ? Object.values(images) : [];
    const first = all[0];
    if (!first || all.length !== history.settings.systems.length) {
      findings.add(
        finished.order,
        `only ${all.length} of ${history.settings.systems.length} systems could be looked at`,
      );
      return findings.violations;
    }
    for (const image of all) {
      if (image.contentHash === null || image.contentHash !== first.contentHash)
        findings.add(finished.order, `${image.system} differs from ${first.system} after everything was repaired`);
      if (!image.consistent) findings.add(finished.order, `${image.system} still calls its image inconsistent`);
      for (const pair of image.pairs) {
        if (pair.state !== 'duplex')
          findings.add(finished.order, `pair ${pair.name} is still ${pair.state} at ${image.system}`);
      }
      if (image.pairs.length === 0) findings.add(finished.order, `${image.system} takes part in no pair`);
    }
    return findings.violations;
  },
};
