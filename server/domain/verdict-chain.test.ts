import { describe, expect, it } from 'vitest';
import { judgeChain, type VerdictFacts } from './verdict-chain.ts';
import { entry, evidence, facts, guardEvidence, heard, LINEAGE, register } from './verdict-testkit.ts';

const brief = (given: VerdictFacts) => {
  const { kind, lost, fenced } = judgeChain(given);
  return `${kind} ${lost.bound} ${lost.updates}${fenced ? ' fenced' : ''}`;
};

describe('after a takeover that never promoted anybody', () => {
  // Failback takes R for the writer, but P was the last to serve hosts, and was copied over from R's older data.
  const back = (change: Partial<VerdictFacts> & { number: number }) =>
    facts({ writer: 'R', survivor: 'P', guard: null, fences: [P338, R335], ...change });
  const P338 = evidence('P', { completedNumber: 338, lastNumber: 338 });
  const R335 = evidence('R', { completedNumber: 0, lastNumber: 335 });

  it('counts what the survivor itself had completed and no longer holds', () => {
    const verdict = judgeChain(back({ number: 335 }));
    expect([verdict.kind, verdict.lost.updates]).toEqual(['data-loss', 3]);
    expect(verdict.evidence[0]).toBe('P completed 338; P shares its history to 335.');
  });

  it('proves that nothing is lost where the survivor still holds it', () => {
    expect(judgeChain(back({ number: 338 })).kind).toBe('no-data-loss');
  });

  it('leaves alone what an earlier takeover gave up: its verdict has said so', () => {
    const lineage = [...LINEAGE, { generation: 2, first: 336 }];
    const R350 = evidence('R', { completedNumber: 350, lastNumber: 350, lineage });
    const image = { consistent: true, number: 350, lineage, evidenceLost: false, stampedAt: null };
    expect(judgeChain(back({ number: 350, fences: [P338, R350], image })).kind).toBe('no-data-loss');
  });
});

describe('verdict of a chain', () => {
  const I100 = guardEvidence('status', 100);
  const P100 = evidence('P', { completedNumber: 100, lastNumber: 100 });

  it.each<[string, VerdictFacts, string]>([
    // status: both I and the register, and nothing alone.
    [
      'status, I and register, drained',
      facts({ number: 100, fences: [I100], register: register('joined') }),
      'no-data-loss exact 0 fenced',
    ],
    ['status, register not reached', facts({ number: 100, fences: [I100] }), 'unknown at-least 0'],
    [
      'status, register of an older generation',
      facts({ number: 100, fences: [I100], register: register('joined', 1) }),
      'unknown at-least 0',
    ],
    [
      'status, alone at the register',
      facts({ number: 100, fences: [I100], register: register('alone') }),
      'unknown at-least 0',
    ],
    [
      'status, alone at I',
      facts({ number: 100, fences: [guardEvidence('status', 100, { aloneSeen: true })], register: register('joined') }),
      'unknown at-least 0',
    ],
    [
      'status, alone, and heard beyond',
      facts({ number: 100, fences: [I100], register: register('alone'), heartbeats: [heard(110)] }),
      'data-loss at-least 10',
    ],
    [
      'status, register alone, I and P lost',
      facts({ number: 100, register: register('joined') }),
      'unknown at-least 0',
    ],
    [
      'status, register alone, heard beyond',
      facts({ number: 100, register: register('joined'), heartbeats: [heard(137)] }),
      'data-loss at-least 37',
    ],
    // data: I suffices.
    [
      'data, I only',
      facts({ number: 100, level: 'data', fences: [guardEvidence('data', 100)] }),
      'no-data-loss exact 0 fenced',
    ],
    [
      'data, register says alone',
      facts({ number: 100, level: 'data', fences: [guardEvidence('data', 100)], register: register('alone') }),
      'no-data-loss exact 0 fenced',
    ],
    ['data, I lost', facts({ number: 100, level: 'data', register: register('joined') }), 'unknown at-least 0'],
    // never: nothing but P itself.
    [
      'never, I and register',
      facts({ number: 100, level: 'never', fences: [guardEvidence('never', 100)], register: register('joined') }),
      'unknown at-least 0',
    ],
    [
      'never, heard beyond',
      facts({
        number: 100,
        level: 'never',
        fences: [guardEvidence('never', 100)],
        register: register('joined'),
        heartbeats: [heard(101)],
      }),
      'data-loss at-least 1',
    ],
    ['never, P answers', facts({ number: 100, level: 'never', fences: [P100] }), 'no-data-loss exact 0 fenced'],
    // P answers: exact, whatever became of I.
    ['P answers, I lost, R holds all', facts({ number: 100, fences: [P100] }), 'no-data-loss exact 0 fenced'],
    [
      'P answers, R behind, entries kept',
      facts({ number: 98, fences: [P100], entries: { observer: 'P', list: [entry(99), entry(100)] } }),
      'data-loss exact 2 fenced',
    ],
    [
      'P answers, R behind, a void among them',
      facts({
        number: 98,
        fences: [P100],
        entries: { observer: 'P', list: [entry(99, { kind: 'void', lengthBytes: 0 }), entry(100)] },
      }),
      'data-loss exact 1 fenced',
    ],
    ['P answers, R behind, entries gone', facts({ number: 98, fences: [P100] }), 'data-loss at-most 2 fenced'],
    [
      'P answers, only voids missing',
      facts({
        number: 99,
        fences: [P100],
        entries: { observer: 'P', list: [entry(100, { kind: 'void', lengthBytes: 0 })] },
      }),
      'no-data-loss exact 0 fenced',
    ],
    // Drain short of what I answered.
    [
      'I answered more, nothing heard beyond R',
      facts({ number: 90, fences: [I100], register: register('joined'), heartbeats: [heard(90)] }),
      'unknown at-least 0 fenced',
    ],
    [
      'I answered more, some heard',
      facts({ number: 90, fences: [I100], register: register('joined'), heartbeats: [heard(95)] }),
      'data-loss at-least 5 fenced',
    ],
    [
      'I answered more, all heard',
      facts({
        number: 98,
        fences: [I100],
        register: register('joined'),
        heartbeats: [heard(100)],
        entries: { observer: 'I', list: [entry(99), entry(100)] },
      }),
      'data-loss exact 2 fenced',
    ],
    [
      'heard beyond what I owns up to',
      facts({ number: 100, fences: [I100], register: register('joined'), heartbeats: [heard(103)] }),
      'data-loss at-least 3 fenced',
    ],
    // Evidence that shrank, or is none.
    [
      'I lost evidence',
      facts({ number: 100, fences: [guardEvidence('data', 100, { evidenceLost: true })] }),
      'unknown at-least 0 fenced',
    ],
    [
      'P lost evidence, nothing else',
      facts({ number: 100, fences: [evidence('P', { completedNumber: 100, evidenceLost: true })] }),
      'unknown at-least 0 fenced',
    ],
    [
      'P lost evidence, and more than R',
      facts({ number: 98, fences: [evidence('P', { completedNumber: 100, evidenceLost: true })] }),
      'data-loss at-least 2 fenced',
    ],
    [
      'R lost evidence',
      facts({
        number: 100,
        fences: [I100],
        register: register('joined'),
        image: { consistent: true, number: 100, lineage: LINEAGE, evidenceLost: true, stampedAt: null },
      }),
      'unknown at-least 0 fenced',
    ],
    [
      'R not consistent',
      facts({
        number: 100,
        fences: [P100],
        image: { consistent: false, number: 100, lineage: LINEAGE, evidenceLost: false, stampedAt: null },
      }),
      'unknown at-least 0 fenced',
    ],
    [
      'evidence older than the fence',
      facts({
        number: 100,
        fences: [evidence('P', { completedNumber: 100, generation: { number: 1, runId: 'x', holder: 'P' } })],
      }),
      'unknown at-least 0',
    ],
    [
      'I has no pair with P',
      facts({ number: 100, fences: [evidence('I', { answeredNumber: 100 })], register: register('joined') }),
      'unknown at-least 0',
    ],
    [
      'I is the source of that pair',
      facts({
        number: 100,
        level: 'data',
        fences: [
          evidence('I', {
            answeredNumber: 100,
            pairs: [
              {
                name: 'P-I',
                kind: 'sync',
                end: 'source',
                state: 'duplex',
                fence: 'data',
                appliedNumber: 0,
                aloneSeen: false,
              },
            ],
          }),
        ],
      }),
      'unknown at-least 0',
    ],
    // Numbers of another history prove nothing.
    [
      'R of a foreign lineage',
      facts({
        number: 100,
        fences: [P100],
        image: {
          consistent: true,
          number: 100,
          lineage: [
            { generation: 1, first: 1 },
            { generation: 7, first: 51 },
          ],
          evidenceLost: false,
          stampedAt: null,
        },
      }),
      'data-loss at-most 50 fenced',
    ],
    [
      'guarded, R of a foreign lineage',
      facts({
        number: 100,
        fences: [I100],
        register: register('joined'),
        image: {
          consistent: true,
          number: 100,
          lineage: [{ generation: 9, first: 1 }],
          evidenceLost: false,
          stampedAt: null,
        },
      }),
      'unknown at-least 0 fenced',
    ],
    // Failback: R wrote, P goes on, and no sync pair guards R.
    [
      'failback, R answers, P holds all',
      {
        ...facts({ number: 100 }),
        writer: 'R',
        survivor: 'P',
        guard: null,
        fences: [evidence('R', { completedNumber: 100 })],
      },
      'no-data-loss exact 0 fenced',
    ],
    [
      'failback, R lost, heard beyond',
      {
        ...facts({ number: 100 }),
        writer: 'R',
        survivor: 'P',
        guard: null,
        fences: [guardEvidence('status', 100)],
        heartbeats: [heard(104)],
      },
      'data-loss at-least 4',
    ],
    [
      'failback, R lost',
      {
        ...facts({ number: 100 }),
        writer: 'R',
        survivor: 'P',
        guard: null,
        fences: [guardEvidence('data', 100)],
        register: register('joined'),
      },
      'unknown at-least 0',
    ],
    [
      'nothing was ever written',
      facts({
        number: 0,
        fences: [guardEvidence('data', 0)],
        image: { consistent: true, number: 0, lineage: [], evidenceLost: false, stampedAt: null },
      }),
      'no-data-loss exact 0 fenced',
    ],
  ])('%s', (_title, given, expected) => {
    expect(brief(given)).toBe(expected);
  });

  it('counts bytes and seconds by one clock, and says of each how far it can be trusted', () => {
    const given = facts({ number: 98, fences: [P100], entries: { observer: 'P', list: [entry(99), entry(100)] } });
    const stamped = { ...given, image: { ...given.image, stampedAt: 1900 } };
    expect(judgeChain(stamped).lost).toEqual({
      updates: 2,
      bytes: 8192,
      seconds: 0.1,
      bound: 'exact',
      bytesBound: 'exact',
      secondsBound: 'exact',
    });
    expect(judgeChain(given).lost.secondsBound).toBe('at-least');
  });

  it('takes seconds from the heartbeat where only that is left', () => {
    const given = facts({ number: 100, register: register('joined'), heartbeats: [heard(137, 2900)] });
    expect(judgeChain({ ...given, image: { ...given.image, stampedAt: 2000 } }).lost).toMatchObject({
      updates: 37,
      seconds: 0.9,
      bound: 'at-least',
    });
  });

  it('believes the highest of several observers', () => {
    const given = facts({
      number: 100,
      register: register('joined'),
      heartbeats: [heard(101), heard(109, null, 'witness'), heard(105)],
    });
    expect(brief(given)).toBe('data-loss at-least 9');
    expect(judgeChain(given).evidence.join(' ')).toContain('witness: heard that P completed 109');
  });

  it('names what is missing and how to settle it whenever it says unknown', () => {
    for (const level of ['never', 'data', 'status'] as const) {
      const verdict = judgeChain(facts({ number: 5, level }));
      expect(verdict.kind).toBe('unknown');
      expect(verdict.missing.length).toBeGreaterThan(0);
      expect(verdict.toSettle.length).toBeGreaterThan(0);
    }
  });
});
