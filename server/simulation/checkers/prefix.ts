import { CELL_BYTES } from '../cells.ts';
import type { HistorySettings } from '../history.ts';
import { type Checker, type Evidence, Findings, type Violation } from './checker.ts';
import type { IsApart } from './write-table.ts';

const name = 'prefix';

/** What a system calls consistent, now or in its gold copy, is what the group held after some prefix of its updates. */
export const prefix: Checker = {
  name,
  holds:
    'a destination’s image equals the source’s after some prefix of the update order (outside the tracks it names as mixed), or is marked inconsistent',
  check({ history, writes }: Evidence): Violation[] {
    const findings = new Findings(name);
    for (const seen of history.of('images')) {
      for (const image of Object.values(seen.images)) {
        const isAsked = image.consistent || (image.up && image.mixed !== undefined);
        // Whoever calls a mixed image consistent vouches for all of it.
        const spared = image.consistent ? undefined : apart(history.settings, image.mixed);
        const why = isAsked ? writes.whyNoPrefix(image.cells, spared) : null;
        if (why)
          findings.add(
            seen.order,
            `${image.system} calls its image ${image.consistent ? 'consistent' : 'mixed in named tracks only'} (${seen.label}), but ${why}`,
          );
        const whyGold = image.gold ? writes.whyNoPrefix(image.gold) : null;
        if (whyGold) findings.add(seen.order, `the gold copy of ${image.system} (${seen.label}) is none: ${whyGold}`);
      }
      if (findings.enough) break;
    }
    for (const promoted of history.of('promoted')) {
      const why = writes.whyNoPrefix(promoted.image, apart(history.settings, promoted.mixed));
      if (why)
        findings.add(promoted.order, `${promoted.system} was promoted on an image that the group never had: ${why}`);
    }
    return findings.violations;
  },
};

/** Where a mixed image names its own tracks, nothing is asked of them. */
function apart(
  { trackBytes, volumeBytes }: HistorySettings,
  mixed: ReadonlySet<number> | undefined,
): IsApart | undefined {
  if (!mixed) return undefined;
  const tracksPerVolume = Math.ceil(volumeBytes / trackBytes);
  return (volume, cell) => mixed.has(volume * tracksPerVolume + Math.floor((cell * CELL_BYTES) / trackBytes));
}
