import { describe, expect, it } from 'vitest';
import type { Ports } from '../domain/ports.ts';
import { Killed, type VirtualProcess } from '../simulation/virtual-process.ts';
import { World } from '../simulation/world.ts';
import { GoldCopy } from './gold-copy.ts';
import { Volumes } from './volumes.ts';

const TRACK = 4096;
const BYTES = 8 * TRACK + 512;
const BASE = { number: 12, lineage: [{ generation: 1, first: 1 }] };

function machine(): VirtualProcess {
  const world = new World('gold', { losesPower: true, onKilled() {}, onCrash() {}, onLog() {} });
  return world.addMachine('I', 1);
}

function volumesOf({ disk, clock }: Ports): Volumes {
  return new Volumes(disk, clock, 2, BYTES, TRACK);
}

/** Fills every track with a content that names it and the age. */
function paint(volumes: Volumes, age: number): void {
  for (let volume = 0; volume < 2; volume += 1) {
    for (let track = 0; track < volumes.tracksPerVolume; track += 1) paintTrack(volumes, volume, track, age);
  }
}

function paintTrack(volumes: Volumes, volume: number, track: number, age: number): void {
  volumes.write(volume, track * TRACK, new Uint8Array(volumes.trackLength(track)).fill(volume * 100 + track * 3 + age));
}

function contents(place: VirtualProcess): Buffer {
  return Buffer.concat([0, 1].map((volume) => place.image.peek(`volume-${volume}`) ?? new Uint8Array(0)));
}

/** Opens a gold copy and overwrites some tracks behind it, as a copier does. */
function overwriteBehindGold(ports: Ports): void {
  const volumes = volumesOf(ports);
  const gold = GoldCopy.recover(ports.disk, 'gold', volumes) ?? GoldCopy.open(ports.disk, 'gold', volumes, BASE);
  for (const [volume, track] of [
    [0, 0],
    [1, 3],
    [0, 8],
    [1, 3],
    [1, 8],
  ] as const) {
    gold.save(volume, track);
    paintTrack(volumes, volume, track, 7);
  }
}

function killedAt(place: VirtualProcess, ordinal: number, pages: number | null, run: (ports: Ports) => void): boolean {
  const ports = place.start();
  place.killPlan = {
    ordinal: place.calls + ordinal,
    moment: pages === null ? { when: 'before' } : { when: 'torn', pages },
  };
  try {
    run(ports);
  } catch (error) {
    if (!(error instanceof Killed)) throw error;
  }
  if (!place.alive) return true;
  place.killPlan = null;
  return false;
}

describe('the gold copy', () => {
  it('gives the image back exactly, with its number, and tells which tracks it put back', () => {
    const place = machine();
    const ports = place.start();
    const volumes = volumesOf(ports);
    paint(volumes, 1);
    const before = contents(place);
    overwriteBehindGold(ports);
    expect(contents(place).equals(before)).toBe(false);
    const gold = GoldCopy.recover(ports.disk, 'gold', volumes);
    expect(gold?.base).toEqual(BASE);
    const told: string[] = [];
    expect(gold?.restore((volume, track) => told.push(`${volume}.${track}`))).toBe(true);
    expect(contents(place).equals(before)).toBe(true);
    expect(told.sort()).toEqual(['0.0', '0.8', '1.3', '1.8']);
  });

  it('survives a kill at every disk call while tracks are kept and overwritten, and while they are put back', () => {
    for (const pages of [null, 0, 1]) {
      let kills = 0;
      for (let ordinal = 1; ; ordinal += 1) {
        const place = machine();
        const first = place.start();
        paint(volumesOf(first), 1);
        const before = contents(place);
        place.kill('ready');
        const isKilled = killedAt(place, ordinal, pages, overwriteBehindGold);
        if (isKilled) kills += 1;
        else place.kill('now');
        // Killed once more while the tracks are put back, it is repeated.
        for (let again = 1; again <= 4; again += 1) {
          const wasKilled = killedAt(place, again, pages, (ports) => {
            const volumes = volumesOf(ports);
            GoldCopy.recover(ports.disk, 'gold', volumes)?.restore(() => undefined);
          });
          if (!wasKilled) place.kill('next');
        }
        const ports = place.start();
        const volumes = volumesOf(ports);
        GoldCopy.recover(ports.disk, 'gold', volumes)?.restore(() => undefined);
        expect(contents(place).equals(before)).toBe(true);
        if (!isKilled) break;
      }
      expect(kills).toBeGreaterThan(8);
    }
  });

  it.each([
    ['in the middle of its log', 5000],
    ['in its last track', 4 * (TRACK + 16) - 3000],
  ])('with a bit flipped %s is no way back, says so, and changes nothing', (_where, byte) => {
    const place = machine();
    const ports = place.start();
    const volumes = volumesOf(ports);
    paint(volumes, 1);
    const gold = GoldCopy.open(ports.disk, 'gold', volumes, BASE);
    for (const track of [0, 1, 2, 3]) {
      gold.save(0, track);
      paintTrack(volumes, 0, track, 9);
    }
    const now = contents(place);
    expect(place.image.flipBit('gold.log', byte, 2)).toBe(true);
    expect(gold.restore(() => undefined)).toBe(false);
    expect(gold.damaged).toMatch(/checksum/);
    expect(contents(place).equals(now)).toBe(true);
  });

  it('found damaged in the middle at recovery is known for what it is', () => {
    const place = machine();
    const ports = place.start();
    const volumes = volumesOf(ports);
    const gold = GoldCopy.open(ports.disk, 'gold', volumes, BASE);
    for (const track of [0, 1, 2, 3]) gold.save(0, track);
    place.image.flipBit('gold.log', 5000, 2);
    expect(GoldCopy.recover(ports.disk, 'gold', volumes)?.damaged).toMatch(/checksum/);
  });

  it('stops the copy, and not the system, where its log finds no room', () => {
    const place = machine();
    const ports = place.start();
    const gold = GoldCopy.open(ports.disk, 'gold', volumesOf(ports), BASE);
    gold.save(0, 1);
    place.image.trouble = 'disk-full';
    expect(() => gold.save(0, 2)).toThrow(/ENOSPC/);
    place.image.trouble = null;
    gold.save(0, 2);
    expect(GoldCopy.recover(ports.disk, 'gold', volumesOf(ports))?.tracks).toBe(2);
  });

  it('is gone once it was dropped', () => {
    const ports = machine().start();
    GoldCopy.open(ports.disk, 'gold', volumesOf(ports), BASE).drop();
    expect(GoldCopy.recover(ports.disk, 'gold', volumesOf(ports))).toBeNull();
  });
});
