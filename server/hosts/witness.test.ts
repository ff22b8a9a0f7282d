import { beforeEach, describe, expect, it } from 'vitest';
import type { WitnessInstruction, WitnessReply } from '../domain/host.ts';
import { refusalOf } from '../domain/refusal.ts';
import { ManualClock } from './test-support/manual-clock.ts';
import { MemoryDisk } from './test-support/memory-disk.ts';
import { keptLog } from './test-support/small-ports.ts';
import { channelFrom } from './test-support/wire.ts';
import { Witness } from './witness.ts';

const OPTIONS = {
  group: 'demo',
  firstHolder: 'P',
  systems: ['P', 'I', 'R'],
  hosts: ['host-P', 'host-R'],
  lostAfterMs: 3000,
};
const P = { group: 'demo', name: 'P' };

let disk: MemoryDisk;
let witness: Witness;

function start(mutants = new Set<string>()): Witness {
  return new Witness({ clock: new ManualClock(), disk, log: keptLog() }, { ...OPTIONS, mutants });
}

function tell(instruction: WitnessInstruction): WitnessReply {
  return witness.perform(instruction, P);
}

function codeOf(instruction: WitnessInstruction): string {
  try {
    tell(instruction);
  } catch (error) {
    return refusalOf(error).code;
  }
  return 'done';
}

/** What a witness started anew on the same disk says. */
function kept(): unknown {
  const reply = start().perform({ verb: 'register-read' }, P);
  return reply.verb === 'register' ? reply.record : null;
}

beforeEach(() => {
  disk = new MemoryDisk();
  witness = start();
});

describe('the register', () => {
  it('begins with the normal holder and no pair joined', () => {
    expect(kept()).toEqual({
      generation: { number: 1, runId: 'initial', holder: 'P' },
      epoch: 0,
      state: 'alone',
      number: 0,
    });
  });

  it('gives the next generation, durable before it is answered', () => {
    expect(tell({ verb: 'register-fence', expected: 1, runId: 'a' })).toMatchObject({
      record: { generation: { number: 2, runId: 'a', holder: null } },
    });
    expect(kept()).toMatchObject({ generation: { number: 2, runId: 'a', holder: null } });
  });

  it('gives the same run the same generation again, also after a restart and after the holder was named', () => {
    tell({ verb: 'register-fence', expected: 1, runId: 'a' });
    witness = start();
    expect(tell({ verb: 'register-fence', expected: 1, runId: 'a' })).toMatchObject({
      record: { generation: { number: 2 } },
    });
    tell({ verb: 'register-holder', generation: 2, runId: 'a', holder: 'R' });
    expect(tell({ verb: 'register-fence', expected: 2, runId: 'a' })).toMatchObject({
      record: { generation: { number: 2, holder: 'R' } },
    });
  });

  it('refuses a run that expected another generation, and a run whose generation was outdated', () => {
    tell({ verb: 'register-fence', expected: 1, runId: 'a' });
    expect(codeOf({ verb: 'register-fence', expected: 1, runId: 'b' })).toBe('stale-generation');
    tell({ verb: 'register-fence', expected: 2, runId: 'b' });
    expect(codeOf({ verb: 'register-fence', expected: 1, runId: 'a' })).toBe('stale-generation');
    expect(codeOf({ verb: 'register-holder', generation: 2, runId: 'a', holder: 'R' })).toBe('stale-generation');
    expect(kept()).toMatchObject({ generation: { number: 3, runId: 'b', holder: null } });
  });

  it('names one holder per generation', () => {
    tell({ verb: 'register-fence', expected: 1, runId: 'a' });
    expect(codeOf({ verb: 'register-holder', generation: 2, runId: 'a', holder: 'X' })).toBe('unknown-system');
    tell({ verb: 'register-holder', generation: 2, runId: 'a', holder: 'R' });
    expect(codeOf({ verb: 'register-holder', generation: 2, runId: 'a', holder: 'R' })).toBe('done');
    expect(codeOf({ verb: 'register-holder', generation: 2, runId: 'a', holder: 'P' })).toBe('wrong-state');
  });

  it('lets a new holder begin alone, so that the join of the holder before it proves nothing of its writes', () => {
    tell({ verb: 'register-split', generation: 1, epoch: 1, state: 'joined', number: 10 });
    tell({ verb: 'register-fence', expected: 1, runId: 'a' });
    tell({ verb: 'register-holder', generation: 2, runId: 'a', holder: 'P' });
    expect(kept()).toMatchObject({ epoch: 1, state: 'alone', generation: { number: 2, holder: 'P' } });
    expect(codeOf({ verb: 'register-split', generation: 2, epoch: 2, state: 'joined', number: 20 })).toBe('done');
  });

  it('keeps the evidence through a fence and refuses splits of the older generation', () => {
    tell({ verb: 'register-split', generation: 1, epoch: 1, state: 'joined', number: 10 });
    tell({ verb: 'register-fence', expected: 1, runId: 'a' });
    expect(kept()).toMatchObject({ epoch: 1, state: 'joined', number: 10 });
    expect(codeOf({ verb: 'register-split', generation: 1, epoch: 1, state: 'alone', number: 11 })).toBe(
      'stale-generation',
    );
    expect(codeOf({ verb: 'register-split', generation: 3, epoch: 1, state: 'alone', number: 11 })).toBe(
      'stale-generation',
    );
    expect(kept()).toMatchObject({ state: 'joined' });
  });

  it('refuses a late joined, whether its epoch is the present one or skips one', () => {
    tell({ verb: 'register-split', generation: 1, epoch: 1, state: 'joined', number: 10 });
    tell({ verb: 'register-split', generation: 1, epoch: 1, state: 'alone', number: 20 });
    expect(codeOf({ verb: 'register-split', generation: 1, epoch: 1, state: 'joined', number: 10 })).toBe(
      'version-changed',
    );
    expect(codeOf({ verb: 'register-split', generation: 1, epoch: 3, state: 'joined', number: 30 })).toBe(
      'version-changed',
    );
    expect(codeOf({ verb: 'register-split', generation: 1, epoch: 0, state: 'alone', number: 5 })).toBe(
      'version-changed',
    );
    expect(kept()).toMatchObject({ epoch: 1, state: 'alone', number: 20 });
  });

  it('takes a late joined with the seeded defect', () => {
    witness = start(new Set(['late-joined-accepted']));
    tell({ verb: 'register-split', generation: 1, epoch: 4, state: 'alone', number: 20 });
    tell({ verb: 'register-split', generation: 1, epoch: 1, state: 'joined', number: 10 });
    expect(kept()).toMatchObject({ epoch: 1, state: 'joined' });
  });

  it('lets an alone that carries the epoch of an attempted join outdate that join', () => {
    tell({ verb: 'register-split', generation: 1, epoch: 1, state: 'alone', number: 20 });
    expect(codeOf({ verb: 'register-split', generation: 1, epoch: 1, state: 'joined', number: 19 })).toBe(
      'version-changed',
    );
    expect(kept()).toMatchObject({ epoch: 1, state: 'alone' });
  });

  it('takes a repeated record as done and keeps the first number of a split', () => {
    tell({ verb: 'register-split', generation: 1, epoch: 1, state: 'joined', number: 10 });
    expect(codeOf({ verb: 'register-split', generation: 1, epoch: 1, state: 'joined', number: 12 })).toBe('done');
    expect(kept()).toMatchObject({ epoch: 1, state: 'joined', number: 10 });
    tell({ verb: 'register-split', generation: 1, epoch: 1, state: 'alone', number: 20 });
    tell({ verb: 'register-split', generation: 1, epoch: 1, state: 'alone', number: 25 });
    expect(kept()).toMatchObject({ state: 'alone', number: 20 });
  });

  it('takes the number of a newer generation, for it belongs to another history', () => {
    tell({ verb: 'register-split', generation: 1, epoch: 1, state: 'alone', number: 20 });
    tell({ verb: 'register-fence', expected: 1, runId: 'a' });
    tell({ verb: 'register-split', generation: 2, epoch: 1, state: 'alone', number: 15 });
    expect(kept()).toMatchObject({ number: 15 });
  });

  it('confirms the holder of the present generation and nobody else', () => {
    const confirm = (system: string, generation: number): unknown => {
      const reply = tell({ verb: 'register-confirm', system, generation });
      return reply.verb === 'confirmed' && reply.yes;
    };
    expect(confirm('P', 1)).toBe(true);
    expect(confirm('I', 1)).toBe(false);
    tell({ verb: 'register-fence', expected: 1, runId: 'a' });
    expect([confirm('P', 1), confirm('P', 2), confirm('R', 2)]).toEqual([false, false, false]);
    tell({ verb: 'register-holder', generation: 2, runId: 'a', holder: 'R' });
    expect([confirm('R', 2), confirm('P', 2), confirm('R', 3)]).toEqual([true, false, false]);
  });

  it('answers nothing it could not make durable, and then tells what is on disk', () => {
    disk.broken = true;
    expect(codeOf({ verb: 'register-fence', expected: 1, runId: 'a' })).toBe('disk-fault');
    expect(codeOf({ verb: 'register-read' })).toBe('disk-fault');
    disk.broken = false;
    expect(tell({ verb: 'register-read' })).toMatchObject({ record: { generation: { number: 1 } } });
    expect(tell({ verb: 'register-fence', expected: 1, runId: 'b' })).toMatchObject({
      record: { generation: { number: 2, runId: 'b' } },
    });
  });

  it('never takes a damaged register for a first start', () => {
    const bytes = disk.files.get('register');
    if (bytes) bytes[20] = (bytes[20] ?? 0) ^ 1;
    witness = start();
    expect(codeOf({ verb: 'register-read' })).toBe('disk-fault');
    expect(codeOf({ verb: 'register-fence', expected: 1, runId: 'a' })).toBe('disk-fault');
    expect(witness.facts().register).toBeNull();
  });

  it('dies at any write with the old or the new record whole on disk', () => {
    disk.beforeChange = () => {
      throw new Error('killed');
    };
    expect(() => tell({ verb: 'register-fence', expected: 1, runId: 'a' })).toThrow('killed');
    disk.beforeChange = null;
    expect(kept()).toMatchObject({ generation: { number: 1 } });
  });
});

describe('who may say what', () => {
  it('refuses other groups, other methods, malformed instructions and the heartbeats of others', async () => {
    const code = (method: string, params: unknown, peer = P): Promise<string> =>
      witness.handle(method, params, channelFrom(peer)).then(
        () => 'done',
        (error: unknown) => refusalOf(error).code,
      );
    expect(await code('witness', { verb: 'register-read' })).toBe('done');
    expect(await code('witness', { verb: 'register-read' }, { group: 'other', name: 'P' })).toBe('forbidden');
    expect(await code('storage', { verb: 'register-read' })).toBe('bad-request');
    expect(await code('witness', { verb: 'register-fence', expected: -1, runId: 'a' })).toBe('bad-request');
    expect(await code('witness', null)).toBe('bad-request');
    expect(await code('witness', { verb: 'register-fence', expected: 1, runId: 'initial' })).toBe('bad-request');
    const beat = {
      from: 'host-P',
      system: 'P',
      beat: 1,
      incarnation: 'a',
      generation: { number: 1, runId: 'initial', holder: 'P' },
      pairs: [],
      completedNumber: 3,
      completedAt: 1,
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
    };
    expect(await code('witness', { verb: 'heartbeat', beat })).toBe('forbidden');
    expect(await code('witness', { verb: 'heartbeat', beat }, { group: 'demo', name: 'host-P' })).toBe('done');
    expect(witness.facts().heartbeats.map((view) => view.highestCompletedNumber)).toEqual([3, 0]);
    expect(
      start()
        .facts()
        .heartbeats.map((view) => view.highestCompletedNumber),
    ).toEqual([3, 0]);
  });
});
