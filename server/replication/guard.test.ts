/** What the destination of the guarded pair vouches for, and what it must never vouch for (1b rules 2, 3). Found by review. */
import { describe, expect, it } from 'vitest';
import type { RegisterRecord } from '../domain/generation.ts';
import type { FenceLevel } from '../domain/storage-controller.ts';
import type { Verdict } from '../domain/verdict.ts';
import { judgeChain } from '../domain/verdict-chain.ts';
import { outcomeOf } from '../simulation/testing/refusals.ts';
import { SimulatedStorage } from '../simulation/testing/storage-world.ts';

const BLOCK = new Uint8Array(512).fill(7);
const at = (group: SimulatedStorage, track: number) => track * group.definition.trackBytes;

/** The verdict after P was lost, without any heartbeat to help. */
async function judge(group: SimulatedStorage, level: FenceLevel): Promise<Verdict> {
  const evidence = await group.fence('failover-1', ['R', 'I']);
  // The witness answers a read with its record.
  const answer = group.witness?.perform({ verb: 'register-read' }, { group: 'test', name: 'control' });
  if (!answer) throw new Error('this group has no witness');
  const { record } = answer as { record: RegisterRecord };
  await group.world.scheduler.sleep(300);
  if (group.pairOf('R', 'I')?.state === 'duplex') await group.drain('R', 'I', 'R');
  const { consistent, consistentNumber, lineage, evidenceLost } = group.facts('R');
  return judgeChain({
    writer: 'P',
    survivor: 'R',
    guard: { system: 'I', pair: 'P-I', level },
    fenceGeneration: group.generation.number,
    fences: [...evidence.values()],
    register: record,
    heartbeats: [],
    image: { consistent, number: consistentNumber, lineage, evidenceLost, stampedAt: null },
    entries: null,
  });
}

async function formed(group: SimulatedStorage): Promise<void> {
  await group.form();
  for (let track = 0; track < 4; track += 1) await group.write('P', 0, at(group, track), BLOCK);
  await group.world.scheduler.sleep(600);
}

describe('a guard', () => {
  it('vouches for a pair that it was joined to', async () => {
    const group = new SimulatedStorage('guard-joined', { fence: 'status' });
    await group.run(async () => {
      await formed(group);
      group.kill('P');
      expect((await judge(group, 'status')).kind).toBe('no-data-loss');
    });
  });

  it('does not forget that its source went alone when it is turned round and back', async () => {
    const group = new SimulatedStorage('guard-turned', { fence: 'status' });
    await group.run(async () => {
      await formed(group);
      group.cut('P', 'witness');
      await group.split('P', 'P', 'I');
      await group.world.scheduler.sleep(700);
      group.cut('P', 'I');
      await group.world.scheduler.sleep(3500);
      await outcomeOf(group.instruct('I', { verb: 'reverse', pair: 'I-P', token: group.token() }));
      await outcomeOf(group.instruct('I', { verb: 'reverse', pair: 'P-I', token: group.token() }));
      expect(await group.write('P', 0, at(group, 9), BLOCK)).toBe(0);
      group.kill('P');
      group.heal('P', 'witness');
      expect((await judge(group, 'status')).kind).toBe('unknown');
    });
  });

  it.each(['status', 'data'] as const)(
    'does not vouch under %s for a pair of which its source has not heard',
    async (fence) => {
      const group = new SimulatedStorage(`guard-half-created-${fence}`, { fence });
      await group.run(async () => {
        await formed(group);
        await group.split('I', 'I', 'R');
        group.cut('P', 'witness');
        await group.instruct('P', { verb: 'delete', pair: 'P-I', token: group.token() });
        const created = outcomeOf(group.create('P', 'I', 'sync'));
        // In small steps, so that I's answer is still under way.
        for (let step = 0; step < 400 && !group.pairOf('I', 'P'); step += 1) await group.world.scheduler.sleep(0.05);
        group.cut('P', 'I');
        await created;
        expect([group.pairOf('I', 'P')?.state, group.pairOf('P', 'I')]).toEqual(['simplex', null]);
        const before = group.facts('P').completedNumber;
        expect(await group.write('P', 0, at(group, 9), BLOCK)).toBe(0);
        expect(group.facts('P').completedNumber).toBe(before + 1);
        group.kill('P');
        expect((await judge(group, fence)).kind).toBe('unknown');
      });
    },
  );
});

describe('writes held when a copy begins', () => {
  it('are not complete because the copy has a base', async () => {
    const timing = { retryMs: 400, callMs: 3000, holdWritesMs: 5000 };
    const group = new SimulatedStorage('guard-held', { fence: 'status', timing });
    await group.run(async () => {
      const { scheduler } = group.world;
      await formed(group);
      await group.split('I', 'I', 'R');
      group.cut('P', 'witness');
      group.cut('P', 'I');
      let stateWhenAnswered: string | null = null;
      const written = group.write('P', 0, at(group, 9), BLOCK).then(() => {
        stateWhenAnswered = group.pairOf('P', 'I')?.state ?? 'absent';
      });
      await scheduler.until(() => group.pairOf('P', 'I')?.state === 'failure-suspend', 3000);
      group.blip('P', 'I');
      await scheduler.sleep(5);
      group.heal('P', 'I');
      await scheduler.until(() => group.pairOf('I', 'P')?.state !== 'duplex', 5000);
      await outcomeOf(group.instruct('P', { verb: 'resync', pair: 'P-I', token: group.token() }));
      await written;
      expect(stateWhenAnswered).toBe('duplex');
    });
  });
});

describe('a system about to be rebuilt', () => {
  it('does not begin to lead on before the copy’s first session has come', async () => {
    const group = new SimulatedStorage('guard-awaits-copy');
    const [near, far] = [group.definition.lines['P-I'], group.definition.lines['I-R']];
    if (!near || !far) throw new Error('chain-3 has lost its lines');
    near.km = 2000;
    far.km = 10;
    await group.run(async () => {
      await formed(group);
      await group.split('I', 'I', 'R');
      await group.split('P', 'P', 'I');
      for (let track = 0; track < 12; track += 1) await group.write('P', 0, at(group, track), BLOCK);
      const first = outcomeOf(group.instruct('P', { verb: 'resync', pair: 'P-I', token: group.token() }));
      await group.world.scheduler.sleep(12);
      const second = outcomeOf(group.instruct('I', { verb: 'resync', pair: 'I-R', token: group.token() }));
      expect([await first, await second]).toEqual(['done', 'other-copier']);
    });
  });
});
