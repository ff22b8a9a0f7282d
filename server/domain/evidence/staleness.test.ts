import { describe, expect, it } from 'vitest';
import { defaultGroup } from '../arrangement.ts';
import { CHAIN_3 } from '../arrangements/chain-3.ts';
import { PROOF_HOLDS_MS, type Present, type ProofBasis, staleReasons } from './staleness.ts';

const DAY_MS = 86_400_000;
const basis: ProofBasis = {
  software: { version: '0.1.0', content: 'aaaaaaaa11' },
  runbook: 'r1',
  topology: { definition: defaultGroup('demo', CHAIN_3), rpoObjectiveMs: 1_000 },
};
const present: Present = { ...basis, groupSince: 0, at: 3 * DAY_MS };
const texts = (change: Partial<Present>, proof: ProofBasis | null = basis, endedAt = 0) =>
  staleReasons({ basis: proof, endedAt }, { ...present, ...change }).map(({ kind, text }) => `${kind}: ${text}`);
const withDefinition = (change: Partial<typeof basis.topology.definition>) => ({
  topology: { ...basis.topology, definition: { ...basis.topology.definition, ...change } },
});

describe('a proof', () => {
  it('holds while everything is as it was and it is not too old', () => {
    expect(texts({})).toEqual([]);
    expect(texts({ at: PROOF_HOLDS_MS })).toEqual([]);
  });

  it.each<[string, Partial<Present>, string[]]>([
    [
      'other software of a newer version',
      { software: { version: '0.2.0', content: 'bbbbbbbb22' } },
      ['software: the software changed: 0.1.0 (aaaaaaaa) → 0.2.0 (bbbbbbbb)'],
    ],
    [
      'other code of the same version',
      { software: { version: '0.1.0', content: 'bbbbbbbb22' } },
      ['software: the software changed: 0.1.0 (aaaaaaaa) → 0.1.0 (bbbbbbbb)'],
    ],
    ['a changed runbook', { runbook: 'r2' }, ['runbook: its runbook was changed since']],
    ['a runbook that is gone', { runbook: null }, ['runbook: its runbook is no longer in the library']],
    [
      'a longer line',
      withDefinition({
        lines: { ...basis.topology.definition.lines, 'I-R': { km: 2_000, paths: 2, rateBytesPerSecond: null } },
      }),
      ['topology: line I-R is 2000 km, was 1000 km'],
    ],
    ['more volumes', withDefinition({ volumeCount: 4 }), ['topology: volumes is 4 × 64 MiB, was 2 × 64 MiB']],
    [
      'another way of sending',
      withDefinition({ transport: { 'I~R': 'difference-snapshot' } }),
      ['topology: transport of I~R is new: difference-snapshot'],
    ],
    [
      'another objective',
      { topology: { ...basis.topology, rpoObjectiveMs: 5_000 } },
      ['topology: RPO objective is 5000 ms, was 1000 ms'],
    ],
    ['a group of the same name', { groupSince: 1 }, ['group: the group was deleted and made anew since']],
    ['age', { at: PROOF_HOLDS_MS + DAY_MS }, ['age: it is 91 days old, and holds for 90']],
  ])('is stale by %s', (_name, change, expected) => expect(texts(change)).toEqual(expected));

  it('is stale where nobody knows what it was recorded on', () => {
    expect(texts({}, null)).toEqual(['software: nobody wrote down what it was recorded on']);
  });
});
