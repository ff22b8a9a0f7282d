/** The verdict where the chain is longer, and where the work goes back over a guard of its own (spec: The verdict). */
import { describe, expect, it } from 'vitest';
import type { FenceEvidence, FenceLevel } from './storage-controller.ts';
import { judgeChain, type VerdictFacts } from './verdict-chain.ts';
import { entry, evidence, facts, guardEvidence, heard, LINEAGE, register } from './verdict-testkit.ts';

const brief = (given: VerdictFacts) => {
  const { kind, lost, fenced } = judgeChain(given);
  return `${kind} ${lost.bound} ${lost.updates}${fenced ? ' fenced' : ''}`;
};

describe('failover of chain-4: I answered P, two drains lie between I and R', () => {
  const I = guardEvidence('status', 100);
  const J = (held: number) => evidence('J', { answeredNumber: held, lastNumber: held, consistentNumber: held });
  const joined = register('joined');

  it.each<[string, VerdictFacts, string]>([
    ['both drains ended', facts({ number: 100, fences: [I, J(100)], register: joined }), 'no-data-loss exact 0 fenced'],
    [
      'the first drain stopped at 97',
      facts({ number: 97, fences: [I, J(97)], register: joined }),
      'unknown at-least 0 fenced',
    ],
    [
      'the second drain stopped, and a heartbeat was beyond',
      facts({ number: 96, fences: [I, J(100)], register: joined, heartbeats: [heard(99)] }),
      'data-loss at-least 3 fenced',
    ],
    [
      'the second drain stopped, and everything answered was heard as completed',
      facts({
        number: 96,
        fences: [I, J(100)],
        register: joined,
        heartbeats: [heard(100)],
        entries: { observer: 'J', list: [97, 98, 99, 100].map((number) => entry(number)) },
      }),
      'data-loss exact 4 fenced',
    ],
    // What J holds was answered by I, but says nothing of what I answered above it.
    ['I lost, J drained whole', facts({ number: 100, fences: [J(100)], register: joined }), 'unknown at-least 0'],
    [
      'I lost, and a heartbeat was beyond J',
      facts({ number: 100, fences: [J(100)], register: joined, heartbeats: [heard(102)] }),
      'data-loss at-least 2',
    ],
    [
      'I lost, P answers',
      facts({ number: 100, fences: [J(100), evidence('P', { completedNumber: 100, lastNumber: 103 })] }),
      'no-data-loss exact 0 fenced',
    ],
  ])('%s', (_name, given, expected) => {
    expect(brief(given)).toBe(expected);
  });
});

describe('failback over R⇒J: J answered R, P is drained from it', () => {
  const TAKEN_OVER = [...LINEAGE, { generation: 2, first: 101 }];

  function guardJ(level: FenceLevel, answered: number, aloneSeen = false): FenceEvidence {
    const [pair] = guardEvidence(level, answered, { aloneSeen }).pairs;
    if (!pair) throw new Error('a guard has its pair');
    return evidence('J', {
      generation: { number: 3, runId: 'run', holder: null },
      answeredNumber: answered,
      lastNumber: answered,
      lineage: TAKEN_OVER,
      pairs: [{ ...pair, name: 'R-J' }],
    });
  }

  function back(number: number, change: Partial<VerdictFacts> & { level?: FenceLevel } = {}): VerdictFacts {
    const { level = 'status', ...rest } = change;
    return facts({
      number,
      writer: 'R',
      survivor: 'P',
      guard: { system: 'J', pair: 'R-J', level },
      fenceGeneration: 3,
      image: { consistent: true, number, lineage: TAKEN_OVER, evidenceLost: false, stampedAt: null },
      ...rest,
    });
  }

  it.each<[string, VerdictFacts, string]>([
    [
      'R lost, J and the register answer',
      back(150, { fences: [guardJ('status', 150)], register: register('joined', 3) }),
      'no-data-loss exact 0 fenced',
    ],
    [
      'R lost, and it had gone on alone',
      back(150, { fences: [guardJ('status', 150)], register: register('alone', 3) }),
      'unknown at-least 0',
    ],
    [
      'R lost, and J has it on record that R went on alone',
      back(150, { fences: [guardJ('status', 150, true)], register: register('joined', 3), heartbeats: [heard(155)] }),
      'data-loss at-least 5',
    ],
    [
      'R lost under data: J alone proves it',
      back(150, { level: 'data', fences: [guardJ('data', 150)] }),
      'no-data-loss exact 0 fenced',
    ],
    [
      'R lost under never',
      back(150, { level: 'never', fences: [guardJ('never', 150)], register: register('joined', 3) }),
      'unknown at-least 0',
    ],
    [
      'R answers: its own word counts',
      back(150, {
        fences: [
          evidence('R', {
            generation: { number: 3, runId: 'run', holder: null },
            completedNumber: 150,
            lastNumber: 152,
            lineage: TAKEN_OVER,
          }),
        ],
      }),
      'no-data-loss exact 0 fenced',
    ],
    [
      'P never followed J: it stands where the takeover left it, with what R lacked',
      {
        ...back(105, { fences: [guardJ('status', 150)], register: register('joined', 3), heartbeats: [heard(150)] }),
        image: { consistent: true, number: 105, lineage: LINEAGE, evidenceLost: false, stampedAt: null },
        entries: { observer: 'J', list: Array.from({ length: 50 }, (_, index) => entry(101 + index)) },
      },
      'data-loss exact 50 fenced',
    ],
    ['a record of the generation before', back(150, { fences: [guardEvidence('status', 150)] }), 'unknown at-least 0'],
  ])('%s', (_name, given, expected) => {
    expect(brief(given)).toBe(expected);
  });

  it('names J and R where the proof is missing', () => {
    const verdict = judgeChain(back(150, { register: register('joined', 3) }));
    expect(verdict.missing).toEqual([
      'the completed number of R, which does not answer',
      'what J answered: it does not answer the fence',
    ]);
    expect(verdict.toSettle.join(' ')).toContain('Restore J');
  });
});
