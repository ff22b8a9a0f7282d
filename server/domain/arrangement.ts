/**
 * Arrangements as data: what systems, hosts, sites, lines and pairs a consistency group has in normal and in reverse
 * operation (003 Fig. 1, 10, 14, 18, 19; 000; 001). Adding an arrangement adds a file to `arrangements/`, an entry here and a
 * routine file.
 */
import { CHAIN_3 } from './arrangements/chain-3.ts';
import { CHAIN_3_DIRECT } from './arrangements/chain-3-direct.ts';
import { CHAIN_4 } from './arrangements/chain-4.ts';
import { CHAIN_4_BYPASS, CHAIN_4_BYPASS_BACKUP } from './arrangements/chain-4-bypass.ts';
import { FAN } from './arrangements/fan.ts';
import { TWINS } from './arrangements/twin.ts';
import { type HostName, type LineName, pairKey, type SiteName, type SwitchName, type SystemName } from './names.ts';
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

/** A switching device before a system (003 §[0124]): what is addressed to that system goes in, all else passes through. */
export interface ArrangementSwitch {
  name: SwitchName;
  site: SiteName;
  /** The system it stands before. */
  system: SystemName;
  role: string;
}

export interface ArrangementPair {
  source: SystemName;
  destination: SystemName;
  kind: PairKind;
}

/** What stands while the work is on one side. */
export interface ArrangementOperation {
  /** System that takes host writes. */
  holder: SystemName;
  pairs: readonly ArrangementPair[];
}

/** What becomes of updates that the master had not sent when it was lost: overwritten, left, or there are none (004). */
export const TWIN_MODES = ['merge', 'no-merge', 'sync'] as const;
export type TwinMode = (typeof TWIN_MODES)[number];

/** One of several of a kind, told apart by what the operator chose. */
export interface ArrangementVariation {
  /** The arrangement that is offered, and whose variation this is. */
  of: string;
  backups: number;
  mode: TwinMode;
}

export interface Arrangement {
  id: string;
  title: string;
  /** Absent where there is one of its kind only. */
  variation?: ArrangementVariation;
  systems: readonly ArrangementSystem[];
  hosts: readonly { name: HostName; site: SiteName; system: SystemName }[];
  /** In topology order. */
  sites: readonly SiteName[];
  lines: readonly ArrangementLine[];
  /** Absent where every line ends at the systems it is named after. */
  switches?: readonly ArrangementSwitch[];
  normal: ArrangementOperation;
  reverse: ArrangementOperation;
  /** Every copy but the first is by difference, whatever was lost and came back. */
  neverWhole?: boolean;
  /** Routine ids in the order an operator meets them. */
  routines: readonly string[];
  moves: ArrangementMoves;
}

/** Routine ids by what they bring about: who looks for a remedy need not know what the sources call it. */
export interface ArrangementMoves {
  /** All pairs of normal operation to duplex. */
  form: string;
  /** The work goes to the holder of reverse operation after a disaster. */
  takeover: string;
  /** The same with nothing lost and the work stopped first; null where there is none. */
  planned: string | null;
  /** The pairs of reverse operation. */
  protect: string;
  /** A resident routine of reverse operation; null where there is none. */
  control: string | null;
  /** The work comes back to the holder of normal operation. */
  back: string;
  /** The same after a disaster on the other side, where `back` is a planned move only. */
  retake?: string;
}

export const ARRANGEMENTS: readonly Arrangement[] = [
  CHAIN_3,
  CHAIN_3_DIRECT,
  CHAIN_4_BYPASS,
  CHAIN_4_BYPASS_BACKUP,
  CHAIN_4,
  FAN,
  // The plainest variation stands for all of them.
  ...TWINS.slice(0, 1),
];

/** With every variation of those. */
export const ALL_ARRANGEMENTS: readonly Arrangement[] = [
  ...ARRANGEMENTS,
  ...TWINS.filter((twin) => !ARRANGEMENTS.includes(twin)),
];

/** The arrangement called `id`, or null. */
export function findArrangement(id: string): Arrangement | null {
  return ALL_ARRANGEMENTS.find((arrangement) => arrangement.id === id) ?? null;
}

/** What can be chosen of the arrangement `id`; null where nothing can. */
export function choicesOf(id: string): { backups: number[]; modes: TwinMode[] } | null {
  const known = ALL_ARRANGEMENTS.flatMap(({ variation }) => (variation?.of === id ? [variation] : []));
  if (known.length === 0) return null;
  return {
    backups: [...new Set(known.map(({ backups }) => backups))],
    modes: [...new Set(known.map(({ mode }) => mode))],
  };
}

/** The variation of `id` that has what was chosen; what was not is as in `id` itself. Null where there is none. */
export function variationOf(id: string, chosen: { backups?: number; mode?: TwinMode }): Arrangement | null {
  const plain = findArrangement(id);
  const wanted = { ...plain?.variation, ...chosen };
  if (!plain?.variation) return chosen.backups === undefined && chosen.mode === undefined ? plain : null;
  return (
    ALL_ARRANGEMENTS.find(
      ({ variation }) =>
        variation?.of === plain.variation?.of &&
        variation?.backups === wanted.backups &&
        variation?.mode === wanted.mode,
    ) ?? null
  );
}

/** Every pair of either operation once, normal operation first: the same two systems may be paired in both directions or kinds. */
export function plannedPairs(arrangement: Arrangement): readonly ArrangementPair[] {
  const pairs = [...arrangement.normal.pairs, ...arrangement.reverse.pairs];
  return pairs.filter((pair, index) => pairs.findIndex((other) => samePair(pair, other)) === index);
}

/** `transport` for each asynchronous pair of either operation, by pair key. */
export function transportOfAll(arrangement: Arrangement, transport: Transport): Record<string, Transport> {
  const async = plannedPairs(arrangement).filter(({ kind }) => kind === 'async');
  return Object.fromEntries(async.map(({ source, destination }) => [pairKey(source, destination), transport]));
}

function samePair(a: ArrangementPair, b: ArrangementPair): boolean {
  return a.source === b.source && a.destination === b.destination && a.kind === b.kind;
}

/** What stands while `holder` takes the host writes; null for a system that never does. */
export function operationOf(arrangement: Arrangement, holder: SystemName | null): ArrangementOperation | null {
  return [arrangement.normal, arrangement.reverse].find((operation) => operation.holder === holder) ?? null;
}

/** Destinations of the pairs of `kind` that lead on from `system` in the operation in which it takes the host writes. */
export function fedBy(arrangement: Arrangement, system: SystemName, kind: PairKind): readonly SystemName[] {
  const pairs = operationOf(arrangement, system)?.pairs ?? [];
  return pairs.filter((pair) => pair.source === system && pair.kind === kind).map(({ destination }) => destination);
}

/**
 * The pair from `source` to `destination` as it is planned: of the operation in which `holder` takes the host writes where that
 * has one, else of any. Null where neither operation pairs the two in this direction.
 */
export function plannedPair(
  arrangement: Arrangement,
  { source, destination }: Pick<ArrangementPair, 'source' | 'destination'>,
  holder: SystemName | null,
): ArrangementPair | null {
  const now = operationOf(arrangement, holder)?.pairs ?? [];
  const found = [...now, ...plannedPairs(arrangement)].find(
    (pair) => pair.source === source && pair.destination === destination,
  );
  return found ?? null;
}

/**
 * The sync pair whose answers the writes completed by `writer` wait for, and whose split the register records: the verdict
 * rests on it. Null where the writer is the source of none, as R in reverse operation of chain-3.
 */
export function guardedPairOf(arrangement: Arrangement, writer: SystemName): ArrangementPair | null {
  const operation = operationOf(arrangement, writer);
  return operation?.pairs.find((pair) => pair.source === writer && pair.kind === 'sync') ?? null;
}

/** The pairs over which what `holder` writes reaches `system`, the one nearest to the holder first; empty where none do. */
export function pairsTowards(operation: ArrangementOperation, system: SystemName): readonly ArrangementPair[] {
  const way: ArrangementPair[] = [];
  for (let at = system; at !== operation.holder; ) {
    const feeding = operation.pairs.find((pair) => pair.destination === at && !way.includes(pair));
    if (!feeding) return [];
    way.unshift(feeding);
    at = feeding.source;
  }
  return way;
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
