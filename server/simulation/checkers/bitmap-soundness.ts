import { isSuspended } from '../../domain/pair-states.ts';
import { CELL_BYTES } from '../cells.ts';
import type { PairImage } from '../history.ts';
import { type Checker, type Evidence, Findings, type Violation } from './checker.ts';
import { differingTracks, isFedFromBits, pairsOf } from './image-pairs.ts';

const name = 'bitmap-soundness';

/** Do the bits say all there is to say of the differences? */
function areBitsWhole(pair: PairImage): boolean {
  return isSuspended(pair.state) || (isFedFromBits(pair) && (pair.state === 'duplex' || pair.state === 'suspending'));
}

/**
 * Any track in which the ends of a suspended pair differ has its bit set at one of them (1b rule 12). A loss of power takes
 * bits that were never synced, which is why recovery takes all of them for set: until it has, the bitmap on that disk says
 * nothing. A SIGKILL excuses nobody.
 */
export const bitmapSoundness: Checker = {
  name,
  holds: 'any differing track of a suspended pair, and of one with difference snapshots, has its bit set',
  check({ history }: Evidence): Violation[] {
    const findings = new Findings(name);
    const cellsPerTrack = history.settings.trackBytes / CELL_BYTES;
    const powerless = new Set<string>();
    for (const seen of history.events) {
      if (seen.kind === 'process' && seen.what === 'power-loss') powerless.add(seen.process);
      if (seen.kind !== 'images') continue;
      for (const image of Object.values(seen.images)) if (image.up) powerless.delete(image.system);
      for (const { source, destination, atSource, atDestination } of pairsOf(seen.images)) {
        if (powerless.has(source.system) || powerless.has(destination.system)) continue;
        if (!areBitsWhole(atSource) || !areBitsWhole(atDestination)) continue;
        if (atSource.setTracks === 'all' || atDestination.setTracks === 'all') continue;
        for (const track of differingTracks(source, destination, cellsPerTrack)) {
          if (atSource.setTracks.has(track) || atDestination.setTracks.has(track)) continue;
          findings.add(
            seen.order,
            `pair ${atSource.name} is ${atSource.state}/${atDestination.state} (${seen.label}) and track ${track} differs, but neither end has its bit`,
          );
        }
      }
      if (findings.enough) break;
    }
    return findings.violations;
  },
};
