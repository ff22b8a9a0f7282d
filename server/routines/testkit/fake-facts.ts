/** How the systems of the fake world answer: their facts in the shapes of the storage seam. */
import type { Generation } from '../../domain/generation.ts';
import { pairName } from '../../domain/names.ts';
import type { FenceEvidence, PairFacts, SystemFacts } from '../../domain/storage-controller.ts';
import type { FakePair, FakeSystem } from './fake-systems.ts';

export function evidenceOf(system: FakeSystem, generation: Generation): FenceEvidence {
  return {
    system: system.name,
    generation,
    answeredNumber: system.answeredNumber,
    completedNumber: system.completedNumber,
    lastNumber: system.lastNumber,
    lineage: [...system.lineage],
    evidenceLost: system.evidenceLost,
    consistent: system.consistent,
    consistentNumber: consistentNumber(system),
    pairs: [...system.pairs.values()].map((pair) => ({
      name: pairName(pair.definition.source, pair.definition.destination),
      kind: pair.definition.kind,
      end: pair.definition.source === system.name ? 'source' : 'destination',
      state: pair.state,
      fence: pair.definition.fence,
      appliedNumber: system.lastNumber,
      aloneSeen: pair.aloneSeen,
    })),
  };
}

function consistentNumber(system: FakeSystem): number {
  return system.consistent ? system.lastNumber : (system.gold ?? 0);
}

export function pairFactsOf<T extends FakePair | null>(
  system: FakeSystem,
  pair: T,
): T extends null ? PairFacts | null : PairFacts;
export function pairFactsOf(system: FakeSystem, pair: FakePair | null): PairFacts | null {
  if (!pair) return null;
  const source = pair.definition.source === system.name;
  return {
    name: pairName(pair.definition.source, pair.definition.destination),
    definition: pair.definition,
    end: source ? 'source' : 'destination',
    state: pair.state,
    version: pair.version,
    changedAt: 0,
    reason: 'as the test wants it',
    dirtyTracks: pair.dirtyTracks,
    trackBytes: 65_536,
    consistent: source || system.consistent,
    givenNumber: system.lastNumber,
    appliedNumber: system.lastNumber,
    lag: { updates: 0, bytes: 0, ms: 0 },
    copy: null,
    transferredBytes: 0,
    connected: true,
    gold: system.gold === null ? null : { number: system.gold, generation: 1, usedBytes: 0 },
  };
}

export function factsOf(system: FakeSystem): SystemFacts {
  return {
    system: system.name,
    generation: system.generation,
    lineage: [...system.lineage],
    hostWrites: { accepted: system.holdsRole, reason: '' },
    lastNumber: system.lastNumber,
    completedNumber: system.completedNumber,
    completedAt: null,
    lastIoAgeMs: 0,
    consistent: system.consistent,
    consistentNumber: consistentNumber(system),
    evidenceLost: system.evidenceLost,
    ...(system.mixedTracks > 0 ? { mixedTracks: system.mixedTracks } : {}),
    volumes: [{ sizeBytes: 1 }],
    journal: { usedBytes: system.journalShare * 100, sizeBytes: 100, trimmedTo: system.trimmedTo, fullInMs: null },
    pairs: [...system.pairs.values()].map((pair) => pairFactsOf(system, pair)),
    lines: [],
    clients: 0,
    writesCompleted: 0,
    bytesWritten: 0,
    ...(system.clone ? { clone: system.clone } : {}),
  };
}

/** The ends of a line in alphabetical order: `I~P`. */
export function lineOf(a: string, b: string): string {
  return [a, b].sort().join('~');
}

export function nameOf(pair: Pick<FakePair, 'definition'>): string {
  return pairName(pair.definition.source, pair.definition.destination);
}
