/** Driver after driver is killed; `interruptions.test.ts` kills one driver at every call of every step. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RunStart } from './step-graph.ts';
import type { FakeWorld } from './testkit/fake-world.ts';
import { drive, KilledError, Killer, MemoryRun } from './testkit/memory-run-store.ts';
import { type RunResult, resultOf } from './testkit/run-result.ts';
import { forwardWorld, reverseWorld } from './testkit/worlds.ts';

interface Scenario {
  routine: string;
  world: () => FakeWorld;
  start?: Partial<RunStart>;
  orders?: (run: MemoryRun) => void;
}

const lostProduction = () => {
  const world = forwardWorld();
  world.loseProduction();
  return world;
};

const SCENARIOS: Record<string, Scenario> = {
  'initial copy from nothing': {
    routine: 'initial-copy',
    world: () => {
      const world = forwardWorld();
      world.setPair('P-I', null);
      world.setPair('I-R', null);
      return world;
    },
  },
  'initial copy after a failback': {
    routine: 'initial-copy',
    world: () => {
      const world = forwardWorld();
      world.setPair('I-P', 'suspend');
      world.setPair('R-I', 'failure-suspend');
      return world;
    },
  },
  'failover without loss': { routine: 'failover', world: lostProduction },
  'failover, forced': {
    routine: 'failover',
    world: () => {
      const world = lostProduction();
      world.systems.I.up = false;
      world.systems.R.lastNumber = 90;
      world.setPair('I-R', 'failure-suspend');
      return world;
    },
    start: { decisions: { S220: 'restart' } },
  },
  'failover with a repair': {
    routine: 'failover',
    world: () => {
      const world = forwardWorld();
      world.setPair('I-R', 'suspend');
      world.write('P', 130);
      world.loseProduction();
      return world;
    },
  },
  'switch-over': { routine: 'switch-over', world: forwardWorld },
  'switch-over, called off': { routine: 'switch-over', world: forwardWorld, start: { decisions: { S250: 'return' } } },
  'reverse copy': {
    routine: 'reverse-copy',
    world: () => {
      const world = reverseWorld();
      world.setPair('I-R', 'suspend');
      world.setPair('P-I', 'failure-suspend');
      return world;
    },
  },
  'one cycle of copy control': {
    routine: 'reverse-copy-control',
    world: reverseWorld,
    orders: (run) => run.orders.push({ order: 'end', by: 'operator' }),
  },
  failback: { routine: 'failback', world: reverseWorld },
  'failback with a repair': {
    routine: 'failback',
    world: () => {
      const world = reverseWorld();
      world.setPair('R-I', 'suspend');
      world.write('R', 150);
      return world;
    },
  },
};

/** Moves of the other chains, each killed at every call like those of chain-3. */
for (const arrangement of ['chain-3-direct', 'chain-4-bypass', 'chain-4-bypass-backup', 'chain-4']) {
  SCENARIOS[`${arrangement}: failover without loss`] = {
    routine: 'failover',
    world: () => {
      const world = forwardWorld(arrangement);
      world.loseProduction();
      return world;
    },
  };
  SCENARIOS[`${arrangement}: reverse copy after a failover`] = {
    routine: 'reverse-copy',
    world: () => {
      const world = reverseWorld(arrangement);
      // As a failover leaves them: forward pairs suspended, those of reverse operation not formed yet.
      for (const { source, destination } of world.arrangement.reverse.pairs)
        world.setPair(`${source}-${destination}`, null);
      for (const { source, destination, kind } of world.arrangement.normal.pairs)
        world.setPair(`${source}-${destination}`, source === 'R' ? 'duplex' : 'suspend', kind);
      return world;
    },
  };
  SCENARIOS[`${arrangement}: failback`] = { routine: 'failback', world: () => reverseWorld(arrangement) };
  SCENARIOS[`${arrangement}: initial copy after a failback`] = {
    routine: 'initial-copy',
    world: () => {
      const world = forwardWorld(arrangement);
      for (const { source, destination } of world.arrangement.normal.pairs)
        world.setPair(`${source}-${destination}`, null);
      for (const { source, destination, kind } of world.arrangement.reverse.pairs)
        world.setPair(`${source}-${destination}`, 'suspend', kind);
      return world;
    },
  };
}

const lostFirst = () => {
  const world = forwardWorld('fan');
  world.loseProduction();
  return world;
};

/** As a takeover leaves a fan: 3 follows 2, and 1 is back with what it had. */
const takenOver = () => {
  const world = reverseWorld('fan');
  world.setPair('2-1', null);
  world.setPair('1-2', 'failure-suspend', 'sync');
  return world;
};

Object.assign(SCENARIOS, {
  'fan: first return, from nothing': {
    routine: 'return',
    world: () => {
      const world = forwardWorld('fan');
      for (const pair of ['1-2', '1-3']) world.setPair(pair, null);
      return world;
    },
  },
  'fan: takeover with a delta': {
    routine: 'takeover',
    world: () => {
      const world = lostFirst();
      world.systems['3'].lastNumber = 90;
      return world;
    },
  },
  'fan: takeover with a full copy': {
    routine: 'takeover',
    world: () => {
      const world = lostFirst();
      Object.assign(world.systems['3'], { lastNumber: 110, trimmedTo: 110 });
      return world;
    },
  },
  'fan: takeover with 3 ahead': {
    routine: 'takeover',
    world: () => {
      const world = lostFirst();
      world.systems['3'].lastNumber = 110;
      return world;
    },
  },
  'fan: return with the roles swapped': { routine: 'return', world: takenOver },
  'fan: swap there': { routine: 'swap', world: () => forwardWorld('fan') },
  'fan: swap back': { routine: 'swap', world: () => reverseWorld('fan') },
  'fan: swap, called off': {
    routine: 'swap',
    world: () => forwardWorld('fan'),
    start: { decisions: { F330: 'return' } },
  },
} satisfies Record<string, Scenario>);

/** Drives the run with one driver after another: each but the last is killed at its call named in `kills`. */
async function driveThrough(scenario: Scenario, kills: readonly number[]): Promise<RunResult> {
  const world = scenario.world();
  const run = new MemoryRun();
  scenario.orders?.(run);
  const start = { yes: true, ...scenario.start };
  for (const [index, at] of [...kills, 0].entries()) {
    const killer = new Killer(at);
    try {
      const end = await drive({ world, run, routine: scenario.routine, start, claimEpoch: index + 1, killer });
      expect(world.violations).toEqual([]);
      return resultOf(world, end.view);
    } catch (error) {
      if (!(error instanceof KilledError)) throw error;
    }
  }
  throw new Error('the last driver was killed too');
}

describe.each(Object.entries(SCENARIOS))('%s', (_name, scenario) => {
  it('ends as if nothing had been, when driver after driver is killed', async () => {
    const undisturbed = await driveThrough(scenario, []);
    expect(undisturbed.given).toBeLessThanOrEqual(1);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 2, maxLength: 5 }), async (kills) => {
        expect(await driveThrough(scenario, kills)).toEqual(undisturbed);
      }),
      { numRuns: 40, seed: 1 },
    );
  });
});
