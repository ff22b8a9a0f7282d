/** The two states of a group from which routines start: everything in order in normal operation, or in reverse operation. */
import { guardedPairOf } from '../../domain/arrangement.ts';
import { pairName } from '../../domain/names.ts';
import type { Letter } from './fake-systems.ts';
import { type FakeHostName, FakeWorld } from './fake-world.ts';

export const FORWARD_LINEAGE = [{ generation: 1, first: 1 }];
export const REVERSE_LINEAGE = [...FORWARD_LINEAGE, { generation: 2, first: 101 }];

/** The system at home serves, all in duplex, 100 updates everywhere. */
export function forwardWorld(arrangement = 'chain-3'): FakeWorld {
  const world = new FakeWorld(arrangement);
  for (const { source, destination, kind } of world.arrangement.normal.pairs)
    world.setPair(pairName(source, destination), 'duplex', kind);
  world.write(world.arrangement.normal.holder as Letter, 100);
  return world;
}

/** The holder of reverse operation serves since generation 2, all pairs of reverse operation in duplex (in chain-3 I⇒P is at rest), 120 updates everywhere. */
export function reverseWorld(arrangement = 'chain-3'): FakeWorld {
  const world = new FakeWorld(arrangement);
  const { normal, reverse } = world.arrangement;
  // The doubles have every system and host that any arrangement has.
  const [home, away] = [normal.holder, reverse.holder] as [Letter, Letter];
  const [atHome, atAway] = [`host-${home}`, `host-${away}`] as [FakeHostName, FakeHostName];
  const generation = { number: 2, runId: 'earlier', holder: away };
  const isGuarded = guardedPairOf(world.arrangement, away) !== null;
  world.register = { generation, epoch: 2, state: isGuarded ? 'joined' : 'alone', number: 100 };
  for (const system of Object.values(world.systems)) {
    Object.assign(system, {
      generation,
      holdsRole: system.name === away,
      lastNumber: 120,
      answeredNumber: 120,
      lineage: [...REVERSE_LINEAGE],
    });
  }
  Object.assign(world.systems[away], { completedNumber: 120 });
  Object.assign(world.hosts[atHome], { generation, working: false });
  Object.assign(world.hosts[atAway], { generation, working: true });
  world.heard[atAway].completed = 120;
  // A sync pair behind an async one copies in turn with it, and rests in between.
  for (const { source, destination, kind } of reverse.pairs)
    world.setPair(pairName(source, destination), kind === 'sync' && source !== away ? 'suspend' : 'duplex', kind);
  return world;
}
