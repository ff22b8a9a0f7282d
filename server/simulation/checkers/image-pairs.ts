/** Finds the pairs whose both ends can be seen in a set of images. */
import type { Images, PairImage, SystemImage } from '../history.ts';

export interface SeenPair {
  source: SystemImage;
  destination: SystemImage;
  atSource: PairImage;
  atDestination: PairImage;
}

/** Pairs that both ends know under the same name. */
export function pairsOf(images: Images): SeenPair[] {
  const pairs: SeenPair[] = [];
  for (const source of Object.values(images)) {
    for (const atSource of source.pairs) {
      if (atSource.end !== 'source') continue;
      const destination = images[atSource.peer];
      const atDestination = destination?.pairs.find(
        (pair) => pair.name === atSource.name && pair.end === 'destination',
      );
      if (destination && atDestination) pairs.push({ source, destination, atSource, atDestination });
    }
  }
  return pairs;
}

/** The bits of its source tell what its destination lacks, in duplex and while it drains too (1b rule 21). */
export function isFedFromBits({ kind, transport }: PairImage): boolean {
  return kind === 'async' && transport === 'difference-snapshot';
}

/** Tracks in which two images differ, numbered through all volumes. */
export function differingTracks(a: SystemImage, b: SystemImage, cellsPerTrack: number): Set<number> {
  const tracks = new Set<number>();
  let base = 0;
  for (const [volume, cells] of a.cells.entries()) {
    const others = b.cells[volume];
    for (let cell = 0; cell < cells.length; cell += 1) {
      if (cells[cell] !== others?.[cell]) tracks.add(base + Math.floor(cell / cellsPerTrack));
    }
    base += Math.ceil(cells.length / cellsPerTrack);
  }
  return tracks;
}
