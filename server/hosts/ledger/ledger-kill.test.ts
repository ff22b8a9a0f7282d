import { expect, it } from 'vitest';
import { ManualClock } from '../test-support/manual-clock.ts';
import { MemoryDisk } from '../test-support/memory-disk.ts';
import { MemoryVolume } from '../test-support/memory-volume.ts';
import { Life } from '../test-support/mortal.ts';
import { readCompletionRecord } from './completion-record.ts';
import { Ledger } from './ledger.ts';
import { verifyLedger } from './verify.ts';

const KILLS = 60;

/** Runs a ledger for a while in one life; returns what it ever said was complete. */
async function live(life: Life, clock: ManualClock, volume: MemoryVolume, ms: number): Promise<number> {
  let said = 0;
  try {
    const ledger = new Ledger(life.ports(), {
      host: 'host-P',
      maxInFlight: 4,
      transactionsPerSecond: 50,
      attach: () => Promise.resolve(life.volume(volume.attach())),
      onStopped: (reason) => expect.fail(reason),
    });
    ledger.start(1, false);
    for (let passed = 0; passed < ms && life.alive; passed += 10) {
      await clock.advance(10);
      said = Math.max(said, ledger.state().lastCompletedTransaction);
    }
  } catch (error) {
    if (life.alive) throw error;
  }
  volume.drop();
  return said;
}

it.each([false, true])('loses no completed transaction, killed at any change (change done: %s)', async (done) => {
  for (let change = 1; change <= KILLS; change += 1) {
    const clock = new ManualClock();
    const disk = new MemoryDisk();
    const volume = new MemoryVolume(1024 * 1024);
    const life = new Life(clock, disk, { change, done });
    const said = await live(life, clock, volume, 2000);
    expect(life.alive).toBe(false);
    expect(readCompletionRecord(disk)?.completedThrough ?? 0).toBeGreaterThanOrEqual(said);

    const later = await live(new Life(clock, disk, null), clock, volume, 300);
    expect(later).toBeGreaterThan(said);
    const report = await verifyLedger(volume.attach(), {
      completedThrough: later,
      generation: 1,
      source: 'test',
      verifiedOn: 'P',
    });
    expect(report).toMatchObject({ missingCount: 0, corrupt: 0, outOfOrder: 0, balance: { adds: true } });
  }
});
