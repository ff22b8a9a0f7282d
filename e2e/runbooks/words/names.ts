/**
 * What each arrangement has, by name: a runbook that speaks of something its group does not have is refused by the compiler. The
 * same names as in the arrangements themselves, which a test compares.
 */

interface Parts {
  systems: readonly string[];
  /** Hosts, and other processes that can be killed. */
  hosts: readonly string[];
  switches: readonly string[];
  sites: readonly string[];
  /** Of normal operation, then of reverse operation; source first. */
  pairs: readonly string[];
  lines: readonly string[];
  /** Titles, as the buttons say them. */
  routines: readonly string[];
}

const CHAIN_ROUTINES = [
  'Initial copy',
  'Failover',
  'Planned switch-over',
  'Reverse copy',
  'Failback',
  'Test failover',
] as const;
const THREE = ['production', 'intermediate', 'remote'] as const;
const FOUR = ['production', 'intermediate', 'remote-intermediate', 'remote'] as const;
const SWITCHED = {
  systems: ['P', 'I', 'J', 'R'],
  hosts: ['host-P', 'host-R'],
  switches: ['switch-I', 'switch-J'],
  sites: FOUR,
  lines: ['P-I', 'I-J', 'J-R'],
  routines: CHAIN_ROUTINES,
} as const;

export const PARTS = {
  'chain-3': {
    systems: ['P', 'I', 'R'],
    hosts: ['host-P', 'host-R'],
    switches: [],
    sites: THREE,
    pairs: ['P-I', 'I-R', 'R-I', 'I-P'],
    lines: ['P-I', 'I-R'],
    routines: [...CHAIN_ROUTINES, 'Reverse copy control'],
  },
  'chain-3-direct': {
    systems: ['P', 'I', 'R'],
    hosts: ['host-P', 'host-R'],
    switches: [],
    sites: THREE,
    pairs: ['P-I', 'I-R', 'R-P'],
    lines: ['P-I', 'I-R', 'P-R'],
    routines: CHAIN_ROUTINES,
  },
  'chain-4-bypass': { ...SWITCHED, pairs: ['P-I', 'I-R', 'R-J', 'J-P'] },
  'chain-4-bypass-backup': { ...SWITCHED, pairs: ['P-I', 'I-R', 'R-J', 'J-P', 'P-I'] },
  'chain-4': {
    systems: ['P', 'I', 'J', 'R'],
    hosts: ['host-P', 'host-R'],
    switches: [],
    sites: FOUR,
    pairs: ['P-I', 'I-J', 'J-R', 'R-J', 'J-I', 'I-P'],
    lines: ['P-I', 'I-J', 'J-R'],
    routines: CHAIN_ROUTINES,
  },
  fan: {
    systems: ['1', '2', '3'],
    hosts: ['host-1', 'host-2'],
    switches: [],
    sites: THREE,
    pairs: ['1-2', '1-3', '2-1', '2-3'],
    lines: ['1-2', '1-3', '2-3'],
    routines: ['Return', 'Takeover', 'Planned swap'],
  },
  twin: {
    systems: ['M', 'B1'],
    hosts: ['host-M', 'host-B1'],
    switches: [],
    sites: ['production', 'remote'],
    pairs: ['M-B1', 'B1-M'],
    lines: ['M-B1'],
    routines: ['Pair recovery', 'Takeover', 'Resync', 'Switch back'],
  },
} as const satisfies Record<string, Parts>;

export type ArrangementName = keyof typeof PARTS;
type Of<A extends ArrangementName, Kind extends keyof Parts> = (typeof PARTS)[A][Kind][number];

export type SystemOf<A extends ArrangementName> = Of<A, 'systems'>;
export type HostOf<A extends ArrangementName> = Of<A, 'hosts'>;
export type SiteOf<A extends ArrangementName> = Of<A, 'sites'>;
export type PairOf<A extends ArrangementName> = Of<A, 'pairs'>;
export type RoutineOf<A extends ArrangementName> = Of<A, 'routines'>;
/** Lines between systems, between hosts, and from a host to its system or to the witness. */
export type LineOf<A extends ArrangementName> = Of<A, 'lines'> | `${HostOf<A>}-${HostOf<A> | SystemOf<A> | 'witness'}`;
/** Everything that is a process of its own. */
export type ProcessOf<A extends ArrangementName> = SystemOf<A> | HostOf<A> | Of<A, 'switches'> | 'witness';
/** Steps have the letter of their source: `S230`, `B1010`, `F160`; those of a test failover are ours: `T120`. */
export type StepOf<A extends ArrangementName> =
  `${A extends 'twin' ? 'B' : A extends 'fan' ? 'F' : 'S' | 'T'}${number}`;
