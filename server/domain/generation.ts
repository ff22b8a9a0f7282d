/**
 * Generations and lineage: who may write, and what a number means (1b rules 1, 2, 4, 13).
 */
import type { SystemName } from './names.ts';

/** Given out by the register alone, by compare-and-set. `holder` is the system that may take host writes; null while a takeover gathers evidence. */
export interface Generation {
  number: number;
  runId: string;
  holder: SystemName | null;
}

/** A stretch of update numbers given under one generation. */
export interface LineageEntry {
  generation: number;
  /** First update number given under it. */
  first: number;
}

/** Ascending in both fields. (generation that covers a number, number) names one content for ever. */
export type Lineage = readonly LineageEntry[];

/** What the register keeps per group on disk at a site of its own, changed only by compare-and-set (1b rule 1). */
export interface RegisterRecord {
  generation: Generation;
  /** Raised by one each time the sync pair is joined again. */
  epoch: number;
  state: 'joined' | 'alone';
  /** Update number at which `state` was recorded. */
  number: number;
  /** The newest generation before this one that was given to a holder, and to whom. */
  lastHeld?: { number: number; holder: SystemName } | undefined;
}

/**
 * The newest of these; null of none. A generation is raised without a holder and given one at its end, and not everybody has
 * heard the latter: of several of the same number the one that names a holder is the newer.
 */
export function newestGeneration(known: readonly Generation[]): Generation | null {
  const newest = Math.max(...known.map((generation) => generation.number));
  const candidates = known.filter((generation) => generation.number === newest);
  return candidates.find((generation) => generation.holder !== null) ?? candidates[0] ?? null;
}

/** Carried by every instruction; storage persists the highest and refuses lower (1b rule 8). */
export interface DriverToken {
  generation: number;
  runId: string;
  /** From one counter of the control plane: each claim of a run by a worker takes a new one, each manual instruction too. */
  claimEpoch: number;
  /** Ordinal of the step within the run. */
  step: number;
}

/** Order of drivers: negative where `a` is older than `b`. */
export function compareTokens(a: DriverToken, b: DriverToken): number {
  return a.claimEpoch - b.claimEpoch || a.step - b.step;
}

/** Generation under which `number` was given, or 0 where the lineage does not reach so far back. */
export function generationOf(lineage: Lineage, number: number): number {
  let found = 0;
  for (const entry of lineage) if (entry.first <= number) found = entry.generation;
  return found;
}

/**
 * Highest number n such that two histories that reached `a` and `b` agree on every number ≤ n.
 * Equal lineages agree up to the smaller of the two.
 */
export function commonNumber(lineageA: Lineage, a: number, lineageB: Lineage, b: number): number {
  const limit = Math.min(a, b);
  let index = 0;
  while (index < lineageA.length && index < lineageB.length) {
    const x = lineageA[index];
    const y = lineageB[index];
    if (!x || !y || x.generation !== y.generation || x.first !== y.first) break;
    index += 1;
  }
  const forkA = lineageA[index]?.first ?? Number.POSITIVE_INFINITY;
  const forkB = lineageB[index]?.first ?? Number.POSITIVE_INFINITY;
  // Where one history simply goes on under a newer generation, the other's numbers before that fork are shared.
  return Math.max(0, Math.min(limit, forkA - 1, forkB - 1));
}
