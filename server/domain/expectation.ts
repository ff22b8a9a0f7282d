/**
 * What a group can be expected to lose, to slow down and to stand still, from the length and rate of its lines: said before
 * the group is made. Pure arithmetic on the definition. Not counted: the machines, other users of the lines, and the time
 * operators take to decide.
 */
import {
  type Arrangement,
  type ArrangementOperation,
  type ArrangementPair,
  delayMsOfKm,
  type GroupDefinition,
  type LineSettings,
  pairsTowards,
} from './arrangement.ts';
import { pairKey, type SystemName } from './names.ts';
import type { PairKind } from './pair-states.ts';
import { linesOfLink } from './ways.ts';

/** Most that an async destination asks for in one pull, bytes. */
export const PULL_BYTES = 8 * 1024 * 1024;
/** How often at most a source of difference snapshots freezes one, ms. */
export const SNAPSHOT_INTERVAL_MS = 500;
/** Beats between two hosts, and after how long without a fresh one the other is lost, ms. */
export const HEARTBEAT = { everyMs: 1000, lostAfterMs: 3000 } as const;

/** What the work is expected to write. */
export interface ExpectedLoad {
  bytesPerSecond: number;
  writeBytes: number;
}

/** What of a definition the forecast rests on. */
export type ExpectedGroup = Pick<
  GroupDefinition,
  'lines' | 'pullIntervalMs' | 'journalBytes' | 'transport' | 'trackBytes' | 'volumeBytes' | 'volumeCount'
>;

export interface ExpectedPair {
  source: SystemName;
  destination: SystemName;
  kind: PairKind;
  oneWayMs: number;
  /** Most that passes, bytes per second; null where nothing limits it. */
  rateBytesPerSecond: number | null;
  /** How far the destination is behind the source at most in a steady state, ms: 0 for sync; null where it falls back for good. */
  behindMs: number | null;
}

export interface Expectation {
  pairs: readonly ExpectedPair[];
  /** How far each system is behind the holder at most, ms; null where it falls back for good. In topology order, the holder left out. */
  behind: readonly { system: SystemName; ms: number | null }[];
  /** What every host write waits for at least, ms: the round trip and transfer to the sync destinations. */
  addedWriteMs: number;
  /** Lost with the holder's site alone: nothing where another site has answered every write. */
  rpoMs: number | null;
  /** Lost where the systems that answered are gone as well: what the farthest lacks. */
  rpoFarthestMs: number | null;
  /** From the loss of the holder's site to the work on the other side, ms; null where the drain would never end. */
  rto: { lowMs: number; highMs: number } | null;
  /** When the journal before a pair that falls back is full, ms; null where none does. */
  journalFullInMs: number | null;
}

/**
 * Normal operation of a group so defined. With `d` the one-way delay of a pair (5 µs per km over all lines between its ends),
 * `r` the smallest rate of these lines and `w` what is written per second:
 *
 * - a sync pair makes each write wait `2d + writeBytes/r`; its destination is never behind.
 * - an async destination by journal pulls every `c = max(pull interval, 2d)`. An update that just missed a pull waits for the next one, is
 *   sent with what came meanwhile, and travels: `c + wc/r + d`. Where `w` is not below `min(r, PULL_BYTES/c)` it falls back for good.
 * - by difference snapshots a cycle is `c = max(snapshot interval, 4d + s/r)`: offer, answer, set and confirmation. Its set has
 *   `s` bytes: a track for every write of the cycle, and no more than there are tracks. An update that just missed a set waits
 *   for the next one, which is offered, answered, sent and travels: `c + 3d + s/r`. It falls back for good only where a set
 *   does not fit into the difference volume.
 * - the RTO is the time until the heartbeat counts as lost (between the bound and one beat more), the fence (one round trip to the
 *   survivor's neighbour, up to `fenceTimeoutMs` more where the lost side must be waited for), and for every async pair on the
 *   way to the survivor three round trips (ask, drain, ask again) and what it is behind.
 */
export function expectationOf(
  arrangement: Arrangement,
  definition: ExpectedGroup,
  load: ExpectedLoad,
  fenceTimeoutMs: number,
): Expectation {
  const { normal, reverse } = arrangement;
  const pairs = normal.pairs.map((pair) => expectedPair(arrangement, definition, pair, load));
  const behindOf = (system: SystemName) => sum(wayTo(normal, pairs, system).map((pair) => pair.behindMs));
  const behind = arrangement.systems
    .filter(({ name }) => normal.pairs.some((pair) => pair.destination === name))
    .map(({ name }) => ({ system: name, ms: behindOf(name) }));
  const known = behind.map(({ ms }) => ms);
  return {
    pairs,
    behind,
    addedWriteMs: Math.max(0, ...pairs.filter((pair) => pair.kind === 'sync').map((pair) => answerMs(pair, load))),
    rpoMs: known.some((ms) => ms !== null) ? Math.min(...known.filter((ms) => ms !== null)) : null,
    rpoFarthestMs: known.includes(null) ? null : Math.max(0, ...known.map((ms) => ms ?? 0)),
    rto: rtoOf(wayTo(normal, pairs, reverse.holder), fenceTimeoutMs),
    journalFullInMs: fullInMs(pairs, definition, load),
  };
}

function expectedPair(
  arrangement: Arrangement,
  definition: ExpectedGroup,
  { source, destination, kind }: ArrangementPair,
  load: ExpectedLoad,
): ExpectedPair {
  const lines = linesOfLink(arrangement, source, destination).flatMap((name): LineSettings[] => {
    const line = definition.lines[name];
    return line ? [line] : [];
  });
  const oneWayMs = lines.reduce((total, line) => total + delayMsOfKm(line.km), 0);
  const rates = lines.flatMap(({ rateBytesPerSecond }) => rateBytesPerSecond ?? []);
  const lineRate = rates.length > 0 ? Math.min(...rates) : null;
  if (kind === 'sync') {
    // A write that the line does not take waits: there is no falling back, only slower work.
    return { source, destination, kind, oneWayMs, rateBytesPerSecond: lineRate, behindMs: 0 };
  }
  if (definition.transport[pairKey(source, destination)] === 'difference-snapshot') {
    const behindMs = behindBySets(definition, oneWayMs, lineRate, load);
    return { source, destination, kind, oneWayMs, rateBytesPerSecond: lineRate, behindMs };
  }
  const cycleMs = Math.max(definition.pullIntervalMs, 2 * oneWayMs);
  const rate = Math.min(lineRate ?? Number.POSITIVE_INFINITY, (PULL_BYTES * 1000) / cycleMs);
  const keepsUp = load.bytesPerSecond < rate;
  const behindMs = keepsUp ? cycleMs + (load.bytesPerSecond * cycleMs) / rate + oneWayMs : null;
  return { source, destination, kind, oneWayMs, rateBytesPerSecond: rate, behindMs };
}

/** Null where a set would not fit into the difference volume. */
function behindBySets(
  { trackBytes, volumeBytes, volumeCount, journalBytes }: ExpectedGroup,
  oneWayMs: number,
  lineRate: number | null,
  { bytesPerSecond, writeBytes }: ExpectedLoad,
): number | null {
  const rate = lineRate ?? Number.POSITIVE_INFINITY;
  const allBytes = volumeCount * volumeBytes;
  // Every write is taken to change tracks that no other does: it may be less, never more.
  const changed = (bytesPerSecond / writeBytes) * (Math.ceil(writeBytes / trackBytes) * trackBytes);
  const tripsMs = 4 * oneWayMs;
  const steadyMs = changed < rate ? tripsMs / (1 - changed / rate) : Number.POSITIVE_INFINITY;
  const cycleMs = Math.min(
    Math.max(SNAPSHOT_INTERVAL_MS, steadyMs),
    Math.max(SNAPSHOT_INTERVAL_MS, tripsMs + (allBytes * 1000) / rate),
  );
  const setBytes = Math.min(allBytes, (changed * cycleMs) / 1000);
  if (setBytes > journalBytes) return null;
  return cycleMs + 3 * oneWayMs + (setBytes * 1000) / rate;
}

function wayTo(operation: ArrangementOperation, pairs: readonly ExpectedPair[], system: SystemName): ExpectedPair[] {
  return pairsTowards(operation, system).flatMap(({ source, destination }) =>
    pairs.filter((pair) => pair.source === source && pair.destination === destination),
  );
}

/** Null where any part is. */
function sum(parts: readonly (number | null)[]): number | null {
  return parts.reduce<number | null>((total, part) => (total === null || part === null ? null : total + part), 0);
}

function answerMs(pair: ExpectedPair, load: ExpectedLoad): number {
  const transferMs = pair.rateBytesPerSecond === null ? 0 : (load.writeBytes * 1000) / pair.rateBytesPerSecond;
  return 2 * pair.oneWayMs + transferMs;
}

function rtoOf(way: readonly ExpectedPair[], fenceTimeoutMs: number): Expectation['rto'] {
  const drained = way.filter((pair) => pair.kind === 'async');
  const behindMs = sum(drained.map((pair) => pair.behindMs));
  if (behindMs === null) return null;
  const fenceMs = 2 * (way.at(-1)?.oneWayMs ?? 0);
  const tripsMs = drained.reduce((total, pair) => total + 6 * pair.oneWayMs, 0);
  const lowMs = HEARTBEAT.lostAfterMs + fenceMs + tripsMs + behindMs;
  return { lowMs, highMs: lowMs + HEARTBEAT.everyMs + fenceTimeoutMs };
}

function fullInMs(
  pairs: readonly ExpectedPair[],
  { journalBytes }: Pick<GroupDefinition, 'journalBytes'>,
  { bytesPerSecond }: ExpectedLoad,
): number | null {
  const slowest = pairs
    .filter((pair) => pair.behindMs === null)
    .map((pair) => bytesPerSecond - (pair.rateBytesPerSecond ?? 0));
  if (slowest.length === 0) return null;
  const surplus = Math.max(...slowest);
  return surplus > 0 ? (journalBytes * 1000) / surplus : null;
}
