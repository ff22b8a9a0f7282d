import { findArrangement } from '../../domain/arrangement.ts';
import { pairName } from '../../domain/names.ts';
import { type Checker, type Evidence, Findings, type Violation } from './checker.ts';

const name = 'convergence';

/**
 * Faults cleared and routines done: all systems that normal operation has a use for are equal, byte for byte, and say so.
 * What an arrangement keeps idle in normal operation may be older, and pairs of reverse operation rest.
 */
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
    const normal = findArrangement(history.settings.arrangement)?.normal;
    const used = normal ? [normal.holder, ...normal.pairs.map(({ destination }) => destination)] : [];
    const wanted = new Set(normal?.pairs.map(({ source, destination }) => pairName(source, destination)));
    const images = history.finalImages();
    const all = images ? Object.values(images).filter(({ system }) => used.includes(system)) : [];
    const first = all[0];
    if (!first || all.length !== used.length) {
      findings.add(finished.order, `only ${all.length} of ${used.length} systems could be looked at`);
      return findings.violations;
    }
    for (const image of all) {
      if (image.contentHash === null || image.contentHash !== first.contentHash)
        findings.add(finished.order, `${image.system} differs from ${first.system} after everything was repaired`);
      if (!image.consistent) findings.add(finished.order, `${image.system} still calls its image inconsistent`);
      for (const pair of image.pairs) {
        if (pair.state !== 'duplex' && wanted.has(pair.name))
          findings.add(finished.order, `pair ${pair.name} is still ${pair.state} at ${image.system}`);
      }
      if (!image.pairs.some((pair) => wanted.has(pair.name)))
        findings.add(finished.order, `${image.system} takes part in no pair`);
    }
    return findings.violations;
  },
};
