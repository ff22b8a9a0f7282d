import { beforeEach, describe, expect, it } from 'vitest';
import type { DriverToken } from '../domain/generation.ts';
import { refusalOf } from '../domain/refusal.ts';
import { codeOf, FIRST, performing, SmallGroup } from './test-support/small-group.ts';
import { channelFrom } from './test-support/wire.ts';

const TAKEN = { number: 2, runId: 'a', holder: null };
const HELD_BY_R = { number: 2, runId: 'a', holder: 'R' };

let group: SmallGroup;

function token(claimEpoch: number, step = 1): DriverToken {
  return { generation: 1, runId: 'a', claimEpoch, step };
}

async function startWork(): Promise<void> {
  await performing(group, group.P, { verb: 'work-start', generation: 1, token: token(1) });
}

beforeEach(() => {
  group = new SmallGroup().start();
});

describe('heartbeats', () => {
  it('carry the testimony of storage, and are heard by the other host and the witness within seconds', async () => {
    group.P.storage.completedNumber = 42;
    await group.clock.advance(2500);
    const view = group.R.host.facts().heartbeats[0];
    expect(view).toMatchObject({
      observer: 'host-R',
      of: 'host-P',
      lost: false,
      highestCompletedNumber: 42,
      last: { storageAnswers: true, pairs: [{ name: 'P-I', state: 'duplex' }] },
    });
    expect(view?.ageMs).toBeLessThanOrEqual(1000);
    expect(group.witness.facts().heartbeats.map(({ of, lost }) => [of, lost])).toEqual([
      ['host-P', false],
      ['host-R', false],
    ]);
    expect(group.R.host.facts()).toMatchObject({ storageAnswers: true, witnessAnswers: true });
  });

  it('are missed after three seconds when the sender dies, and not before', async () => {
    await group.clock.advance(5000);
    group.silence(group.P);
    await group.clock.advance(2000);
    expect(group.R.host.facts().heartbeats[0]?.lost).toBe(false);
    await group.clock.advance(2001);
    expect(group.R.host.facts().heartbeats[0]?.lost).toBe(true);
    expect(group.witness.facts().heartbeats[0]?.lost).toBe(true);
  });

  it('that are delayed beyond the bound are lost though they keep arriving', async () => {
    await group.clock.advance(3000);
    group.P.toPeer.callDelayMs = 10_000;
    await group.clock.advance(30_000);
    const view = group.R.host.facts().heartbeats[0];
    expect(view?.lost).toBe(true);
    expect(view?.last?.beat).toBeGreaterThan(15);
    expect(group.witness.facts().heartbeats[0]?.lost).toBe(false);
  });

  it('go on when storage is silent, and say so with a growing age of its last access', async () => {
    await group.clock.advance(3000);
    group.P.toStorage.losesCalls = true;
    await group.clock.advance(6000);
    expect(group.R.host.facts().heartbeats[0]).toMatchObject({ lost: false, last: { storageAnswers: false } });
    expect(group.R.host.facts().heartbeats[0]?.last?.lastIoAgeMs).toBeGreaterThan(4000);
    expect(group.P.host.facts().storageAnswers).toBe(false);
  });

  it('of a restarted host are known as such', async () => {
    await group.clock.advance(3000);
    const before = group.R.host.facts().heartbeats[0]?.last;
    group.silence(group.P);
    group.restart(group.P);
    await group.clock.advance(3000);
    const { lost, last } = group.R.host.facts().heartbeats[0] ?? {};
    expect(lost).toBe(false);
    expect(last?.incarnation).not.toBe(before?.incarnation);
    expect(last?.beat).toBeLessThan((before?.beat ?? 0) + 1);
    expect(group.witness.facts().heartbeats[0]?.last?.incarnation).toBe(last?.incarnation);
  });

  it('cannot be sent by another process, nor with a wrong shape', async () => {
    const code = (params: unknown, name: string, groupName = 'demo'): Promise<string> =>
      group.R.host.handle('heartbeat', params, channelFrom({ group: groupName, name })).then(
        () => 'done',
        (error: unknown) => refusalOf(error).code,
      );
    await group.clock.advance(1000);
    const { last } = group.R.host.facts().heartbeats[0] ?? {};
    expect(await code(last, 'host-P')).toBe('done');
    expect(await code(last, 'P')).toBe('forbidden');
    expect(await code(last, 'host-P', 'other')).toBe('forbidden');
    expect(await code({ ...last, beat: 'x' }, 'host-P')).toBe('bad-request');
  });
});

describe('work', () => {
  it('starts on the host of the holder, once storage takes writes', async () => {
    group.P.storage.accepted = false;
    expect(await codeOf(group.P.host.perform({ verb: 'work-start', generation: 1, token: token(1) }))).toBe(
      'wrong-role',
    );
    expect(await codeOf(group.R.host.perform({ verb: 'work-start', generation: 1, token: token(1) }))).toBe(
      'wrong-role',
    );
    expect(await codeOf(group.P.host.perform({ verb: 'work-start', generation: 2, token: token(1) }))).toBe(
      'stale-generation',
    );
    group.P.storage.accepted = true;
    await startWork();
    await group.clock.advance(1000);
    expect(group.P.host.facts().work).toMatchObject({ running: true, generation: 1, stoppedReason: null });
    expect(group.P.host.facts().work.lastCompletedTransaction).toBeGreaterThan(5);
  });

  it('stops by instruction and stays stopped over a restart, with its reason', async () => {
    await startWork();
    await group.clock.advance(500);
    expect(
      await performing(group, group.P, { verb: 'work-stop', token: token(2), reason: 'switch-over' }),
    ).toMatchObject({
      work: { running: false, stoppedReason: 'switch-over' },
    });
    group.restart(group.P);
    await group.clock.advance(2000);
    expect(group.P.host.facts().work).toMatchObject({ running: false, stoppedReason: 'switch-over' });
  });

  it('is resumed by a restarted host where it was running', async () => {
    await startWork();
    await group.clock.advance(500);
    const before = group.P.host.facts().work.lastCompletedTransaction;
    group.silence(group.P);
    group.restart(group.P);
    await group.clock.advance(1000);
    expect(group.P.host.facts().work).toMatchObject({ running: true });
    expect(group.P.host.facts().work.lastCompletedTransaction).toBeGreaterThan(before);
  });

  it('waits after a restart until storage takes writes, and says what it waits for', async () => {
    await startWork();
    group.silence(group.P);
    group.P.storage.accepted = false;
    group.restart(group.P);
    await group.clock.advance(1000);
    expect(group.P.host.facts().work).toMatchObject({
      running: false,
      stoppedReason: expect.stringContaining('it is a copy'),
    });
    group.P.storage.accepted = true;
    await group.clock.advance(6000);
    expect(group.P.host.facts().work.running).toBe(true);
  });

  it('keeps its rate over a restart', async () => {
    await startWork();
    await performing(group, group.P, { verb: 'work-rate', transactionsPerSecond: 3 });
    group.silence(group.P);
    group.restart(group.P);
    expect(group.P.host.facts().work.ratePerSecond).toBe(3);
  });

  it('that storage refuses ends for good, with the reason storage gives', async () => {
    await startWork();
    group.P.storage.accepted = false;
    group.P.storage.volume.refusal = 'EPERM';
    await group.clock.advance(1000);
    expect(group.P.host.facts().work).toMatchObject({
      running: false,
      stoppedReason: expect.stringContaining('it is a copy'),
    });
    group.P.storage.accepted = true;
    group.P.storage.volume.refusal = null;
    group.silence(group.P);
    group.restart(group.P);
    await group.clock.advance(10_000);
    expect(group.P.host.facts().work).toMatchObject({
      running: false,
      stoppedReason: expect.stringContaining('EPERM'),
    });
  });
});

describe('generations', () => {
  it('are on disk before the answer, and end work of another holder at once', async () => {
    await startWork();
    await group.clock.advance(500);
    group.P.storage.volume.holdAnswers = true;
    await group.clock.advance(500);
    const before = group.P.host.facts().work.lastCompletedTransaction;
    const reply = await performing(group, group.P, {
      verb: 'raise-host-generation',
      generation: TAKEN,
      token: token(5),
    });
    expect(reply).toMatchObject({ verb: 'host-fenced', generation: TAKEN, work: { running: false } });
    while (group.P.storage.volume.heldAnswers > 0) group.P.storage.volume.answer(0);
    await group.clock.advance(1000);
    expect(group.P.host.facts().work.lastCompletedTransaction).toBe(before);
    group.silence(group.P);
    group.restart(group.P);
    await group.clock.advance(2000);
    expect(group.P.host.facts()).toMatchObject({
      generation: TAKEN,
      work: { running: false, stoppedReason: expect.stringContaining('Generation 2') },
    });
  });

  it('may be told twice, then with their holder, never an older one or another run’s', async () => {
    const raise = (generation: typeof FIRST | typeof TAKEN): Promise<string> =>
      codeOf(group.R.host.perform({ verb: 'raise-host-generation', generation, token: token(5) }));
    expect(await raise(TAKEN)).toBe('done');
    expect(await raise(TAKEN)).toBe('done');
    expect(await raise(HELD_BY_R)).toBe('done');
    expect(await raise(TAKEN)).toBe('done');
    expect(group.R.host.facts().generation).toEqual(HELD_BY_R);
    expect(await raise({ ...HELD_BY_R, holder: 'P' })).toBe('stale-generation');
    expect(await raise({ ...TAKEN, runId: 'b' })).toBe('stale-generation');
    expect(await raise(FIRST)).toBe('stale-generation');
    expect(group.R.host.facts().generation).toEqual(HELD_BY_R);
  });

  it('let the same holder go on under a newer one', async () => {
    await startWork();
    await performing(group, group.P, {
      verb: 'raise-host-generation',
      generation: { number: 2, runId: 'a', holder: 'P' },
      token: token(5),
    });
    await group.clock.advance(500);
    expect(group.P.host.facts().work).toMatchObject({ running: true, generation: 2 });
    group.silence(group.P);
    group.restart(group.P);
    await group.clock.advance(500);
    expect(group.P.host.facts().work).toMatchObject({ running: true, generation: 2 });
  });

  it.each([
    [
      'its storage system',
      () => {
        group.P.storage.generation = HELD_BY_R;
      },
    ],
    [
      'the other host',
      () => {
        group.R.storage.generation = HELD_BY_R;
      },
    ],
  ])('heard from %s end the work of the demoted for good', async (_who, raise) => {
    await startWork();
    await group.clock.advance(500);
    raise();
    await group.clock.advance(3000);
    expect(group.P.host.facts()).toMatchObject({ generation: HELD_BY_R, work: { running: false } });
    group.P.toPeer.up = false;
    group.silence(group.P);
    group.restart(group.P);
    await group.clock.advance(2000);
    expect(group.P.host.facts().work).toMatchObject({
      running: false,
      stoppedReason: expect.stringContaining('holder is R'),
    });
  });

  it('end the work also where the host’s disk cannot record them', async () => {
    await startWork();
    group.P.disk.broken = 'host';
    group.P.storage.generation = HELD_BY_R;
    await group.clock.advance(2000);
    expect(group.P.host.facts().work.running).toBe(false);
  });

  it('move the work: raise, promote, start on the other host, which goes on with the numbering', async () => {
    await startWork();
    await group.clock.advance(1000);
    group.silence(group.P);
    const through = group.P.host.facts().work.lastCompletedTransaction;
    group.R.storage.volume.bytes.set(group.P.storage.volume.bytes);
    expect(await performing(group, group.R, { verb: 'register-fence', expected: 1, runId: 'a' })).toMatchObject({
      record: { generation: TAKEN },
    });
    await performing(group, group.R, { verb: 'register-holder', generation: 2, runId: 'a', holder: 'R' });
    await performing(group, group.R, { verb: 'raise-host-generation', generation: HELD_BY_R, token: token(5, 2) });
    group.R.storage.accepted = true;
    await performing(group, group.R, { verb: 'work-start', generation: 2, token: token(5, 3) });
    await group.clock.advance(1000);
    expect(group.R.host.facts().work.lastCompletedTransaction).toBeGreaterThan(through);
    const verify = {
      verb: 'ledger-verify',
      completedThrough: through,
      source: 'host-P’s record',
      generation: 1,
    } as const;
    expect(await performing(group, group.R, verify)).toMatchObject({
      report: { missingCount: 0, corrupt: 0, verifiedOn: 'R', balance: { adds: true } },
    });
    expect(
      await performing(group, group.R, { verb: 'ledger-verify', completedThrough: null, source: '' }),
    ).toMatchObject({
      report: { source: 'host-R’s own record', missingCount: 0 },
    });
  });
});

describe('drivers', () => {
  it('of an older claim or step have no effect, also after a restart', async () => {
    await performing(group, group.P, { verb: 'raise-host-generation', generation: FIRST, token: token(5, 3) });
    group.restart(group.P);
    for (const older of [token(4, 9), token(5, 2)]) {
      expect(
        await codeOf(group.P.host.perform({ verb: 'raise-host-generation', generation: TAKEN, token: older })),
      ).toBe('stale-driver');
      expect(await codeOf(group.P.host.perform({ verb: 'work-start', generation: 1, token: older }))).toBe(
        'stale-driver',
      );
      expect(await codeOf(group.P.host.perform({ verb: 'work-stop', token: older, reason: 'x' }))).toBe('stale-driver');
    }
    expect(group.P.host.facts()).toMatchObject({ generation: FIRST, work: { running: false } });
    expect(await codeOf(performing(group, group.P, { verb: 'work-start', generation: 1, token: token(5, 3) }))).toBe(
      'done',
    );
  });
});

describe('relays', () => {
  it('hands instructions to its storage system, which knows the way to the target', async () => {
    const instruction = { verb: 'split', pair: 'I-R', token: token(1) } as const;
    expect(await performing(group, group.R, { verb: 'storage', target: 'I', instruction })).toEqual({
      verb: 'storage',
      reply: { verb: 'pair', pair: null },
    });
    expect(group.R.storage.relayed).toEqual([{ target: 'I', instruction }]);
  });

  it('gives an instruction that waits its own time', async () => {
    group.R.toStorage.losesCalls = true;
    const code = codeOf(
      group.R.host.perform({
        verb: 'storage',
        target: 'I',
        instruction: { verb: 'wait-pair', pair: 'I-R', states: ['duplex'], timeoutMs: 60_000 },
      }),
    );
    let answered = false;
    void code.then(() => {
      answered = true;
    });
    await group.clock.advance(65_000);
    expect(answered).toBe(false);
    await group.clock.advance(10_000);
    expect(await code).toBe('timeout');
  });

  it('says who does not answer', async () => {
    group.R.toStorage.up = false;
    group.R.toWitness.up = false;
    group.R.toPeer.up = false;
    await group.clock.advance(4000);
    expect(await codeOf(group.R.host.perform({ verb: 'storage', target: 'R', instruction: { verb: 'query' } }))).toBe(
      'unreachable',
    );
    expect(await codeOf(group.R.host.perform({ verb: 'register-read' }))).toBe('unreachable');
    expect(await codeOf(group.R.host.perform({ verb: 'peer-host', instruction: { verb: 'host-facts' } }))).toBe(
      'unreachable',
    );
    expect(await codeOf(group.R.host.perform({ verb: 'ledger-verify', completedThrough: 1, source: 'x' }))).toBe(
      'unreachable',
    );
    expect(group.R.host.facts()).toMatchObject({ witnessAnswers: false, storageAnswers: false });
  });

  it('fences the other host through the host line, and asks the witness', async () => {
    await startWork();
    const reply = await performing(group, group.R, {
      verb: 'peer-host',
      instruction: { verb: 'raise-host-generation', generation: TAKEN, token: token(5) },
    });
    expect(reply).toMatchObject({ verb: 'host-fenced', generation: TAKEN, work: { running: false } });
    expect(group.P.host.facts()).toMatchObject({ generation: TAKEN, work: { running: false } });
    expect(await performing(group, group.R, { verb: 'witness-facts' })).toMatchObject({
      facts: { register: { state: 'alone' }, heartbeats: [{ of: 'host-P' }, { of: 'host-R' }] },
    });
  });

  it('lets another host ask for facts and fence, and nothing else; agents everything; others nothing', async () => {
    const code = (params: unknown, peer: { group: string; name: string }): Promise<string> =>
      group.P.host.handle('host', params, channelFrom(peer)).then(
        () => 'done',
        (error: unknown) => refusalOf(error).code,
      );
    const peer = { group: 'demo', name: 'host-R' };
    expect(await code({ verb: 'host-facts' }, peer)).toBe('done');
    expect(await code({ verb: 'work-rate', transactionsPerSecond: 1 }, peer)).toBe('bad-request');
    expect(await code({ verb: 'host-facts' }, { group: 'demo', name: 'P' })).toBe('forbidden');
    expect(await code({ verb: 'work-rate', transactionsPerSecond: 1 }, { group: '', name: 'agent:production' })).toBe(
      'done',
    );
    expect(await code({ verb: 'host-facts' }, { group: 'other', name: 'host-R' })).toBe('forbidden');
    expect(await codeOf(group.P.host.perform({ verb: 'nonsense' }))).toBe('bad-request');
  });
});

describe('a damaged record', () => {
  it('leaves a host that does not work until it is told its generation again', async () => {
    await startWork();
    group.silence(group.P);
    const bytes = group.P.disk.files.get('host');
    if (bytes) bytes[20] = (bytes[20] ?? 0) ^ 1;
    group.restart(group.P);
    await group.clock.advance(500);
    expect(group.P.host.facts().work).toMatchObject({
      running: false,
      stoppedReason: expect.stringContaining('cannot be read'),
    });
  });
});
