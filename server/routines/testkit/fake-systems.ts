/** What the storage side of the test double is made of: systems and their pairs, as they stand. */
import type { Arrangement } from '../../domain/arrangement.ts';
import type { Generation } from '../../domain/generation.ts';
import type { PairState } from '../../domain/pair-states.ts';
import type { CloneFacts, PairDefinition } from '../../domain/storage-controller.ts';
import type { evidenceOf } from './fake-facts.ts';

/** Every system that any arrangement has. */
export const LETTERS = ['P', 'I', 'J', 'R', 'M', 'B1', 'B2', 'B3', '1', '2', '3'] as const;
export type Letter = (typeof LETTERS)[number];

export interface FakePair {
  definition: PairDefinition;
  state: PairState;
  version: number;
  aloneSeen: boolean;
  dirtyTracks: number;
}

export interface FakeSystem {
  name: Letter;
  up: boolean;
  generation: Generation;
  evidence: ReturnType<typeof evidenceOf> | null;
  holdsRole: boolean;
  lineage: { generation: number; first: number }[];
  lastNumber: number;
  completedNumber: number;
  answeredNumber: number;
  consistent: boolean;
  evidenceLost: boolean;
  /** Number of the last consistent image kept during a resync. */
  gold: number | null;
  /** Tracks of its own that a copy has left in its image. */
  mixedTracks: number;
  journalShare: number;
  /** Numbers up to this one are no longer in its journal. */
  trimmedTo: number;
  claimEpoch: number;
  step: number;
  pairs: Map<string, FakePair>;
  clone: CloneFacts | null;
  /** Its disk has no room for one. */
  refusesClone: boolean;
}

/** The generation in which a group is made. */
export function firstGeneration({ normal }: Arrangement): Generation {
  return { number: 1, runId: 'initial', holder: normal.holder };
}
