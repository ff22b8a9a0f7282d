import { describe, expect, it } from 'vitest';
import type { Disk } from '../domain/ports.ts';
import { Killed } from '../simulation/virtual-process.ts';
import { World } from '../simulation/world.ts';
import { ENTRY_HEADER_BYTES, type Entry } from './entry.ts';
import { Journal, JournalFullError } from './journal.ts';
import { SEGMENT_HEADER_BYTES } from './journal-recovery.ts';

const BYTES = 64 * 1024;
const SEGMENTS = 4;
const DATA_BYTES = 1000;
const PER_SEGMENT = Math.floor((BYTES / SEGMENTS - SEGMENT_HEADER_BYTES) / (ENTRY_HEADER_BYTES + DATA_BYTES));

function machine(seed = 'journal') {
  const world = new World(seed, { losesPower: true, onKilled() {}, onCrash() {}, onLog() {} });
  return world.addMachine('P', 1);
}

function entry(number: number, bytes = DATA_BYTES): Entry {
  const data = new Uint8Array(bytes).fill(number % 251);
  const offsetBytes = number * 512;
  return { number, generation: 1, kind: 'write', volume: 0, offsetBytes, lengthBytes: bytes, at: 5, data };
}

function open(disk: Disk, history = 0, base = 0): Journal {
  return new Journal(disk, BYTES, SEGMENTS, history, base);
}

function fill(journal: Journal, count: number): void {
  for (let i = 0; i < count; i += 1) journal.append(entry(journal.lastNumber + 1));
}

describe('the journal', () => {
  it('gives back what was appended, in this life and the next', () => {
    const { disk } = machine().start();
    const journal = open(disk);
    fill(journal, 40);
    for (const each of [journal, open(disk)]) {
      expect(each.lastNumber).toBe(40);
      expect(each.read(17)).toEqual({ ...entry(17), data: Buffer.from(entry(17).data) });
      expect(each.read(41)).toBeNull();
      expect(each.recovery).toEqual({ cutNumber: null, lostThrough: null });
    }
  });

  it('refuses a number that does not follow', () => {
    const journal = open(machine().start().disk);
    fill(journal, 1);
    expect(() => journal.append(entry(3))).toThrow(RangeError);
  });

  it('is full where every segment is used, says how much was asked for, and takes more once it was trimmed', () => {
    const journal = open(machine().start().disk);
    fill(journal, PER_SEGMENT * SEGMENTS);
    expect(journal.fits(DATA_BYTES)).toBe(false);
    const appending = (): void => journal.append(entry(journal.lastNumber + 1));
    expect(appending).toThrow(JournalFullError);
    expect(journal.lastNumber).toBe(PER_SEGMENT * SEGMENTS);
    journal.trim(PER_SEGMENT);
    appending();
    expect(journal.read(PER_SEGMENT)).toBeNull();
    expect(journal.read(PER_SEGMENT + 1)?.number).toBe(PER_SEGMENT + 1);
  });

  it('holds what is above the trimmed number through any number of rounds and restarts', () => {
    const { disk } = machine().start();
    let journal = open(disk);
    for (let round = 1; round <= 400; round += 1) {
      if (!journal.fits(DATA_BYTES)) journal.trim(journal.lastNumber - PER_SEGMENT);
      fill(journal, 1);
      if (round % 7 === 0) journal.trim(journal.lastNumber - (round % 13));
      if (round % 5 === 0) journal = open(disk);
      expect(journal.recovery).toEqual({ cutNumber: null, lostThrough: null });
      expect(journal.lastNumber).toBe(round);
      for (let number = journal.trimmedTo + 1; number <= round; number += 1)
        expect(journal.read(number)?.number).toBe(number);
    }
  });

  it('counts its bytes', () => {
    const journal = open(machine().start().disk);
    fill(journal, 20);
    expect(journal.bytesAfter(15)).toBe(5 * (ENTRY_HEADER_BYTES + DATA_BYTES));
    journal.trim(18);
    expect(journal.usedBytes).toBe(2 * (ENTRY_HEADER_BYTES + DATA_BYTES));
  });

  it('begins another history behind any number, and never reads entries of the one before', () => {
    const { disk } = machine().start();
    const journal = open(disk);
    fill(journal, PER_SEGMENT + 5);
    journal.reset(7, 1);
    journal.append(entry(8));
    const later = open(disk, 1, 7);
    expect([later.trimmedTo, later.lastNumber]).toEqual([7, 8]);
    expect(later.read(9)).toBeNull();
  });

  it('is empty where its history was begun on record and not yet on disk', () => {
    const { disk } = machine().start();
    fill(open(disk), 30);
    const later = open(disk, 1, 12);
    expect([later.trimmedTo, later.lastNumber, later.read(13)]).toEqual([12, 12, null]);
    later.append(entry(13));
    expect(open(disk, 1, 12).lastNumber).toBe(13);
  });
});

describe('a journal that was killed', () => {
  it('keeps every entry whose append had returned, at any port call and any tear', () => {
    let survivedTears = 0;
    for (let ordinal = 1; ; ordinal += 1) {
      for (const moment of [{ when: 'before' }, { when: 'after' }, { when: 'torn', pages: 1 }] as const) {
        const place = machine();
        const ports = place.start();
        place.killPlan = { ordinal: place.calls + ordinal, moment };
        let appended = 0;
        try {
          const journal = open(ports.disk);
          for (let number = 1; number <= 40; number += 1) {
            if (!journal.fits(3000)) journal.trim(journal.lastNumber - 4);
            journal.append(entry(number, 3000));
            appended = number;
          }
        } catch (error) {
          if (!(error instanceof Killed)) throw error;
        }
        if (place.alive && moment.when === 'torn') return expect(survivedTears).toBeGreaterThan(10);
        if (place.alive) continue;
        const journal = open(place.start().disk);
        // The entry under way may be there whole; nothing else may.
        expect(journal.lastNumber - appended).toBeGreaterThanOrEqual(0);
        expect(journal.lastNumber - appended).toBeLessThanOrEqual(1);
        for (let number = Math.max(1, appended - 3); number <= appended; number += 1)
          expect(journal.read(number)?.data).toEqual(Buffer.from(entry(number, 3000).data));
        journal.trim(journal.lastNumber - 4);
        journal.append(entry(journal.lastNumber + 1));
        if (moment.when === 'torn') survivedTears += 1;
      }
    }
  });

  it('goes on in a new segment behind a torn tail, so that its remains are never read', () => {
    const place = machine();
    const { disk } = place.start();
    fill(open(disk), 5);
    const torn = 6;
    const at = SEGMENT_HEADER_BYTES + 5 * (ENTRY_HEADER_BYTES + DATA_BYTES);
    const writing = open(disk);
    writing.append(entry(torn));
    place.image.flipBit('journal/0', at + 200, 3);
    const journal = open(disk);
    expect(journal.recovery.cutNumber).toBe(torn);
    expect(journal.lastNumber).toBe(5);
    fill(journal, 3);
    expect(open(disk).lastNumber).toBe(8);
    expect(open(disk).read(torn)?.data).toEqual(Buffer.from(entry(torn).data));
  });
});

describe('a journal whose disk refused an entry', () => {
  /** What is found at a restart after entry 6 was refused. The disk keeps another part of it each time. */
  function refused(then: (journal: Journal) => void): number[] {
    return Array.from({ length: 12 }, (_, seed) => {
      const place = machine(`refused-${seed}`);
      const { disk } = place.start();
      const journal = open(disk);
      fill(journal, 5);
      place.image.trouble = 'disk-full';
      expect(() => journal.append(entry(6))).toThrow(/ENOSPC/);
      place.image.trouble = null;
      then(journal);
      return open(disk).lastNumber;
    });
  }

  it('may hold all of it, and makes it unreadable as soon as the disk allows', () => {
    expect(refused(() => undefined)).toContain(6);
    expect(refused((journal) => expect(journal.eraseRefused()).toBe(true))).not.toContain(6);
  });

  it('says where the disk refuses that as well', () => {
    const place = machine();
    const journal = open(place.start().disk);
    fill(journal, 1);
    place.image.trouble = 'io-error';
    expect(() => journal.append(entry(2))).toThrow(/EIO/);
    expect(journal.eraseRefused()).toBe(false);
    place.image.trouble = null;
    expect(journal.eraseRefused()).toBe(true);
  });

  it('erases nothing that took its place', () => {
    const taken = refused((journal) => {
      journal.append(entry(6, 10));
      expect(journal.eraseRefused()).toBe(true);
    });
    expect(new Set(taken)).toEqual(new Set([6]));
    const begun = refused((journal) => {
      journal.reset(20, 0);
      fill(journal, 3);
      expect(journal.eraseRefused()).toBe(true);
    });
    expect(new Set(begun)).toEqual(new Set([23]));
  });
});

describe('a journal with a flipped bit', () => {
  it('names the entry, and never gives it out', () => {
    const place = machine();
    const { disk } = place.start();
    const journal = open(disk);
    fill(journal, 3 * PER_SEGMENT);
    const damaged = PER_SEGMENT + 4;
    const at = SEGMENT_HEADER_BYTES + 3 * (ENTRY_HEADER_BYTES + DATA_BYTES) + 100;
    expect(place.image.flipBit('journal/1', at, 1)).toBe(true);
    expect(journal.read(damaged)).toBeNull();
    expect(journal.read(damaged + 1)?.number).toBe(damaged + 1);
    const later = open(disk);
    expect(later.recovery).toEqual({ cutNumber: damaged, lostThrough: 2 * PER_SEGMENT });
    expect([later.trimmedTo, later.lastNumber]).toEqual([2 * PER_SEGMENT, 3 * PER_SEGMENT]);
  });

  it('in a segment’s header loses that segment, and never gives its life to another', () => {
    const place = machine();
    const { disk } = place.start();
    fill(open(disk), PER_SEGMENT + 5);
    place.image.flipBit('journal/1', 9, 0);
    const journal = open(disk);
    expect(journal.lastNumber).toBe(PER_SEGMENT);
    fill(journal, 2 * PER_SEGMENT);
    expect(open(disk).lastNumber).toBe(3 * PER_SEGMENT);
  });
});

describe('a journal that lost its power', () => {
  it('keeps what was synced, and of the rest a prefix', async () => {
    for (let round = 0; round < 60; round += 1) {
      const world = new World(`power-${round}`, { losesPower: true, onKilled() {}, onCrash() {}, onLog() {} });
      const place = world.addMachine('P', 1);
      await world.scheduler.drive(async () => {
        const journal = open(place.start().disk);
        fill(journal, 4 + (round % 30));
        await journal.sync();
        const synced = journal.lastNumber;
        fill(journal, round % 20);
        const all = journal.lastNumber;
        place.losePower(world.random.fork('loss'));
        const later = new Journal(place.start().disk, BYTES, SEGMENTS, 0, 0, synced);
        expect(later.lastNumber).toBeGreaterThanOrEqual(synced);
        expect(later.lastNumber).toBeLessThanOrEqual(all);
        for (let number = 1; number <= later.lastNumber; number += 1)
          expect(later.read(number)?.data).toEqual(Buffer.from(entry(number).data));
      }, 10_000);
    }
  });
});
