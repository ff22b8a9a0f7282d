/** Chains of four are described once, in normal operation; reverse operation is that description read in a mirror. */
import type { ArrangementOperation, ArrangementSystem } from '../arrangement.ts';
import type { SystemName } from '../names.ts';

/** The systems of a chain of four in topology order. */
export const FOUR_SYSTEMS: readonly ArrangementSystem[] = [
  { name: 'P', site: 'production', role: 'primary' },
  { name: 'I', site: 'intermediate', role: 'primary intermediate' },
  { name: 'J', site: 'remote-intermediate', role: 'secondary intermediate' },
  { name: 'R', site: 'remote', role: 'secondary' },
];

/** The system that stands at the same place counted from the other end: P and R, I and J. */
export function mirrorOf(systems: readonly ArrangementSystem[], name: SystemName): SystemName {
  const index = systems.findIndex((system) => system.name === name);
  return systems[systems.length - 1 - index]?.name ?? name;
}

/** The operation in which every system has taken the place of its mirror image, and every pair with them. */
export function reverseOf(
  systems: readonly ArrangementSystem[],
  operation: ArrangementOperation,
): ArrangementOperation {
  const mirrored = (name: SystemName) => mirrorOf(systems, name);
  return {
    holder: mirrored(operation.holder),
    pairs: operation.pairs.map(({ source, destination, kind }) => ({
      source: mirrored(source),
      destination: mirrored(destination),
      kind,
    })),
  };
}
