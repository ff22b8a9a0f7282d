import { describe, expect, it } from 'vitest';
import { Killed } from '../simulation/virtual-process.ts';
import { World } from '../simulation/world.ts';
import { SlotRecord } from './slot-record.ts';
import { Watermarks } from './watermarks.ts';

function machine() {
  const world = new World('slots', { losesPower: true, onKilled() {}, onCrash() {}, onLog() {} });
  return world.addMachine('P', 1);
}

describe('a slot record', () => {
  it('holds nothing before it was written, and the newest values afterwards', () => {
    const { disk } = machine().start();
    const record = new SlotRecord(disk, 'marks', 2);
    expect(record.values).toBeNull();
    record.write([1, 2]);
    record.write([Number.MAX_SAFE_INTEGER, 0]);
    expect(new SlotRecord(disk, 'marks', 2).values).toEqual([Number.MAX_SAFE_INTEGER, 0]);
  });

  it('falls back to the older slot where the newer one is damaged', () => {
    const place = machine();
    const { disk } = place.start();
    const record = new SlotRecord(disk, 'marks', 2);
    record.write([1, 1]);
    record.write([2, 2]);
    place.image.flipBit('marks', 12, 4);
    expect(new SlotRecord(disk, 'marks', 2).values).toEqual([1, 1]);
    place.image.flipBit('marks', 4096 + 12, 4);
    expect(new SlotRecord(disk, 'marks', 2).values).toBeNull();
  });

  it('is as new as the last write that returned, or newer, wherever it is killed', () => {
    for (let ordinal = 1; ; ordinal += 1) {
      for (const moment of [{ when: 'before' }, { when: 'after' }, { when: 'torn', pages: 0 }] as const) {
        const place = machine();
        const ports = place.start();
        place.killPlan = { ordinal: place.calls + ordinal, moment };
        let written = 0;
        try {
          const record = new SlotRecord(ports.disk, 'marks', 1);
          for (let value = 1; value <= 8; value += 1) {
            record.write([value]);
            written = value;
          }
        } catch (error) {
          if (!(error instanceof Killed)) throw error;
        }
        if (place.alive) return expect(ordinal).toBeGreaterThan(8);
        const found = new SlotRecord(place.start().disk, 'marks', 1).values?.[0] ?? 0;
        expect([written, written + 1]).toContain(found);
      }
    }
  });
});

describe('watermarks', () => {
  it('only rise, but for a new history, which has answers of its own', () => {
    const { disk } = machine().start();
    const marks = new Watermarks(disk, 0, 0);
    marks.noteAnswered(7);
    marks.noteAnswered(5);
    marks.noteCompleted(6);
    marks.noteCompleted(2);
    expect([marks.answered, marks.completed]).toEqual([7, 6]);
    marks.begin(1, 4);
    const later = new Watermarks(disk, 1, 4);
    expect([later.answered, later.checkpoint, later.completed]).toEqual([4, 4, 4]);
  });

  it('of an older history count for nothing, for a lost page may bring them back', () => {
    const { disk } = machine().start();
    new Watermarks(disk, 0, 0).noteAnswered(900);
    const later = new Watermarks(disk, 1, 30);
    expect([later.answered, later.checkpoint]).toEqual([30, 30]);
  });
});
