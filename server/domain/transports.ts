/** Which transports the pairs of one arrangement may have together. */
import type { Arrangement, ArrangementPair } from './arrangement.ts';
import { pairKey } from './names.ts';
import type { Transport } from './storage-controller.ts';

export interface TransportClash {
  /** Carries difference snapshots … */
  feeding: ArrangementPair;
  /** … and leads on from its destination by journal. */
  leading: ArrangementPair;
}

/**
 * What comes in sets can only be handed on in sets: behind a set there are no single updates that a journal could hold
 * (protocol rule 15). The first two pairs of either operation that ask for it all the same, or null.
 */
export function clashOfTransports(
  arrangement: Arrangement,
  transport: Readonly<Record<string, Transport>>,
): TransportClash | null {
  const sends = ({ source, destination, kind }: ArrangementPair) =>
    kind === 'async' && transport[pairKey(source, destination)] === 'difference-snapshot';
  for (const { pairs } of [arrangement.normal, arrangement.reverse]) {
    for (const feeding of pairs.filter(sends)) {
      const leading = pairs.find(
        (pair) => pair.source === feeding.destination && pair.kind === 'async' && !sends(pair),
      );
      if (leading) return { feeding, leading };
    }
  }
  return null;
}
