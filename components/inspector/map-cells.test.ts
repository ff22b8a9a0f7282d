import { describe, expect, it } from 'vitest';
import type { DifferenceMap } from '../../server/domain/difference-map.ts';
import { cellsOf, densest, SHADES } from './map-cells.ts';

const volume = (index: number, buckets: number[]) => ({
  volume: index,
  setTracks: buckets.reduce((sum, count) => sum + count, 0),
  buckets,
});

/** 35 tracks in buckets of 8, the last of 3. */
function mapOf(...volumes: number[][]): DifferenceMap {
  return {
    system: 'I',
    pair: 'I-R',
    end: 'source',
    at: 0,
    trackBytes: 65_536,
    tracksPerVolume: 100,
    firstTrack: 10,
    trackCount: 35,
    tracksPerBucket: 8,
    volumes: volumes.map((buckets, index) => volume(index, buckets)),
    setTracks: 0,
    inFlightTracks: 0,
  };
}

describe('a cell of the map', () => {
  it('covers its tracks, the last one those that are left', () => {
    const map = mapOf([0, 0, 0, 0, 0]);
    const cells = map.volumes.flatMap((each) => cellsOf(map, each));
    expect(cells.map(({ firstTrack, tracks }) => [firstTrack, tracks])).toEqual([
      [10, 8],
      [18, 8],
      [26, 8],
      [34, 8],
      [42, 3],
    ]);
  });

  it('is empty only without any marked track and full only with all', () => {
    const map = mapOf([0, 1, 4, 7, 3]);
    const shades = map.volumes.flatMap((each) => cellsOf(map, each)).map(({ shade }) => shade);
    expect(shades).toEqual([0, 1, 2, 3, SHADES.length - 1]);
  });
});

it('lists the fullest ranges of all volumes first, and no empty one', () => {
  const found = densest(mapOf([0, 2, 0, 8, 0], [5, 0, 0, 0, 3]));
  expect(found.map(({ volume: of, firstTrack, set }) => [of, firstTrack, set])).toEqual([
    [0, 34, 8],
    [1, 10, 5],
    [1, 42, 3],
    [0, 18, 2],
  ]);
  expect(densest(mapOf([0, 0]))).toEqual([]);
});
