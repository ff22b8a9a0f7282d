/**
 * The difference-management table as 004 draws it: devices 0 to m, cylinders 0 to n, tracks 0 to 14, in one 16-bit word per
 * cylinder whose lowest bit is unused. A way to look at a difference bitmap; storage keeps it in its own form. Pure.
 */
import type { DifferenceMap, DifferenceMapQuery } from './difference-map.ts';
import { MAX_MAP_BUCKETS } from './difference-map.ts';
import type { PairName, SystemName } from './names.ts';

export const TRACKS_PER_CYLINDER = 15;
/** Whole cylinders that one question about single tracks can cover. */
export const TABLE_PAGE_TRACKS = Math.floor(MAX_MAP_BUCKETS / TRACKS_PER_CYLINDER) * TRACKS_PER_CYLINDER;

/** A cylinder of which there is something to tell: a track is marked, left, or not confirmed. */
export interface TableCylinder {
  cylinder: number;
  /** Bit 15 stands for track 0, bit 1 for track 14. */
  word: number;
  tracks: number[];
  /** Tracks that the system wrote itself and a resync left; they wait for the next pair recovery. */
  leftTracks?: number[];
  /** Tracks of updates that the other end of a flowing pair has not confirmed. */
  unconfirmedTracks?: number[];
}

export interface TableDevice {
  device: number;
  setTracks: number;
  cylinders: TableCylinder[];
}

export interface DifferenceTable {
  system: SystemName;
  pair: PairName;
  end: 'source' | 'destination';
  trackBytes: number;
  /** Cylinders of each device, marked or not. */
  cylindersPerDevice: number;
  setTracks: number;
  /** Updates the other end has not confirmed, while the pair flows from here; `isListed`: whether their tracks are named. */
  unconfirmed?: { updates: number; isListed: boolean };
  devices: TableDevice[];
}

/** The questions that together show every single track of a pair of volumes of this size. */
export function tablePages(pair: PairName, tracksPerVolume: number): DifferenceMapQuery[] {
  const pages: DifferenceMapQuery[] = [];
  for (let firstTrack = 0; firstTrack < tracksPerVolume; firstTrack += TABLE_PAGE_TRACKS) {
    const trackCount = Math.min(TABLE_PAGE_TRACKS, tracksPerVolume - firstTrack);
    pages.push({ pair, volume: null, firstTrack, trackCount, buckets: trackCount });
  }
  return pages;
}

/** The table from the answers to `tablePages`, in their order; null where there are none. */
export function tableOf(pages: readonly DifferenceMap[]): DifferenceTable | null {
  const [first] = pages;
  if (!first) return null;
  const devices = first.volumes.map(({ volume }) => ({
    device: volume,
    cylinders: pages.flatMap((page) => cylindersOf(page, volume)),
  }));
  return {
    system: first.system,
    pair: first.pair,
    end: first.end,
    trackBytes: first.trackBytes,
    cylindersPerDevice: Math.ceil(first.tracksPerVolume / TRACKS_PER_CYLINDER),
    setTracks: first.setTracks,
    ...(first.unconfirmed ? { unconfirmed: first.unconfirmed } : {}),
    devices: devices.map(({ device, cylinders }) => ({
      device,
      setTracks: cylinders.reduce((sum, { tracks }) => sum + tracks.length, 0),
      cylinders,
    })),
  };
}

function cylindersOf({ firstTrack, volumes }: DifferenceMap, volume: number): TableCylinder[] {
  const found = volumes.find((each) => each.volume === volume);
  const { buckets = [], leftBuckets = [], unconfirmedBuckets = [] } = found ?? {};
  const cylinders: TableCylinder[] = [];
  for (let at = 0; at < buckets.length; at += TRACKS_PER_CYLINDER) {
    const tracks = markedIn(buckets, at);
    const leftTracks = markedIn(leftBuckets, at);
    const unconfirmedTracks = markedIn(unconfirmedBuckets, at);
    if (tracks.length + leftTracks.length + unconfirmedTracks.length === 0) continue;
    cylinders.push({
      cylinder: Math.floor((firstTrack + at) / TRACKS_PER_CYLINDER),
      word: tracks.reduce((word, track) => word | (1 << (TRACKS_PER_CYLINDER - track)), 0),
      tracks,
      ...(leftTracks.length > 0 ? { leftTracks } : {}),
      ...(unconfirmedTracks.length > 0 ? { unconfirmedTracks } : {}),
    });
  }
  return cylinders;
}

/** Tracks of the cylinder that begins at `at`, numbered within it. */
function markedIn(buckets: readonly number[], at: number): number[] {
  return buckets.slice(at, at + TRACKS_PER_CYLINDER).flatMap((count, track) => (count > 0 ? [track] : []));
}

/** Tracks named by system facts, at most: enough to read, and no more than a status should carry. */
export const MOST_NAMED_TRACKS = 60;

/** `device 0 cylinder 0 tracks 3 4, device 1 cylinder 2 track 0 and 12 more`: the first of `count` tracks, in order. */
export function tracksText(named: readonly { volume: number; track: number }[], count: number): string {
  const places = new Map<string, number[]>();
  for (const { volume, track } of named) {
    const place = `device ${volume} cylinder ${Math.floor(track / TRACKS_PER_CYLINDER)}`;
    places.set(place, [...(places.get(place) ?? []), track % TRACKS_PER_CYLINDER]);
  }
  const words = [...places].map(
    ([place, tracks]) => `${place} track${tracks.length > 1 ? 's' : ''} ${tracks.join(' ')}`,
  );
  const more = count - named.length;
  return words.join(', ') + (more > 0 ? ` and ${more} more` : '');
}

/** A word as it is read in the table: tracks 0 to 14, then the unused bit. */
export function wordText(word: number): string {
  return word.toString(2).padStart(16, '0');
}
