/** What a host write gets, by fence level, by who can be reached, and by who holds the host role (1b rules 3, 4, 6, 18). */
import { describe, expect, it } from 'vitest';
import type { FenceLevel } from '../domain/storage-controller.ts';
import { SimulatedStorage } from '../simulation/testing/storage-world.ts';
import { EINVAL, EIO, ENOSPC, EPERM } from './host-gate.ts';
import { HostLoad } from './testing/host-load.ts';
import type { TestSettings } from './testing/test-world.ts';

function groupOf(settings: TestSettings = {}) {
  return new SimulatedStorage('host-writes', settings);
}

const BLOCK = new Uint8Array(512).fill(9);

async function formed(fence: FenceLevel) {
  const group = groupOf({ fence });
  return { group, scheduler: group.world.scheduler };
}

describe('with the line P–I cut, a host write', () => {
  it('under `never` completes alone once the pair has failed, and is copied later', async () => {
    const { group, scheduler } = await formed('never');
    await group.run(async () => {
      await group.form();
      group.cut('P', 'I');
      expect(await group.write('P', 0, 4096, BLOCK)).toBe(0);
      expect(group.pairOf('P', 'I')?.state).toBe('failure-suspend');
      expect(group.pairOf('P', 'I')?.dirtyTracks).toBe(1);
      group.heal('P', 'I');
      await scheduler.sleep(3000);
      await group.mend();
      expect(await group.equalises()).toBe(true);
    });
  });

  it('under `data` is refused, the one under way too, until the pair is in duplex again', async () => {
    const { group, scheduler } = await formed('data');
    await group.run(async () => {
      await group.form();
      group.cut('P', 'I');
      expect(await group.write('P', 0, 4096, BLOCK)).toBe(EIO);
      expect(await group.write('P', 0, 4096, BLOCK)).toBe(EIO);
      expect(group.facts('P').hostWrites).toEqual({
        accepted: false,
        reason: 'fence level data: the pair is in failure-suspend',
      });
      group.heal('P', 'I');
      await scheduler.sleep(3000);
      await group.mend();
      expect(await group.write('P', 0, 4096, BLOCK)).toBe(0);
      expect(await group.equalises()).toBe(true);
    });
  });

  it('under `status` completes only once the register has `alone` on record', async () => {
    const { group, scheduler } = await formed('status');
    await group.run(async () => {
      await group.form();
      await scheduler.until(() => group.witness?.facts().register?.state === 'joined', 2000);
      expect(group.witness?.facts().register).toMatchObject({ state: 'joined', epoch: 1 });
      group.cut('P', 'I');
      expect(await group.write('P', 0, 4096, BLOCK)).toBe(0);
      expect(group.witness?.facts().register).toMatchObject({ state: 'alone', epoch: 1 });
      group.heal('P', 'I');
      await scheduler.sleep(3000);
      await group.mend();
      await scheduler.until(() => group.witness?.facts().register?.state === 'joined', 2000);
      expect(group.witness?.facts().register).toMatchObject({ state: 'joined', epoch: 2 });
    });
  });

  it('under `status` and without the register is held for a bound, fails, and never completes', async () => {
    const { group, scheduler } = await formed('status');
    await group.run(async () => {
      await group.form();
      group.kill('witness');
      group.cut('P', 'I');
      const before = group.facts('P').completedNumber;
      const begun = scheduler.nowMs;
      const writing = group.write('P', 0, 4096, BLOCK);
      await scheduler.until(() => group.facts('P').hostWrites.reason !== 'generation 1', 2000);
      expect(group.facts('P').hostWrites.reason).toBe('held until the split is on record');
      expect(await writing).toBe(EIO);
      expect(scheduler.nowMs - begun).toBeGreaterThan(700);
      expect(group.facts('P').completedNumber).toBe(before);
      // Whoever comes later is held and refused in the same way.
      expect(await group.write('P', 0, 4096, BLOCK)).toBe(EIO);
    });
  });
});

describe('a host write', () => {
  it('goes on in duplex while the register is out of reach', async () => {
    const { group } = await formed('status');
    await group.run(async () => {
      await group.form();
      group.kill('witness');
      for (let round = 0; round < 5; round += 1) expect(await group.write('P', 1, round * 512, BLOCK)).toBe(0);
    });
  });

  it('completes alone where only the destination was told so, and that is on record there', async () => {
    const { group, scheduler } = await formed('status');
    await group.run(async () => {
      await group.form();
      group.kill('witness');
      await group.split('P', 'P', 'I');
      expect(await group.write('P', 0, 0, BLOCK)).toBe(0);
      group.start('witness');
      await scheduler.sleep(1000);
      const evidence = await group.fence('takeover', ['I']);
      expect(evidence.get('I')?.pairs.find((pair) => pair.name === 'P-I')?.aloneSeen).toBe(true);
    });
  });

  it('is on both ends when it is answered in duplex', async () => {
    const { group } = await formed('data');
    const load = new HostLoad(group, 3);
    await group.run(async () => {
      await group.form();
      for (let round = 0; round < 40; round += 1) {
        await load.one('P');
        expect(load.missingAt('I')).toEqual([]);
      }
    });
  });

  it('longer than an entry may be takes several numbers and is answered once', async () => {
    const { group } = await formed('status');
    await group.run(async () => {
      await group.form();
      const long = new Uint8Array(200 * 1024).map((_, index) => index % 253);
      const before = group.facts('P').lastNumber;
      expect(await group.write('P', 1, 8192, long)).toBe(0);
      expect(group.facts('P').lastNumber - before).toBeGreaterThan(3);
      expect(await group.equalises()).toBe(true);
      expect(
        group
          .contents('I')
          .subarray(256 * 1024 + 8192, 256 * 1024 + 8192 + long.length)
          .equals(long),
      ).toBe(true);
    });
  });

  it('of zeros is a numbered update that means zeros everywhere', async () => {
    const { group } = await formed('status');
    await group.run(async () => {
      await group.form();
      await group.write('P', 0, 0, new Uint8Array(64 * 1024).fill(5));
      const before = group.facts('P').lastNumber;
      expect(await group.zero('P', 0, 1000, 40_000)).toBe(0);
      expect(group.facts('P').lastNumber).toBe(before + 1);
      expect(await group.equalises()).toBe(true);
      expect(
        group
          .contents('R')
          .subarray(1000, 41_000)
          .every((byte) => byte === 0),
      ).toBe(true);
      expect(group.contents('R')[41_000]).toBe(5);
    });
  });

  it('beyond the volume is refused and changes nothing', async () => {
    const { group } = await formed('status');
    await group.run(async () => {
      await group.begin();
      const before = group.facts('P').lastNumber;
      expect(await group.write('P', 0, 256 * 1024 - 256, BLOCK)).toBe(ENOSPC);
      expect(await group.write('P', 0, -512, BLOCK)).toBe(EINVAL);
      expect(group.facts('P').lastNumber).toBe(before);
    });
  });
});

describe('FLUSH and FUA', () => {
  it.each(['flush', 'fua'])('%s: what was completed before survives the loss of power at both ends', async (how) => {
    const group = groupOf({ timing: { checkpointMs: 60_000 } });
    await group.run(async () => {
      await group.form();
      const data = new Uint8Array(4096).fill(77);
      if (how === 'fua') expect(await group.write('P', 1, 8192, data, true)).toBe(0);
      else {
        expect(await group.write('P', 1, 8192, data)).toBe(0);
        expect(await group.flush('P')).toBe(0);
      }
      for (const name of ['P', 'I']) {
        const machine = group.world.machine(name);
        for (let times = 0; times < 6; times += 1) machine.losePower(group.world.random.fork(`${name}-${times}`));
        const at = 256 * 1024 + 8192;
        expect(
          group
            .contents(name)
            .subarray(at, at + 4096)
            .equals(data),
        ).toBe(true);
      }
    });
  });

  it('answers though the other end is lost, once the pair has left duplex', async () => {
    const { group } = await formed('status');
    await group.run(async () => {
      await group.form();
      group.kill('I');
      expect(await group.write('P', 1, 0, BLOCK, true)).toBe(0);
      expect(group.pairOf('P', 'I')?.state).toBe('failure-suspend');
    });
  });
});

describe('a restarted holder', () => {
  it('completes nothing until the register confirms its generation', async () => {
    const { group, scheduler } = await formed('status');
    await group.run(async () => {
      await group.form();
      for (const other of ['witness', 'I']) group.cut('P', other);
      await scheduler.sleep(2000);
      group.kill('P');
      group.start('P');
      await scheduler.until(() => group.running('P'), 1000);
      expect(group.facts('P').hostWrites).toEqual({ accepted: true, reason: 'held until its generation is confirmed' });
      expect(await group.write('P', 0, 0, BLOCK)).toBe(EIO);
      group.heal('P', 'witness');
      await scheduler.sleep(3000);
      expect(await group.write('P', 0, 0, BLOCK)).toBe(0);
    });
  });

  it('is confirmed by both other systems where the register is lost', async () => {
    const { group, scheduler } = await formed('status');
    await group.run(async () => {
      await group.form();
      group.kill('witness');
      group.kill('P');
      group.start('P');
      await scheduler.sleep(3000);
      expect(await group.write('P', 0, 0, BLOCK)).toBe(0);
    });
  });

  it('is not confirmed by one of them alone', async () => {
    const { group, scheduler } = await formed('never');
    await group.run(async () => {
      await group.form();
      group.kill('witness');
      group.kill('R');
      group.kill('P');
      group.start('P');
      await scheduler.sleep(3000);
      expect(await group.write('P', 0, 0, BLOCK)).toBe(EIO);
    });
  });
});

describe('a holder that is replaced', () => {
  it('refuses writes as soon as it hears of the newer generation, those under way included', async () => {
    const { group } = await formed('status');
    await group.run(async () => {
      await group.form();
      group.cut('P', 'I');
      const writing = group.write('P', 0, 0, BLOCK);
      await group.world.scheduler.sleep(5);
      await group.fence('takeover', ['P']);
      expect(await writing).toBe(EPERM);
      expect(await group.write('P', 0, 0, BLOCK)).toBe(EPERM);
      expect(group.facts('P').hostWrites.accepted).toBe(false);
    });
  });

  it('is told by whomever it can reach, over a line that stayed up all the time', async () => {
    const { group, scheduler } = await formed('status');
    await group.run(async () => {
      await group.form();
      await group.fence('takeover', ['R']);
      await scheduler.sleep(200);
      for (const name of ['P', 'I']) expect(group.facts(name).generation.number).toBe(2);
      expect(await group.write('P', 0, 0, BLOCK)).toBe(EPERM);
    });
  });

  it('stays replaced after a restart', async () => {
    const { group, scheduler } = await formed('status');
    await group.run(async () => {
      await group.form();
      await group.fence('takeover', ['P', 'I', 'R']);
      group.kill('P');
      group.start('P');
      await scheduler.sleep(1000);
      expect(await group.write('P', 0, 0, BLOCK)).toBe(EPERM);
    });
  });

  it('that did not hear completes nothing in duplex, for its destination answers no more', async () => {
    const { group, scheduler } = await formed('data');
    await group.run(async () => {
      await group.form();
      const evidence = await group.fence('takeover', ['I']);
      const frozen = evidence.get('I')?.answeredNumber ?? -1;
      expect(await group.write('P', 0, 0, BLOCK)).not.toBe(0);
      await scheduler.sleep(1000);
      expect(group.facts('P').completedNumber).toBeLessThanOrEqual(frozen);
      expect((await group.fence('takeover', ['I'])).get('I')?.answeredNumber).toBe(frozen);
    });
  });
});
