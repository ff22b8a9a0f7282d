/** Facts for verdict tests: P, I and R as a fence step of generation 2 found them. */
import type { RegisterRecord } from './generation.ts';
import type { HeartbeatView } from './host.ts';
import type { FenceEvidence, FenceLevel, JournalEntryFacts } from './storage-controller.ts';
import type { VerdictFacts } from './verdict-chain.ts';

const FENCE = 2;
export const LINEAGE = [{ generation: 1, first: 1 }];

export function evidence(system: string, change: Partial<FenceEvidence> = {}): FenceEvidence {
  return {
    system,
    generation: { number: FENCE, runId: 'run', holder: null },
    answeredNumber: 0,
    completedNumber: 0,
    lastNumber: 0,
    lineage: LINEAGE,
    evidenceLost: false,
    consistent: true,
    consistentNumber: 0,
    pairs: [],
    ...change,
  };
}

export function guardEvidence(
  level: FenceLevel,
  answered: number,
  change: Partial<FenceEvidence> & { aloneSeen?: boolean } = {},
): FenceEvidence {
  const { aloneSeen = false, ...rest } = change;
  return evidence('I', {
    answeredNumber: answered,
    lastNumber: answered,
    pairs: [
      {
        name: 'P-I',
        kind: 'sync',
        end: 'destination',
        state: 'duplex',
        fence: level,
        appliedNumber: answered,
        aloneSeen,
      },
    ],
    ...rest,
  });
}

export function register(state: 'joined' | 'alone', number = FENCE): RegisterRecord {
  return { generation: { number, runId: 'run', holder: null }, epoch: 1, state, number: 0 };
}

export function heard(number: number, at: number | null = null, observer = 'host-R'): HeartbeatView {
  return {
    observer,
    of: 'host-P',
    ageMs: 1,
    lost: true,
    last: null,
    highestCompletedNumber: number,
    highestCompletedAt: at,
  };
}

export function facts(change: Partial<VerdictFacts> & { number: number; level?: FenceLevel }): VerdictFacts {
  const { number, level = 'status', ...rest } = change;
  return {
    writer: 'P',
    survivor: 'R',
    guard: { system: 'I', pair: 'P-I', level },
    fenceGeneration: FENCE,
    fences: [],
    register: null,
    heartbeats: [],
    image: { consistent: true, number, lineage: LINEAGE, evidenceLost: false, stampedAt: null },
    entries: null,
    ...rest,
  };
}

export function entry(number: number, change: Partial<JournalEntryFacts> = {}): JournalEntryFacts {
  return {
    number,
    generation: 1,
    kind: 'write',
    volume: 0,
    offsetBytes: 0,
    lengthBytes: 4096,
    at: 1000 + number * 10,
    ...change,
  };
}
