/** All that the one status derivation is given. Nothing here is optional: a fact that is not known is null, and said so. */

import type { Arrangement, GroupDefinition } from './arrangement.ts';
import type { Present, ProofBasis } from './evidence/staleness.ts';
import type { ProvenDrill } from './group-status.ts';
import type { HostFacts, WitnessFacts } from './host.ts';
import type { LineName, PairName } from './names.ts';
import type { SystemFacts } from './storage-controller.ts';

/** One process of the group, as its site agent last told of it. */
export interface ObservedProcess {
  /** `P`, `host-P`, `switch-I`, `witness`. */
  name: string;
  kind: 'storage' | 'host' | 'witness' | 'switch';
  state: 'starting' | 'up' | 'down' | 'held-down' | 'stopped';
  pid: number | null;
  nbdPort: number | null;
  /** Who told: the agent of its site. */
  observer: string;
  /** When that was heard, by the same clock as `GroupFacts.now`, ms. */
  observedAt: number;
  /** When the facts below were taken, by that same clock, ms; null where there are none. */
  factsAt: number | null;
  storage: SystemFacts | null;
  host: HostFacts | null;
  witness: WitnessFacts | null;
  /** When it was last seen to end, ms; null where it never did. */
  downSince: number | null;
  /** Measured between two sets of facts; null before the second. */
  writesPerSecond: number | null;
  bytesPerSecond: number | null;
  /** Payload rate of each pair at this end, bytes per second. */
  pairRates: Readonly<Record<PairName, number | null>>;
}

/** A fault somebody injected and has not cleared. */
export interface ActiveFault {
  process: string | null;
  line: LineName | null;
  text: string;
  since: number;
}

export interface GroupFacts {
  definition: GroupDefinition;
  arrangement: Arrangement;
  /** Are its processes meant to run? */
  powered: boolean;
  /** Wall clock of the control plane, ms. */
  now: number;
  /** An observation older than this is unknown, ms. */
  boundMs: number;
  processes: readonly ObservedProcess[];
  run: { run: string; routine: string; step: string | null; status: string; changing: boolean; since: number } | null;
  faults: readonly ActiveFault[];
  objectives: { rpoMs: number };
  /** The latest drill that passed, with the software and the runbook that there are now; null before the first. */
  lastDrill: LastDrill | null;
}

export interface LastDrill extends Omit<ProvenDrill, 'stale'> {
  basis: ProofBasis | null;
  present: Pick<Present, 'software' | 'runbook' | 'groupSince'>;
}

export const STALENESS_BOUND_MS = 5_000;
export const DEFAULT_RPO_OBJECTIVE_MS = 1_000;

/** A process as it may be judged now: its facts only while they are fresh. */
export interface Fresh {
  process: ObservedProcess | null;
  /** null: not known. */
  up: boolean | null;
  storage: SystemFacts | null;
  host: HostFacts | null;
  witness: WitnessFacts | null;
  observer: string;
  observedAt: number | null;
}

/** Applies the staleness bound to the process called `name`. */
export function freshOf(facts: GroupFacts, name: string): Fresh {
  const process = facts.processes.find((candidate) => candidate.name === name) ?? null;
  const absent: Fresh = {
    process,
    up: null,
    storage: null,
    host: null,
    witness: null,
    observer: process?.observer ?? 'nobody',
    observedAt: process?.observedAt ?? null,
  };
  if (!process || facts.now - process.observedAt > facts.boundMs) return absent;
  if (process.state !== 'up') return { ...absent, up: false };
  const { factsAt } = process;
  // A process that runs but has not answered its agent for so long may be stopped, hung or cut off: not known.
  if (factsAt === null || facts.now - factsAt > facts.boundMs) return absent;
  return {
    ...absent,
    up: true,
    storage: process.storage,
    host: process.host,
    witness: process.witness,
    observedAt: factsAt,
  };
}
