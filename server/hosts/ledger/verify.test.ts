import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryVolume } from '../test-support/memory-volume.ts';
import { seededEntropy } from '../test-support/small-ports.ts';
import { capacityOf, type LedgerPosition, nextRecord, RECORD_BYTES, slotOf, startPosition } from './layout.ts';
import { recover } from './recovery.ts';
import { readRing, surveyRing } from './scan.ts';
import { chooseTransaction } from './transactions.ts';
import { verifyLedger } from './verify.ts';

const SMALL = 1024 * 1024;

/** Writes transactions as a ledger would. */
class Writer {
  readonly entropy = seededEntropy(7);
  readonly volume: MemoryVolume;
  position: LedgerPosition = startPosition();

  constructor(sizeBytes = SMALL) {
    this.volume = new MemoryVolume(sizeBytes);
  }

  get capacity(): number {
    return capacityOf(this.volume.bytes.length);
  }

  /** Writes `count` more under `generation`, leaving out the numbers in `without`. */
  write(count: number, generation = 1, without: readonly number[] = []): this {
    for (let done = 0; done < count; done += 1) {
      const { bytes, position } = nextRecord(
        this.position,
        chooseTransaction(this.position, this.entropy),
        generation,
        1000,
        'host-P',
      );
      this.position = position;
      if (!without.includes(position.sequence)) this.volume.bytes.set(bytes, this.offsetOf(position.sequence));
    }
    return this;
  }

  offsetOf(sequence: number): number {
    return slotOf(sequence, this.capacity) * RECORD_BYTES;
  }

  flipByteIn(sequence: number): this {
    const at = this.offsetOf(sequence) + 200;
    this.volume.bytes[at] = (this.volume.bytes[at] ?? 0) ^ 0x40;
    return this;
  }

  async report(completedThrough: number, generation: number | null = null) {
    return verifyLedger(this.volume.attach(), { completedThrough, generation, source: 'test', verifiedOn: 'R' });
  }

  async recovery(generation: number, completedThrough: number, acceptLoss = false) {
    const ring = await readRing(this.volume.attach());
    return recover(surveyRing(ring), generation, { completedThrough, generation }, acceptLoss);
  }
}

describe('verification', () => {
  it('finds an empty volume empty, and everything claimed missing', async () => {
    const writer = new Writer();
    expect(await writer.report(0)).toMatchObject({
      presentThrough: 0,
      missingCount: 0,
      corrupt: 0,
      balance: { total: 0, adds: true },
    });
    expect(await writer.report(12)).toMatchObject({ missing: { from: 1, to: 12 }, missingCount: 12 });
  });

  it('finds every transaction and the balance, before and after the ring has gone round', async () => {
    const writer = new Writer().write(40);
    expect(await writer.report(38)).toMatchObject({
      presentThrough: 40,
      missing: null,
      missingCount: 0,
      uncompletedPresent: 2,
      outOfOrder: 0,
      balance: { accounts: 64, total: writer.position.netTotal, expected: writer.position.netTotal, adds: true },
    });
    writer.write(writer.capacity * 2 + 13);
    const through = 40 + writer.capacity * 2 + 13;
    expect(await writer.report(through)).toMatchObject({
      presentThrough: through,
      missingCount: 0,
      uncompletedPresent: 0,
      corrupt: 0,
      balance: { total: writer.position.netTotal, adds: true },
    });
  });

  it('counts exactly what is missing at the end', async () => {
    const writer = new Writer().write(300);
    expect(await writer.report(310)).toMatchObject({ missing: { from: 301, to: 310 }, missingCount: 10 });
  });

  it('finds holes: what is present beyond them is neither missing nor contiguous', async () => {
    const writer = new Writer().write(10, 1, [7, 9]);
    expect(await writer.report(10)).toMatchObject({
      presentThrough: 6,
      missing: { from: 7, to: 9 },
      missingCount: 2,
      outOfOrder: 2,
      uncompletedPresent: 0,
    });
    expect(await writer.report(6)).toMatchObject({ missing: null, missingCount: 0, uncompletedPresent: 2 });
    expect(await writer.report(8)).toMatchObject({
      missing: { from: 7, to: 7 },
      missingCount: 1,
      uncompletedPresent: 1,
    });
  });

  it('finds a flipped byte and counts that transaction, and only that one, as missing', async () => {
    const writer = new Writer().write(700).flipByteIn(650);
    expect(await writer.report(700)).toMatchObject({
      corrupt: 1,
      presentThrough: 649,
      missing: { from: 650, to: 650 },
      missingCount: 1,
      outOfOrder: 50,
    });
  });

  it('finds a torn record', async () => {
    const writer = new Writer().write(20);
    writer.volume.bytes.fill(0, writer.offsetOf(20) + 2048, writer.offsetOf(20) + RECORD_BYTES);
    expect(await writer.report(20)).toMatchObject({ corrupt: 1, presentThrough: 19, missingCount: 1 });
  });

  it('finds a record in the wrong place', async () => {
    const writer = new Writer().write(5);
    writer.volume.bytes.copyWithin(writer.offsetOf(100), writer.offsetOf(3), writer.offsetOf(3) + RECORD_BYTES);
    expect(await writer.report(5)).toMatchObject({ corrupt: 1, presentThrough: 5 });
  });

  it('does not take transactions of newer work for the lost ones of the same numbers', async () => {
    const writer = new Writer().write(95, 1).write(60, 2);
    expect(await writer.report(155, 2)).toMatchObject({ missingCount: 0, presentThrough: 155 });
    // The first host was told of 100 under generation 1, of which five never reached this volume.
    expect(await writer.report(100, 1)).toMatchObject({
      presentThrough: 95,
      missing: { from: 96, to: 100 },
      missingCount: 5,
    });
    writer.write(writer.capacity, 3);
    expect(await writer.report(100, 1)).toMatchObject({ missing: { from: 96, to: 100 }, missingCount: 5 });
  });

  it('notices books that do not follow from their transactions', async () => {
    const writer = new Writer().write(10);
    const balances = [...writer.position.balances];
    balances[3] = (balances[3] ?? 0) + 100;
    writer.position = { ...writer.position, balances };
    writer.write(1);
    const report = await writer.report(11);
    expect(report).toMatchObject({ corrupt: 0, presentThrough: 11, balance: { adds: false } });
    expect(report.balance.total).toBe(report.balance.expected + 100);
  });
});

describe('any bytes', () => {
  it('are surveyed and judged without failing, and a damaged ledger is never taken for a whole one', async () => {
    const writer = new Writer().write(400);
    const whole = writer.volume.bytes.slice();
    const damage = fc.record({
      at: fc.nat(whole.length - 1),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 6000 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 4 }), async (damages) => {
        writer.volume.bytes.set(whole);
        for (const { at, bytes } of damages) writer.volume.bytes.set(bytes.subarray(0, whole.length - at), at);
        const same = Buffer.compare(writer.volume.bytes, whole) === 0;
        const report = await writer.report(400);
        expect(report.missingCount === 0 && report.corrupt === 0).toBe(same);
        expect(report.missingCount).toBeLessThanOrEqual(400);
        await writer.recovery(1, 400);
      }),
      { seed: 7, numRuns: 60 },
    );
  });
});

describe('recovery', () => {
  it('begins an empty ledger and continues a whole one', async () => {
    expect(await new Writer().recovery(1, 0)).toMatchObject({ position: { sequence: 0 } });
    const writer = new Writer().write(600);
    expect(await writer.recovery(1, 598)).toMatchObject({
      position: { sequence: 600, netTotal: writer.position.netTotal },
    });
  });

  it('goes back to the hole that what was in flight left, and leaves the abandoned branch behind', async () => {
    const writer = new Writer().write(20);
    const before = writer.position;
    writer.write(4, 1, [21, 23]);
    expect(await writer.recovery(1, 20)).toMatchObject({ position: { sequence: 20 } });
    writer.position = before;
    writer.write(2);
    // 24 of the abandoned branch still stands beyond; 22 and 23 do not lead to it.
    expect(await writer.recovery(1, 22)).toMatchObject({ position: { sequence: 22, crc: writer.position.crc } });
    expect(await writer.report(22)).toMatchObject({ presentThrough: 22, missingCount: 0, balance: { adds: true } });
    writer.write(1);
    expect(await writer.report(23)).toMatchObject({ presentThrough: 23, outOfOrder: 0, uncompletedPresent: 0 });
  });

  it('does not write on over completed transactions that are missing, unless told to', async () => {
    const writer = new Writer().write(20);
    expect(await writer.recovery(1, 23)).toHaveProperty('refusal', expect.stringContaining('21 to 23'));
    expect(await writer.recovery(1, 23, true)).toMatchObject({ position: { sequence: 20 } });
  });

  it('does not write on under an older generation, over damage, or over something else', async () => {
    expect(await new Writer().write(5, 2).recovery(1, 0)).toHaveProperty(
      'refusal',
      expect.stringContaining('generation 2'),
    );
    expect(await new Writer().write(300).flipByteIn(150).recovery(1, 0)).toHaveProperty(
      'refusal',
      expect.stringContaining('damaged'),
    );
    expect(await new Writer().write(300).flipByteIn(299).recovery(1, 0)).toHaveProperty(
      'refusal',
      expect.stringContaining('damaged'),
    );
    expect(await new Writer().write(300, 1, [100]).recovery(1, 0)).toHaveProperty(
      'refusal',
      expect.stringContaining('100 is missing'),
    );
    const foreign = new Writer();
    foreign.volume.bytes.fill(0xee, 0, 512);
    expect(await foreign.recovery(1, 0)).toHaveProperty('refusal', expect.stringContaining('not a ledger'));
  });

  it('rewrites a record that was torn as the very last', async () => {
    expect(await new Writer().write(30).flipByteIn(30).recovery(1, 29)).toMatchObject({ position: { sequence: 29 } });
  });
});
