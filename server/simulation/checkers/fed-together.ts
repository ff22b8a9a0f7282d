/** Systems that one source feeds at the same time, synchronously and by pull (fan). */
import type { Images, SystemImage } from '../history.ts';
import { pairsOf, type SeenPair } from './image-pairs.ts';

export interface FedTogether {
  source: SystemImage;
  sync: SeenPair;
  async: SeenPair;
}

/** Every couple of pairs that lead on from one source and carry its updates, by the word of both ends of the pair that pulls. */
export function fedTogether(images: Images): FedTogether[] {
  const seen = pairsOf(images);
  return seen
    .filter(({ atSource }) => atSource.kind === 'sync')
    .flatMap((sync) =>
      seen
        .filter((other) => other.source === sync.source && other.atSource.kind === 'async' && isInDuplex(other))
        .map((async) => ({ source: sync.source, sync, async })),
    );
}

export function isInDuplex({ atSource, atDestination }: SeenPair): boolean {
  return atSource.state === 'duplex' && atDestination.state === 'duplex';
}
