/** Reads a pair's difference bitmap for those who want to look at it: counted in buckets, never the bits themselves. */
import type { DifferenceMap, DifferenceMapQuery } from '../domain/difference-map.ts';
import { pairKey, pairName, parsePairName } from '../domain/names.ts';
import { refuse } from '../domain/refusal.ts';
import type { StorageCore } from './core.ts';
import type { DifferenceBitmap } from './difference-bitmap.ts';
import type { PairRecord } from './system-record.ts';

/** Entries are read to name their tracks: no more than a look may cost. */
const MOST_LISTED_BYTES = 16 * 1024 * 1024;

/** Refuses with `unknown-pair`, `unknown-volume`, or `bad-request` where the range begins beyond the volume. */
export function readDifferenceMap(core: StorageCore, query: DifferenceMapQuery): DifferenceMap {
  const { pairs, volumes, config, ports } = core;
  const ends = parsePairName(query.pair);
  const key = ends ? pairKey(ends.source, ends.destination) : '';
  const pair = pairs.get(key);
  if (!pair)
    throw refuse('unknown-pair', `${config.system} is no end of a pair ${query.pair}.`, 'Name a pair of this system.');
  if (query.volume !== null && query.volume >= volumes.count)
    throw refuse('unknown-volume', `There are volumes 0 to ${volumes.count - 1}.`, 'Name one of them.');
  const { tracksPerVolume } = volumes;
  if (query.firstTrack >= tracksPerVolume)
    throw refuse('bad-request', `A volume has tracks 0 to ${tracksPerVolume - 1}.`, 'Begin at one of them.');
  const bitmap = pairs.bitmap(key);
  const left = core.own.of(key);
  const trackCount = Math.min(query.trackCount ?? tracksPerVolume, tracksPerVolume - query.firstTrack);
  const tracksPerBucket = Math.ceil(trackCount / query.buckets);
  const wanted = query.volume === null ? Array.from({ length: volumes.count }, (_, volume) => volume) : [query.volume];
  const range = { firstTrack: query.firstTrack, trackCount, tracksPerBucket };
  const unconfirmed = unconfirmedOf(core, key, pair, tracksPerBucket === 1);
  return {
    system: config.system,
    pair: pairName(pair.definition.source, pair.definition.destination),
    end: pairs.isSource(pair) ? 'source' : 'destination',
    at: ports.clock.now(),
    trackBytes: volumes.trackBytes,
    tracksPerVolume,
    ...range,
    volumes: wanted.map((volume) => {
      const buckets = bucketsOf(bitmap, volume, range);
      const apart = left ? { leftBuckets: bucketsOf(left, volume, range) } : {};
      const listed = unconfirmed?.tracks
        ? { unconfirmedBuckets: listedOf(unconfirmed.tracks, volume, tracksPerVolume, range) }
        : {};
      return { volume, setTracks: buckets.reduce((sum, count) => sum + count, 0), buckets, ...apart, ...listed };
    }),
    ...(unconfirmed ? { unconfirmed: { updates: unconfirmed.updates, isListed: unconfirmed.tracks !== null } } : {}),
    setTracks: bitmap.count,
    inFlightTracks: bitmap.inFlight,
  };
}

/** What the journal still has to tell of a pair that flows from here: it becomes bits where the pair stops. */
function unconfirmedOf(
  core: StorageCore,
  key: string,
  pair: PairRecord,
  asTracks: boolean,
): { updates: number; tracks: Uint8Array | null } | null {
  const { pairs, journal } = core;
  const flowsFromHere = pairs.isSource(pair) && (pair.state === 'duplex' || pair.state === 'suspending');
  if (!flowsFromHere || core.snapshots.feeds(pair)) return null;
  const confirmed = Math.min(pairs.peerAccepted(key), pairs.peerDurable(key));
  const isListed = asTracks && journal.bytesAfter(confirmed) <= MOST_LISTED_BYTES;
  return { updates: core.lastNumber - confirmed, tracks: isListed ? core.tracksAfter(confirmed) : null };
}

function listedOf(
  tracks: Uint8Array,
  volume: number,
  tracksPerVolume: number,
  { firstTrack, trackCount }: Pick<DifferenceMap, 'firstTrack' | 'trackCount'>,
): number[] {
  return Array.from({ length: trackCount }, (_, index) => {
    const at = volume * tracksPerVolume + firstTrack + index;
    return ((tracks[at >> 3] ?? 0) >> (at & 7)) & 1;
  });
}

function bucketsOf(
  bitmap: DifferenceBitmap,
  volume: number,
  { firstTrack, trackCount, tracksPerBucket }: Pick<DifferenceMap, 'firstTrack' | 'trackCount' | 'tracksPerBucket'>,
): number[] {
  const end = firstTrack + trackCount;
  return Array.from({ length: Math.ceil(trackCount / tracksPerBucket) }, (_, bucket) => {
    const from = firstTrack + bucket * tracksPerBucket;
    return bitmap.countWithin(volume, from, Math.min(from + tracksPerBucket, end));
  });
}
