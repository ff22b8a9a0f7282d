import { beforeEach, describe, expect, it } from 'vitest';
import { refusalOf } from '../domain/refusal.ts';
import { Ledger } from './ledger/ledger.ts';
import { verifyLedger } from './ledger/verify.ts';
import { TestBench } from './test-host.ts';
import { ManualClock } from './test-support/manual-clock.ts';
import { MemoryDisk } from './test-support/memory-disk.ts';
import { MemoryVolume } from './test-support/memory-volume.ts';
import { keptLog, seededEntropy } from './test-support/small-ports.ts';

let clock: ManualClock;
let clone: MemoryVolume;
let asked: string[];
let bench: TestBench;

/** Makes the clock go on until the answer is there. */
async function settled<T>(answer: Promise<T>): Promise<T> {
  let done = false;
  const ended = answer.finally(() => {
    done = true;
  });
  ended.catch(() => {});
  for (let turns = 0; turns < 1000 && !done; turns += 1) await clock.advance(10);
  return ended;
}

/** So many transactions, as the work of host P has left them on the image that was cloned. */
async function leftBy(transactions: number): Promise<void> {
  const work = new Ledger(
    { clock, disk: new MemoryDisk(), entropy: seededEntropy(3), log: keptLog() },
    { host: 'host-P', maxInFlight: 1, transactionsPerSecond: 10, attach: async () => clone.attach(), onStopped() {} },
  );
  work.start(4, false);
  await clock.advance((transactions - 1) * 100);
  await settled(work.stop('enough'));
}

beforeEach(() => {
  clock = new ManualClock();
  clone = new MemoryVolume(1024 * 1024);
  asked = [];
  bench = new TestBench(
    { clock, entropy: seededEntropy(5), log: keptLog() },
    {
      system: 'R',
      name: 'test-host-R',
      maxInFlight: 4,
      attach: async (name) => {
        asked.push(name);
        return clone.attach();
      },
    },
  );
});

const codeOf = (answer: Promise<unknown>) =>
  settled(answer).then(
    () => 'done',
    (error: unknown) => refusalOf(error).code,
  );

describe('a test host', () => {
  it('recovers the ledger of the clone, verifies it, works on, verifies again and stops', async () => {
    await leftBy(30);
    expect(await settled(bench.start('run-1', 'test', 5))).toMatchObject({ state: 'ready', recoveredAt: 30 });
    const before = await settled(bench.of('run-1').verify());
    expect(before).toMatchObject({ completedThrough: 30, presentThrough: 30, missingCount: 0, corrupt: 0 });
    let work = await settled(bench.of('run-1').carryOut(25));
    while (work.completedTransactions < 25) work = await settled(bench.of('run-1').carryOut(25));
    expect(work.state).toBe('ready');
    const report = await settled(bench.of('run-1').verify());
    expect(report.missingCount).toBe(0);
    expect(report.presentThrough).toBeGreaterThanOrEqual(55);
    expect(report.balance.adds).toBe(true);
    expect(await settled(bench.stop('run-1'))).toBeNull();
    expect(bench.facts()).toBeNull();
    expect(new Set(asked)).toEqual(new Set(['test']));
    expect(clock.timers).toBe(0);
  });

  it('is started once for a run and stopped by that run only; another run’s takes its place', async () => {
    await leftBy(3);
    await settled(bench.start('run-1', 'test', 5));
    await settled(bench.of('run-1').carryOut(5));
    const { completedTransactions } = bench.of('run-1').facts();
    expect(await settled(bench.start('run-1', 'test', 5))).toMatchObject({ completedTransactions });
    expect(await settled(bench.stop('run-2'))).toMatchObject({ run: 'run-1' });
    expect(await settled(bench.start('run-2', 'test', 5))).toMatchObject({ run: 'run-2', completedTransactions: 0 });
    expect(() => bench.of('run-1')).toThrow(/does not run for that test/);
  });

  it('says what it found where the ledger cannot be recovered, and runs nothing', async () => {
    await leftBy(20);
    clone.bytes.fill(7, 4096 * 5 + 100, 4096 * 5 + 200);
    expect(await codeOf(bench.start('run-1', 'test', 5))).toBe('wrong-state');
    expect(bench.facts()).toBeNull();
  });

  it('fails, and says so, once the clone is gone', async () => {
    await leftBy(3);
    await settled(bench.start('run-1', 'test', 5));
    clone.refusal = 'EIO';
    const work = await settled(bench.of('run-1').carryOut(5));
    expect(work).toMatchObject({ state: 'failed' });
    expect(work.reason).toMatch('transaction 4');
    await settled(bench.stop('run-1'));
    expect(bench.facts()).toBeNull();
  });

  it('writes under its own name, so that what it wrote is told from the group’s work', async () => {
    await leftBy(3);
    await settled(bench.start('run-1', 'test', 5));
    await settled(bench.of('run-1').carryOut(2));
    const report = await settled(
      verifyLedger(clone.attach(), { completedThrough: 3, generation: 4, source: 'host-P', verifiedOn: 'R' }),
    );
    expect(report).toMatchObject({ presentThrough: 3, missingCount: 0 });
  });
});
