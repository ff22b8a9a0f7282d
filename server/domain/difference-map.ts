/**
 * A difference bitmap as it can be looked at: set tracks counted in buckets, over a range of tracks of every volume. Storage
 * that keeps no bitmap offers none, so this is a question of its own and no verb of `StorageController`.
 */
import type { PairName, SystemName } from './names.ts';

/** Buckets an answer has per volume, at most. */
export const MAX_MAP_BUCKETS = 1024;
/** Where a question does not say how many. */
export const DEFAULT_MAP_BUCKETS = 256;

export interface DifferenceMapQuery {
  /** Named in either direction. */
  pair: PairName;
  /** Null for all volumes. */
  volume: number | null;
  firstTrack: number;
  /** Null for all up to the end of the volume. */
  trackCount: number | null;
  /** 1 to `MAX_MAP_BUCKETS`, per volume. Fewer come back where the range has fewer tracks. */
  buckets: number;
}

export interface DifferenceMap {
  /** Whose bitmap this is, and from which end of the pair. */
  system: SystemName;
  pair: PairName;
  end: 'source' | 'destination';
  /** Wall clock at the system when it was read, ms. */
  at: number;
  trackBytes: number;
  /** Size of each volume, in tracks. */
  tracksPerVolume: number;
  firstTrack: number;
  trackCount: number;
  /** The last bucket may hold fewer. */
  tracksPerBucket: number;
  /** Set tracks in range, tracks on their way to the other end among them; `buckets` in order of tracks. */
  volumes: {
    volume: number;
    setTracks: number;
    buckets: number[];
    /** Tracks that the system wrote itself and a resync left as they are; absent where none were. */
    leftBuckets?: number[];
    /** Tracks changed by updates that the other end has not confirmed; only where a bucket is a track. */
    unconfirmedBuckets?: number[];
  }[];
  /**
   * While updates flow from this end: how many the other has not confirmed as durable. Their tracks would be marked if the pair
   * stopped now. `isListed`: whether `unconfirmedBuckets` name them. Absent where the pair does not flow from here.
   */
  unconfirmed?: { updates: number; isListed: boolean };
  /** Of the whole pair: set tracks, and those of them on their way to the other end now. */
  setTracks: number;
  inFlightTracks: number;
}
