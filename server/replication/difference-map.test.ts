import { describe, expect, it } from 'vitest';
import type { DifferenceMapQuery } from '../domain/difference-map.ts';
import { Node } from '../simulation/node.ts';
import { World } from '../simulation/world.ts';
import { StorageGroup } from './testing/storage-group.ts';

/** 16 tracks of 16 KiB in each of two volumes; tracks 0, 5, 6 of volume 0 and 15 of volume 1 differ. */
async function withDifferences(look: (read: (change?: Partial<DifferenceMapQuery>) => unknown) => void) {
  const group = new StorageGroup({
    world: (hooks) => new World('difference-map', hooks),
    node: (ports, name, definition, arrangement, handle) =>
      new Node(ports, name, definition, arrangement, true, handle),
  });
  await group.run(async () => {
    await group.form();
    await group.split('I', 'I', 'R');
    const block = new Uint8Array(512).fill(7);
    const track = 16 * 1024;
    for (const at of [0, 5, 6]) await group.write('P', 0, at * track, block);
    await group.write('P', 1, 15 * track, block);
    const all = { pair: 'I-R', volume: null, firstTrack: 0, trackCount: null, buckets: 1024 };
    look((change) => group.system('I').differences({ ...all, ...change }));
  });
}

const bits = (...set: number[]) => Array.from({ length: 16 }, (_, track) => (set.includes(track) ? 1 : 0));

describe('a difference map', () => {
  it('has a bucket per track where there are few tracks', () =>
    withDifferences((read) => {
      expect(read()).toMatchObject({
        system: 'I',
        pair: 'I-R',
        end: 'source',
        trackBytes: 16 * 1024,
        tracksPerVolume: 16,
        firstTrack: 0,
        trackCount: 16,
        tracksPerBucket: 1,
        volumes: [
          { volume: 0, setTracks: 3, buckets: bits(0, 5, 6) },
          { volume: 1, setTracks: 1, buckets: bits(15) },
        ],
        setTracks: 4,
        inFlightTracks: 0,
      });
    }));

  it('counts the tracks of each bucket, the last of which may be smaller', () =>
    withDifferences((read) => {
      expect(read({ buckets: 3 })).toMatchObject({
        tracksPerBucket: 6,
        volumes: [
          { volume: 0, buckets: [2, 1, 0] },
          { volume: 1, buckets: [0, 0, 1] },
        ],
      });
    }));

  it('shows a range of one volume, cut off at its end', () =>
    withDifferences((read) => {
      expect(read({ volume: 1, firstTrack: 14, trackCount: 900 })).toMatchObject({
        firstTrack: 14,
        trackCount: 2,
        volumes: [{ volume: 1, setTracks: 1, buckets: [0, 1] }],
      });
    }));

  it('takes the pair by either direction, and says how it stands', () =>
    withDifferences((read) => expect(read({ pair: 'R-I' })).toMatchObject({ pair: 'I-R' })));

  it.each([
    [{ pair: 'P-R' }, 'unknown-pair'],
    [{ pair: '../x' }, 'unknown-pair'],
    [{ volume: 2 }, 'unknown-volume'],
    [{ firstTrack: 16 }, 'bad-request'],
  ])('refuses %j', (change, code) =>
    withDifferences((read) =>
      expect(() => read(change)).toThrow(expect.objectContaining({ refusal: expect.objectContaining({ code }) })),
    ),
  );
});
