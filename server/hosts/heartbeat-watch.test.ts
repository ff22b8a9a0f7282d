import { beforeEach, describe, expect, it } from 'vitest';
import type { Heartbeat } from '../domain/host.ts';
import { HeartbeatWatch, TESTIMONY_FIELDS } from './heartbeat-watch.ts';
import { SlotFile } from './slot-file.ts';
import { ManualClock } from './test-support/manual-clock.ts';
import { MemoryDisk } from './test-support/memory-disk.ts';

let clock: ManualClock;
let disk: MemoryDisk;
let watch: HeartbeatWatch;

function start(mutants = new Set<string>()): HeartbeatWatch {
  const kept = new SlotFile(disk, 'heartbeat', TESTIMONY_FIELDS);
  return new HeartbeatWatch({ observer: 'host-R', of: 'host-P', clock, lostAfterMs: 3000, kept, mutants });
}

function beat(number: number, rest: Partial<Heartbeat> = {}): Heartbeat {
  return {
    from: 'host-P',
    system: 'P',
    beat: number,
    incarnation: 'first',
    generation: { number: 1, runId: 'initial', holder: 'P' },
    pairs: [],
    completedNumber: 0,
    completedAt: null,
    lastIoAgeMs: 0,
    storageAnswers: true,
    work: {
      running: true,
      generation: 1,
      lastCompletedTransaction: 0,
      completedTransactions: 0,
      ratePerSecond: 1,
      stoppedReason: null,
    },
    echo: null,
    ...rest,
  };
}

beforeEach(() => {
  clock = new ManualClock();
  disk = new MemoryDisk();
  watch = start();
});

describe('age by echo', () => {
  it('is unknown before an echo, and lost only once there was time to hear one', async () => {
    watch.receive(beat(1));
    expect(watch.view()).toMatchObject({ ageMs: null, lost: false });
    await clock.advance(3001);
    expect(watch.view()).toMatchObject({ ageMs: null, lost: true });
  });

  it('counts from the answer the beat had heard, plus the time its sender waited', async () => {
    watch.receive(beat(1));
    await clock.advance(1000);
    watch.receive(beat(2, { echo: { beat: 1, ageMs: 995 } }));
    expect(watch.view()).toMatchObject({ ageMs: 5, lost: false });
    await clock.advance(2996);
    expect(watch.view()).toMatchObject({ ageMs: 3001, lost: true });
  });

  it('never takes a delayed heartbeat for a fresh one', async () => {
    watch.receive(beat(1));
    await clock.advance(10_000);
    // Sent one second after beat 1 was answered, arriving nine seconds later.
    watch.receive(beat(2, { echo: { beat: 1, ageMs: 1000 } }));
    expect(watch.view()).toMatchObject({ ageMs: 9000, lost: true, last: { beat: 2 } });
  });

  it('would, with the seeded defect', async () => {
    watch = start(new Set(['delayed-heartbeat-fresh']));
    watch.receive(beat(1));
    await clock.advance(10_000);
    watch.receive(beat(2, { echo: { beat: 1, ageMs: 1000 } }));
    expect(watch.view()).toMatchObject({ ageMs: 0, lost: false });
  });

  it('ignores an echo of a beat it never answered, and one that claims to come from the future', async () => {
    watch.receive(beat(1));
    await clock.advance(100);
    watch.receive(beat(2, { echo: { beat: 77, ageMs: 0 } }));
    expect(watch.view().ageMs).toBeNull();
    watch.receive(beat(3, { echo: { beat: 1, ageMs: 1e9 } }));
    expect(watch.view().ageMs).toBe(0);
  });

  it('keeps the first answer of a beat that came twice', async () => {
    watch.receive(beat(1));
    await clock.advance(5000);
    watch.receive(beat(1));
    watch.receive(beat(2, { echo: { beat: 1, ageMs: 10 } }));
    expect(watch.view().ageMs).toBe(4990);
  });

  it('does not let an older beat that arrives later replace a newer one', () => {
    watch.receive(beat(2, { completedNumber: 20 }));
    watch.receive(beat(1, { completedNumber: 10 }));
    expect(watch.view()).toMatchObject({ last: { beat: 2 }, highestCompletedNumber: 20 });
  });

  it('recognises a restarted sender by its first provably newer beat, and then not the old one again', async () => {
    watch.receive(beat(8));
    await clock.advance(1000);
    watch.receive(beat(1, { incarnation: 'second' }));
    expect(watch.view().last?.incarnation).toBe('first');
    await clock.advance(1000);
    watch.receive(beat(2, { incarnation: 'second', echo: { beat: 1, ageMs: 990 } }));
    expect(watch.view()).toMatchObject({ ageMs: 10, last: { incarnation: 'second' } });
    await clock.advance(1000);
    watch.receive(beat(9, { echo: { beat: 8, ageMs: 500 } }));
    expect(watch.view().last?.incarnation).toBe('second');
  });
});

describe('testimony', () => {
  it('never shrinks, not by a delayed beat and not by a restart of the observer', () => {
    watch.receive(beat(1, { completedNumber: 50, completedAt: 500 }));
    watch.receive(beat(2, { completedNumber: 40, completedAt: 600 }));
    watch.receive(beat(3, { completedNumber: 0, generation: { number: 2, runId: 'a', holder: null } }));
    expect(watch.view()).toMatchObject({ highestCompletedNumber: 50, highestCompletedAt: 500 });
    expect(start().view()).toMatchObject({ highestCompletedNumber: 50, highestCompletedAt: 500, last: null });
  });

  it('starts anew once the system holds a newer generation, and no older beat brings the old number back', () => {
    watch.receive(beat(1, { completedNumber: 50 }));
    watch.receive(beat(2, { completedNumber: 41, generation: { number: 3, runId: 'b', holder: 'P' } }));
    watch.receive(beat(1, { completedNumber: 60 }));
    expect(watch.view().highestCompletedNumber).toBe(41);
  });

  it('starts anew with the holder of a generation that was first seen without one', () => {
    watch.receive(beat(1, { completedNumber: 50, generation: { number: 2, runId: 'a', holder: null } }));
    watch.receive(beat(2, { completedNumber: 41, generation: { number: 2, runId: 'a', holder: 'P' } }));
    expect(watch.view().highestCompletedNumber).toBe(41);
  });

  it('is still heard while the observer’s disk fails', () => {
    disk.broken = true;
    watch.receive(beat(1, { completedNumber: 7 }));
    expect(watch.view()).toMatchObject({ highestCompletedNumber: 7, last: { beat: 1 } });
  });
});
