/** What the heat map of a difference bitmap shows. Pure. */
import type { DifferenceMap } from '../../server/domain/difference-map.ts';

/** Ink laid over a cell, by how much of it is marked: none, some, up to a half, more, all. */
export const SHADES = [0, 0.3, 0.5, 0.75, 1] as const;

/** Ranges listed in words. */
const LISTED = 8;

export interface Cell {
  volume: number;
  firstTrack: number;
  /** Tracks in it; the last cell of a volume may hold fewer. */
  tracks: number;
  /** Marked ones. */
  set: number;
  /** Index into `SHADES`. */
  shade: number;
}

/** A single marked track is never lost in rounding: only a cell without any has shade 0, only a full one the last. */
function shadeOf(set: number, tracks: number): number {
  if (set === 0) return 0;
  if (set >= tracks) return SHADES.length - 1;
  const share = set / tracks;
  return share <= 0.25 ? 1 : share <= 0.5 ? 2 : 3;
}

/** The cells of one volume in order of tracks. */
export function cellsOf(map: DifferenceMap, volume: DifferenceMap['volumes'][number]): Cell[] {
  return volume.buckets.map((set, index) => {
    const offset = index * map.tracksPerBucket;
    const tracks = Math.min(map.tracksPerBucket, map.trackCount - offset);
    return { volume: volume.volume, firstTrack: map.firstTrack + offset, tracks, set, shade: shadeOf(set, tracks) };
  });
}

/** The cells with most marked tracks, most first. */
export function densest(map: DifferenceMap): Cell[] {
  return map.volumes
    .flatMap((volume) => cellsOf(map, volume))
    .filter((cell) => cell.set > 0)
    .sort((a, b) => b.set - a.set)
    .slice(0, LISTED);
}
