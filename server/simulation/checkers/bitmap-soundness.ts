import { isSuspended } from '../../domain/pair-states.ts';
import { CELL_BYTES } from '../cells.ts';
import { type Checker, type Evidence, Findings, type Violation } from './checker.ts';
import { differingTracks, pairsOf } from './image-pairs.ts';

const name = 'bitmap-soundness';

/** Any track in which the ends of a suspended pair differ has its bit set at one of them (1b rule 12). */
export const bitmapSoundness: Checker = {
  name,
  holds: 'any differing track of a suspended pair has its bit set',
  check({ history }: Evidence): Violation[] {
    const findings = new Findings(name);
    const cellsPerTrack = history.settings.trackBytes / CELL_BYTES;
    for (const seen of history.of('images')) {
      for (const { source, destination, atSource, atDestination } of pairsOf(seen.images)) {
        if (!isSuspended(atSource.state) || !isSuspended(atDestination.state)) continue;
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
