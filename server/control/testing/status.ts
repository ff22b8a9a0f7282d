/** A group status as the one derivation makes it, with some fields as a test wants them. */
import { defaultGroup, findArrangement } from '../../domain/arrangement.ts';
import type { GroupStatus, PairStatus } from '../../domain/group-status.ts';
import { deriveGroupStatus } from '../../domain/status-derive.ts';
import { DEFAULT_RPO_OBJECTIVE_MS, STALENESS_BOUND_MS } from '../../domain/status-facts.ts';

export const NOW = 1_700_000_000_000;

/** Nothing heard yet of a group of `id`. */
export function unheardStatus(id = 'chain-3'): GroupStatus {
  const arrangement = findArrangement(id);
  if (!arrangement) throw new Error(`${id} is gone`);
  return deriveGroupStatus({
    definition: defaultGroup('demo', arrangement),
    arrangement,
    powered: true,
    now: NOW,
    boundMs: STALENESS_BOUND_MS,
    processes: [],
    run: null,
    faults: [],
    objectives: { rpoMs: DEFAULT_RPO_OBJECTIVE_MS },
    lastDrill: null,
  });
}

/** Everything up, the pairs of normal operation (in chain-3 P-I, I-R) in `states`, then changed by `change`. */
export function statusWith(
  states: readonly [PairStatus['state'], PairStatus['state']],
  change: Partial<GroupStatus> = {},
  id = 'chain-3',
): GroupStatus {
  const status = unheardStatus(id);
  const ends = (state: PairStatus['state']) => (state === 'unknown' || state === 'absent' ? 'unknown' : state);
  return {
    ...status,
    operation: states.every((state) => state === 'duplex') ? 'normal' : 'degraded',
    holder: findArrangement(id)?.normal.holder ?? null,
    generation: 1,
    systems: status.systems.map((system) => ({ ...system, up: true, observedAt: NOW })),
    hosts: status.hosts.map((host) => ({ ...host, up: true, observedAt: NOW })),
    witness: { ...status.witness, up: true, observedAt: NOW },
    pairs: status.pairs.map((pair, index) => {
      const state = states[index] ?? 'unknown';
      return {
        ...pair,
        state,
        stateAtSource: ends(state),
        stateAtDestination: ends(state),
        observedAt: NOW,
        lag: { updates: 1, bytes: 100, ms: 5 },
        dirtyTracks: 2,
      };
    }),
    ...change,
  };
}

/** The same with one process down. */
export function withDown(status: GroupStatus, name: string): GroupStatus {
  const down = <T extends { name: string; up: boolean | null }>(one: T): T =>
    one.name === name ? { ...one, up: false } : one;
  return { ...status, systems: status.systems.map(down), hosts: status.hosts.map(down) };
}
