import { describe, expect, it } from 'vitest';
import type { Disk } from '../domain/ports.ts';
import { Killed } from '../simulation/virtual-process.ts';
import { World } from '../simulation/world.ts';
import { DifferenceBitmap } from './difference-bitmap.ts';

const TRACKS = 37;

function machine() {
  const world = new World('bitmap', { losesPower: true, onKilled() {}, onCrash() {}, onLog() {} });
  return world.addMachine('P', 1);
}

function open(disk: Disk, whenLost: 'all' | 'none' = 'none'): DifferenceBitmap {
  return new DifferenceBitmap(disk, 'bitmap', 2, TRACKS, whenLost);
}

function setTracks(bitmap: DifferenceBitmap): string[] {
  const set: string[] = [];
  for (let volume = 0; volume < 2; volume += 1)
    for (let track = 0; track < TRACKS; track += 1) if (bitmap.isSet(volume, track)) set.push(`${volume}.${track}`);
  return set;
}

describe('a difference bitmap', () => {
  it('keeps its bits over a restart', () => {
    const { disk } = machine().start();
    const bitmap = open(disk);
    bitmap.mark(0, 0);
    bitmap.mark(1, 36);
    bitmap.mark(1, 36);
    expect([bitmap.count, setTracks(bitmap)]).toEqual([2, ['0.0', '1.36']]);
    expect(setTracks(open(disk))).toEqual(['0.0', '1.36']);
  });

  it('counts any range of a volume as its bits are set, those in flight among them', () => {
    const bitmap = open(machine().start().disk);
    for (let track = 0; track < TRACKS; track += 1) {
      if (track % 3 === 0) bitmap.mark(0, track);
      if (track % 2 === 0) bitmap.mark(1, track);
    }
    for (let taken = 0; taken < 5; taken += 1) bitmap.take();
    const set = setTracks(bitmap);
    for (const volume of [0, 1])
      for (let from = 0; from < TRACKS; from += 1)
        for (let to = from; to <= TRACKS + 3; to += 1) {
          const expected = set.filter((name) => {
            const [of, track] = name.split('.').map(Number);
            return of === volume && (track ?? 0) >= from && (track ?? 0) < to;
          });
          expect(bitmap.countWithin(volume, from, to)).toBe(expected.length);
        }
  });

  it('that is lost is all bits, where it was not made just now', () => {
    const { disk } = machine().start();
    expect(open(disk, 'all').count).toBe(2 * TRACKS);
    disk.remove('bitmap');
    expect(open(disk, 'none').count).toBe(0);
  });

  it('takes each track once, keeps it in flight until it has landed, and hands no track out twice at a time', () => {
    const bitmap = open(machine().start().disk);
    for (let track = 0; track < 10; track += 1) bitmap.mark(0, track);
    const taken = new Set<number>();
    for (let next = bitmap.take(); next; next = bitmap.take()) taken.add(next.track);
    expect(taken.size).toBe(10);
    expect([bitmap.waiting, bitmap.inFlight, bitmap.count]).toEqual([0, 10, 10]);
    bitmap.mark(0, 3);
    // It is in flight and different again: it waits for its answer first.
    expect(bitmap.take()).toBeNull();
    bitmap.landed(0, 3);
    expect(bitmap.take()).toEqual({ volume: 0, track: 3 });
    expect(setTracks(bitmap)).toContain('0.3');
  });

  it('forgets no track that was in flight when the line, or the process, was lost', () => {
    const { disk } = machine().start();
    const bitmap = open(disk);
    for (let track = 0; track < 5; track += 1) bitmap.mark(1, track);
    bitmap.take();
    bitmap.take();
    bitmap.landed(1, 0);
    expect(setTracks(open(disk))).toEqual(['1.1', '1.2', '1.3', '1.4']);
    bitmap.joinPlanes();
    expect([bitmap.inFlight, bitmap.waiting]).toEqual([0, 4]);
  });

  it('joins the other end’s bits, and takes one of another shape for all bits', () => {
    const { disk } = machine().start();
    const bitmap = open(disk);
    bitmap.mark(0, 1);
    const other = new DifferenceBitmap(disk, 'other', 2, TRACKS, 'none');
    other.mark(1, 30);
    bitmap.union(other.snapshot());
    expect(setTracks(bitmap)).toEqual(['0.1', '1.30']);
    bitmap.union(new Uint8Array(3));
    expect(bitmap.count).toBe(2 * TRACKS);
  });

  it('that a failing disk did not take is not set in memory either', () => {
    const place = machine();
    const bitmap = open(place.start().disk);
    place.image.trouble = 'disk-full';
    expect(() => bitmap.mark(0, 4)).toThrow(/ENOSPC/);
    expect(bitmap.isSet(0, 4)).toBe(false);
    place.image.trouble = null;
    bitmap.mark(0, 4);
    expect(bitmap.isSet(0, 4)).toBe(true);
  });

  it('killed at any port call, forgets neither a bit that was marked nor a track in flight', () => {
    for (let ordinal = 1; ; ordinal += 1) {
      const place = machine();
      const ports = place.start();
      const mustBeSet = new Set<string>();
      place.killPlan = { ordinal: place.calls + ordinal, moment: { when: ordinal % 2 === 0 ? 'before' : 'after' } };
      try {
        const bitmap = open(ports.disk);
        for (let track = 0; track < 12; track += 1) {
          bitmap.mark(0, track);
          mustBeSet.add(`0.${track}`);
          if (track % 3 === 2) bitmap.take();
          if (track === 8) {
            mustBeSet.delete('0.0');
            bitmap.landed(0, 0);
          }
        }
      } catch (error) {
        if (!(error instanceof Killed)) throw error;
      }
      if (place.alive) return expect(ordinal).toBeGreaterThan(20);
      const found = new Set(setTracks(open(place.start().disk, 'none')));
      expect([...mustBeSet].filter((track) => !found.has(track))).toEqual([]);
    }
  });
});
