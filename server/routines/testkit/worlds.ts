/** The two states of a chain from which routines start: everything in order in normal operation, or in reverse operation. */
import { guardedPairOf } from '../../domain/arrangement.ts';
import { pairName } from '../../domain/names.ts';
import { FakeWorld } from './fake-world.ts';

export const FORWARD_LINEAGE = [{ generation: 1, first: 1 }];
export const REVERSE_LINEAGE = [...FORWARD_LINEAGE, { generation: 2, first: 101 }];

/** P serves, all in duplex, 100 updates everywhere. */
export function forwardWorld(arrangement = 'chain-3'): FakeWorld {
  const world = new FakeWorld(arrangement);
  for (const { source, destination, kind } of world.arrangement.normal.pairs)
    world.setPair(pairName(source, destination), 'duplex', kind);
  world.write('P', 100);
  return world;
}

/** R serves since generation 2, all pairs of reverse operation in duplex (in chain-3 I⇒P is at rest), 120 updates everywhere. */
export function reverseWorld(arrangement = 'chain-3'): FakeWorld {
  const world = new FakeWorld(arrangement);
  const generation = { number: 2, runId: 'earlier', holder: 'R' };
  const isGuarded = guardedPairOf(world.arrangement, 'R') !== null;
  world.register = { generation, epoch: 2, state: isGuarded ? 'joined' : 'alone', number: 100 };
  for (const system of Object.values(world.systems)) {
    Object.assign(system, {
      generation,
      holdsRole: system.name === 'R',
      lastNumber: 120,
      answeredNumber: 120,
      lineage: [...REVERSE_LINEAGE],
    });
  }
  Object.assign(world.systems.R, { completedNumber: 120 });
  Object.assign(world.hosts['host-P'], { generation, working: false });
  Object.assign(world.hosts['host-R'], { generation, working: true });
  world.heard['host-R'].completed = 120;
  // A sync pair behind an async one copies in turn with it, and rests in between.
  for (const { source, destination, kind } of world.arrangement.reverse.pairs)
    world.setPair(pairName(source, destination), kind === 'sync' && source !== 'R' ? 'suspend' : 'duplex', kind);
  return world;
}
