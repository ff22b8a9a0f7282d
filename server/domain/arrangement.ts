/**
 * Arrangements as data: what systems, hosts, sites, lines and pairs a consistency group has in normal and in reverse
 * operation (003 Fig. 1, 10, 14, 18, 19; 000; 001). Adding an arrangement adds an entry here and a routine file.
 */
import type { HostName, LineName, SiteName, SystemName } from './names.ts';
import type { PairKind } from './pair-states.ts';
import type { FenceLevel, Transport } from './storage-controller.ts';

export interface ArrangementSystem {
  name: SystemName;
  site: SiteName;
  /** The source's word for it: primary, primary intermediate, secondary. */
  role: string;
}

export interface ArrangementLine {
  name: LineName;
  ends: [SystemName, SystemName];
  defaultKm: number;
  defaultPaths: number;
}

export interface ArrangementPair {
  source: SystemName;
  destination: SystemName;
  kind: PairKind;
}

export interface Arrangement {
  id: string;
  title: string;
  systems: readonly ArrangementSystem[];
  hosts: readonly { name: HostName; site: SiteName; system: SystemName }[];
  /** In topology order. */
  sites: readonly SiteName[];
  lines: readonly ArrangementLine[];
  normal: { holder: SystemName; pairs: readonly ArrangementPair[] };
  reverse: { holder: SystemName; pairs: readonly ArrangementPair[] };
  /** Sync pair whose split the register records; the verdict rests on it. */
  guardedPair: ArrangementPair;
  /** Routine ids in the order an operator meets them. */
  routines: readonly string[];
}

const CHAIN_3: Arrangement = {
  id: 'chain-3',
  title: 'Chain of three: sync to a near site, async to a far one',
  systems: [
    { name: 'P', site: 'production', role: 'primary' },
    { name: 'I', site: 'intermediate', role: 'primary intermediate' },
    { name: 'R', site: 'remote', role: 'secondary' },
  ],
  hosts: [
    { name: 'host-P', site: 'production', system: 'P' },
    { name: 'host-R', site: 'remote', system: 'R' },
  ],
  sites: ['production', 'intermediate', 'remote'],
  lines: [
    { name: 'P-I', ends: ['P', 'I'], defaultKm: 100, defaultPaths: 2 },
    { name: 'I-R', ends: ['I', 'R'], defaultKm: 1000, defaultPaths: 2 },
  ],
  normal: {
    holder: 'P',
    pairs: [
      { source: 'P', destination: 'I', kind: 'sync' },
      { source: 'I', destination: 'R', kind: 'async' },
    ],
  },
  reverse: {
    holder: 'R',
    pairs: [
      { source: 'R', destination: 'I', kind: 'async' },
      { source: 'I', destination: 'P', kind: 'sync' },
    ],
  },
  guardedPair: { source: 'P', destination: 'I', kind: 'sync' },
  routines: ['initial-copy', 'failover', 'switch-over', 'reverse-copy', 'reverse-copy-control', 'failback'],
};

export const ARRANGEMENTS: readonly Arrangement[] = [CHAIN_3];

/** The arrangement called `id`, or null. */
export function findArrangement(id: string): Arrangement | null {
  return ARRANGEMENTS.find((arrangement) => arrangement.id === id) ?? null;
}

/** Light in fibre takes about 5 µs per kilometre, one way. */
export function delayMsOfKm(km: number): number {
  return (km * 5) / 1000;
}

export interface LineSettings {
  km: number;
  paths: number;
  /** Bytes per second and direction; null for unlimited. */
  rateBytesPerSecond: number | null;
}

/** One consistency group as the operator defined it. Owned by the control plane, handed to agents and processes. */
export interface GroupDefinition {
  name: string;
  arrangement: string;
  volumeCount: number;
  volumeBytes: number;
  trackBytes: number;
  journalBytes: number;
  fence: FenceLevel;
  /** By pair key, see names.ts. */
  transport: Record<string, Transport>;
  lines: Record<LineName, LineSettings>;
  /** How often an async destination pulls, ms. */
  pullIntervalMs: number;
  ledger: { enabled: boolean; transactionsPerSecond: number };
}

export const LIMITS = {
  groupName: /^[a-z][a-z0-9-]{0,30}$/,
  volumeCount: { min: 1, max: 16 },
  volumeBytes: { min: 1024 * 1024, max: 64 * 1024 ** 3 },
  trackBytes: 64 * 1024,
  km: { min: 0, max: 20_000 },
  paths: { min: 1, max: 8 },
} as const;

/** Definition with the product's defaults: 2 × 64 MiB, journal as large as the volumes (at least 64 MiB), fence `status`. */
export function defaultGroup(name: string, arrangement: Arrangement): GroupDefinition {
  return {
    name,
    arrangement: arrangement.id,
    volumeCount: 2,
    volumeBytes: 64 * 1024 * 1024,
    trackBytes: LIMITS.trackBytes,
    journalBytes: 128 * 1024 * 1024,
    fence: 'status',
    transport: {},
    lines: Object.fromEntries(
      arrangement.lines.map((line) => [
        line.name,
        { km: line.defaultKm, paths: line.defaultPaths, rateBytesPerSecond: null },
      ]),
    ),
    pullIntervalMs: 50,
    ledger: { enabled: true, transactionsPerSecond: 20 },
  };
}
