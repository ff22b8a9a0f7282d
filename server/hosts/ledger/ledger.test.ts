import { beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../test-support/manual-clock.ts';
import { MemoryDisk } from '../test-support/memory-disk.ts';
import { MemoryVolume } from '../test-support/memory-volume.ts';
import { keptLog, seededEntropy } from '../test-support/small-ports.ts';
import { readCompletionRecord } from './completion-record.ts';
import { Ledger } from './ledger.ts';
import { verifyLedger } from './verify.ts';
import { VolumeError } from './volume.ts';

let clock: ManualClock;
let disk: MemoryDisk;
let volume: MemoryVolume;
let stops: string[];
let attachable: boolean;

beforeEach(() => {
  clock = new ManualClock();
  disk = new MemoryDisk();
  volume = new MemoryVolume(1024 * 1024);
  stops = [];
  attachable = true;
});

function newLedger(host = 'host-P', transactionsPerSecond = 10): Ledger {
  return new Ledger(
    { clock, disk, entropy: seededEntropy(3), log: keptLog() },
    {
      host,
      maxInFlight: 4,
      transactionsPerSecond,
      attach: () =>
        attachable ? Promise.resolve(volume.attach()) : Promise.reject(new VolumeError('LOST', 'not there')),
      onStopped: (reason) => stops.push(reason),
    },
  );
}

function report(completedThrough: number) {
  return verifyLedger(volume.attach(), { completedThrough, generation: null, source: 'test', verifiedOn: 'P' });
}

describe('pace', () => {
  it('keeps the rate it is given, changes it, and runs no timer at 0', async () => {
    const ledger = newLedger();
    ledger.start(1, false);
    await clock.advance(1000);
    expect(ledger.state().completedTransactions).toBe(11); // The first at once, then ten a second.
    ledger.setRate(100);
    await clock.advance(1000);
    const count = ledger.state().completedTransactions;
    expect(count).toBe(112);
    ledger.setRate(0);
    expect(clock.timers).toBe(0);
    await clock.advance(10_000);
    expect(ledger.state()).toMatchObject({ running: true, completedTransactions: count, ratePerSecond: 0 });
    expect(await report(count)).toMatchObject({ presentThrough: count, balance: { adds: true } });
  });

  it('has at most four in flight and does not catch up on a long pause', async () => {
    volume.holdAnswers = true;
    const ledger = newLedger();
    ledger.start(1, false);
    await clock.advance(60_000);
    expect(volume.writes).toBe(4);
    volume.holdAnswers = false;
    while (volume.heldAnswers > 0) volume.answer(0);
    await clock.advance(99);
    expect(ledger.state().lastCompletedTransaction).toBeLessThanOrEqual(6);
  });
});

describe('completion', () => {
  it('counts in order: none while one before it is unanswered, and each is recorded first', async () => {
    volume.holdAnswers = true;
    const ledger = newLedger();
    ledger.start(1, false);
    await clock.advance(1000);
    volume.answer(1);
    volume.answer(1);
    await clock.advance(0);
    expect(ledger.state().lastCompletedTransaction).toBe(0);
    expect(readCompletionRecord(disk)).toBeNull();
    volume.answer(0);
    await clock.advance(0);
    expect(ledger.state()).toMatchObject({ lastCompletedTransaction: 3, completedTransactions: 3 });
    expect(readCompletionRecord(disk)).toEqual({ completedThrough: 3, generation: 1 });
  });

  it('does not count what its own disk could not record, and stops', async () => {
    const ledger = newLedger();
    ledger.start(1, false);
    await clock.advance(500);
    const before = ledger.state().lastCompletedTransaction;
    disk.broken = true;
    await clock.advance(1000);
    expect(ledger.state()).toMatchObject({ running: false, lastCompletedTransaction: before });
    expect(stops).toEqual([expect.stringContaining('could not be recorded')]);
  });

  it('is never claimed by a host killed between the answer and its record', async () => {
    const ledger = newLedger();
    ledger.start(1, false);
    await clock.advance(500);
    const before = readCompletionRecord(disk)?.completedThrough ?? 0;
    disk.beforeChange = () => {
      throw new Error('killed');
    };
    await clock.advance(100);
    expect(ledger.state().lastCompletedTransaction).toBe(before);
    disk.beforeChange = null;
    expect(readCompletionRecord(disk)?.completedThrough).toBe(before);
    expect(await report(before)).toMatchObject({ missingCount: 0, uncompletedPresent: 1 });
  });
});

describe('stopping', () => {
  it('stops in order: waits for what is in flight', async () => {
    volume.holdAnswers = true;
    const ledger = newLedger();
    ledger.start(1, false);
    await clock.advance(1000);
    let stopped = false;
    void ledger.stop('asked to').then(() => {
      stopped = true;
    });
    await clock.advance(100);
    expect(stopped).toBe(false);
    while (volume.heldAnswers > 0) volume.answer(0);
    await clock.advance(0);
    expect(stopped).toBe(true);
    expect(ledger.state()).toMatchObject({ running: false, lastCompletedTransaction: 4, stoppedReason: 'asked to' });
    expect(volume.attachments.size).toBe(0);
    expect(clock.timers).toBe(0);
  });

  it('gives up waiting after a bound', async () => {
    volume.holdAnswers = true;
    const ledger = newLedger();
    ledger.start(1, false);
    await clock.advance(1000);
    const stopped = ledger.stop('asked to');
    await clock.advance(5000);
    await stopped;
    expect(ledger.state()).toMatchObject({ running: false, lastCompletedTransaction: 0 });
  });

  it('halts at once: an answer that comes afterwards completes nothing', async () => {
    volume.holdAnswers = true;
    const ledger = newLedger();
    ledger.start(1, false);
    await clock.advance(1000);
    ledger.halt('fenced');
    while (volume.heldAnswers > 0) volume.answer(0);
    await clock.advance(1000);
    expect(ledger.state()).toMatchObject({ running: false, lastCompletedTransaction: 0, stoppedReason: 'fenced' });
  });

  it('halts what is still ending', async () => {
    volume.holdAnswers = true;
    const ledger = newLedger();
    ledger.start(1, false);
    await clock.advance(1000);
    const stopped = ledger.stop('asked to');
    ledger.halt('fenced');
    volume.answer(0);
    await stopped;
    expect(ledger.state().lastCompletedTransaction).toBe(0);
  });

  it.each(['EPERM', 'EIO', 'ENOSPC'] as const)('stops by itself on %s and says why', async (code) => {
    const ledger = newLedger();
    ledger.start(1, false);
    await clock.advance(300);
    volume.refusal = code;
    await clock.advance(60_000);
    expect(ledger.state()).toMatchObject({ running: false, stoppedReason: expect.stringContaining(code) });
    expect(stops).toHaveLength(1);
    volume.refusal = null;
    await clock.advance(60_000);
    expect(ledger.state()).toMatchObject({ running: false, lastCompletedTransaction: 4 });
    ledger.start(1, true);
    await clock.advance(100);
    expect(ledger.state()).toMatchObject({ running: true, stoppedReason: null });
    expect(ledger.state().lastCompletedTransaction).toBeGreaterThan(4);
  });
});

describe('attachment', () => {
  it('comes back after a lost connection, with growing pauses, and goes on with the next number', async () => {
    const ledger = newLedger();
    ledger.start(1, false);
    await clock.advance(500);
    const before = ledger.state().lastCompletedTransaction;
    attachable = false;
    volume.drop();
    await clock.advance(2000);
    expect(ledger.state()).toMatchObject({ running: false, stoppedReason: expect.stringContaining('attaches again') });
    attachable = true;
    await clock.advance(5000);
    expect(ledger.state()).toMatchObject({ running: true, stoppedReason: null });
    const { lastCompletedTransaction } = ledger.state();
    expect(lastCompletedTransaction).toBeGreaterThan(before);
    expect(await report(lastCompletedTransaction)).toMatchObject({
      missingCount: 0,
      presentThrough: lastCompletedTransaction,
    });
    expect(stops).toEqual([]);
  });

  it('leaves what was in flight uncompleted, until something after it is complete', async () => {
    volume.holdAnswers = true;
    const ledger = newLedger();
    ledger.start(1, false);
    await clock.advance(1000);
    volume.drop();
    await clock.advance(50);
    expect(ledger.state().lastCompletedTransaction).toBe(0);
    volume.holdAnswers = false;
    await clock.advance(60); // The first pause, and transaction 5 at once.
    expect(ledger.state()).toMatchObject({ lastCompletedTransaction: 5, completedTransactions: 1 });
  });

  it('waits while the volume is read-only', async () => {
    volume.readOnly = true;
    const ledger = newLedger();
    ledger.start(1, false);
    await clock.advance(1000);
    expect(ledger.state()).toMatchObject({ running: false, stoppedReason: expect.stringContaining('read-only') });
    volume.readOnly = false;
    await clock.advance(5000);
    expect(ledger.state().running).toBe(true);
  });

  it('does not attach for work that was stopped meanwhile', async () => {
    const ledger = newLedger();
    ledger.start(1, false);
    ledger.halt('fenced');
    await clock.advance(1000);
    expect(volume.attachments.size).toBe(0);
    expect(volume.writes).toBe(0);
  });

  it('tells when it is settled', async () => {
    const ledger = newLedger();
    await ledger.whenSettled(1000);
    ledger.start(1, false);
    await ledger.whenSettled(1000);
    expect(ledger.state().running).toBe(true);
    await ledger.stop('asked to');
    attachable = false;
    ledger.start(1, false);
    const settled = ledger.whenSettled(700);
    await clock.advance(700);
    await settled;
    expect(ledger.state().running).toBe(false);
  });
});

describe('over hosts and generations', () => {
  it('continues on another host the numbering of the first', async () => {
    const first = newLedger();
    first.start(1, false);
    await clock.advance(1000);
    first.halt('killed');
    const through = first.state().lastCompletedTransaction;
    disk = new MemoryDisk();
    const second = newLedger('host-R');
    second.start(2, true);
    await clock.advance(1000);
    const { lastCompletedTransaction } = second.state();
    expect(lastCompletedTransaction).toBe(through + 11);
    expect(second.completed()).toEqual({ completedThrough: lastCompletedTransaction, generation: 2 });
    const verified = await verifyLedger(volume.attach(), {
      completedThrough: through,
      generation: 1,
      source: 'host-P',
      verifiedOn: 'R',
    });
    expect(verified).toMatchObject({ missingCount: 0, presentThrough: through, balance: { adds: true } });
  });

  it('stops where newer work has been on the volume', async () => {
    const first = newLedger('host-R');
    first.start(2, false);
    await clock.advance(500);
    first.halt('over');
    disk = new MemoryDisk();
    const second = newLedger();
    second.start(1, false);
    await clock.advance(500);
    expect(second.state()).toMatchObject({ running: false, stoppedReason: expect.stringContaining('generation 2') });
    expect(stops).toHaveLength(1);
  });

  it('stops where the volume has lost what it was told is complete', async () => {
    const first = newLedger();
    first.start(1, false);
    await clock.advance(500);
    const image = volume.bytes.slice();
    await clock.advance(500);
    first.halt('over');
    volume.bytes.set(image);
    const second = newLedger();
    second.start(1, false);
    await clock.advance(500);
    expect(second.state()).toMatchObject({ running: false, stoppedReason: expect.stringContaining('missing') });
    second.start(1, true);
    await clock.advance(500);
    expect(second.state().running).toBe(true);
  });

  it('marks later records with a newer generation of the same holder', async () => {
    const ledger = newLedger();
    ledger.start(1, false);
    await clock.advance(500);
    const through = ledger.state().lastCompletedTransaction;
    ledger.setGeneration(2);
    await clock.advance(500);
    const verified = await verifyLedger(volume.attach(), {
      completedThrough: through + 2,
      generation: 1,
      source: 'test',
      verifiedOn: 'P',
    });
    expect(verified).toMatchObject({ presentThrough: through, missingCount: 2 });
    expect(ledger.state().generation).toBe(2);
  });
});
