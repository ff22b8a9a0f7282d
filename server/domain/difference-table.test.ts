import { expect, it } from 'vitest';
import type { DifferenceMap } from './difference-map.ts';
import { TABLE_PAGE_TRACKS, tableOf, tablePages, tracksText, wordText } from './difference-table.ts';

function page(firstTrack: number, trackCount: number, set: number[], left: number[] = []): DifferenceMap {
  const buckets = (marked: number[]) =>
    Array.from({ length: trackCount }, (_, index) => (marked.includes(firstTrack + index) ? 1 : 0));
  return {
    system: 'M',
    pair: 'M-B1',
    end: 'source',
    at: 0,
    trackBytes: 65_536,
    tracksPerVolume: 1100,
    firstTrack,
    trackCount,
    tracksPerBucket: 1,
    volumes: [
      {
        volume: 0,
        setTracks: set.length,
        buckets: buckets(set),
        ...(left.length > 0 ? { leftBuckets: buckets(left) } : {}),
      },
    ],
    setTracks: set.length,
    inFlightTracks: 0,
  };
}

it('puts every marked track into the word of its cylinder, the lowest bit unused', () => {
  const table = tableOf([page(0, 1020, [0, 14, 15, 33]), page(1020, 80, [1020, 1099])]);
  expect(table?.cylindersPerDevice).toBe(74);
  expect(table?.devices[0]?.setTracks).toBe(6);
  expect(table?.devices[0]?.cylinders.map(({ cylinder, word, tracks }) => [cylinder, wordText(word), tracks])).toEqual([
    [0, '1000000000000010', [0, 14]],
    [1, '1000000000000000', [0]],
    [2, '0001000000000000', [3]],
    [68, '1000000000000000', [0]],
    [73, '0000100000000000', [4]],
  ]);
});

it('shows apart what a resync left as its system wrote it', () => {
  const table = tableOf([page(0, 30, [2], [2, 16])]);
  expect(table?.devices[0]?.cylinders).toEqual([
    { cylinder: 0, word: 1 << 13, tracks: [2], leftTracks: [2] },
    { cylinder: 1, word: 0, tracks: [], leftTracks: [1] },
  ]);
});

it('shows apart what a flowing pair has not got confirmed', () => {
  const flowing = page(0, 30, []);
  const unconfirmedBuckets = Array.from({ length: 30 }, (_, track) => (track === 4 || track === 20 ? 1 : 0));
  const volumes = flowing.volumes.map((volume) => ({ ...volume, unconfirmedBuckets }));
  const table = tableOf([{ ...flowing, volumes, unconfirmed: { updates: 3, isListed: true } }]);
  expect(table?.unconfirmed).toEqual({ updates: 3, isListed: true });
  expect(table?.devices[0]?.cylinders).toEqual([
    { cylinder: 0, word: 0, tracks: [], unconfirmedTracks: [4] },
    { cylinder: 1, word: 0, tracks: [], unconfirmedTracks: [5] },
  ]);
});

it('asks for whole cylinders, every track once', () => {
  const pages = tablePages('M-B1', 2100);
  expect(pages.map(({ firstTrack, trackCount }) => [firstTrack, trackCount])).toEqual([
    [0, TABLE_PAGE_TRACKS],
    [TABLE_PAGE_TRACKS, TABLE_PAGE_TRACKS],
    [2 * TABLE_PAGE_TRACKS, 2100 - 2 * TABLE_PAGE_TRACKS],
  ]);
  expect(TABLE_PAGE_TRACKS % 15).toBe(0);
  expect(tableOf([])).toBeNull();
});

it('names tracks by device and cylinder, and says how many it does not name', () => {
  const named = [
    { volume: 0, track: 3 },
    { volume: 0, track: 14 },
    { volume: 1, track: 30 },
  ];
  expect(tracksText(named, 3)).toBe('device 0 cylinder 0 tracks 3 14, device 1 cylinder 2 track 0');
  expect(tracksText(named, 5)).toBe('device 0 cylinder 0 tracks 3 14, device 1 cylinder 2 track 0 and 2 more');
});
