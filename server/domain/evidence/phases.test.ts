import { describe, expect, it } from 'vitest';
import { type PhaseInput, phasesOf, type Second } from './phases.ts';

/** One second for each sign: `w` the work runs, `.` it stands still, `?` nobody knows the RPO meanwhile. */
const seconds = (signs: string): Second[] =>
  [...signs].map((sign, index) => ({
    at: index * 1_000,
    rpoMs: sign === '?' ? null : sign === '.' ? 400 : 20,
    writesPerSecond: sign === 'w' ? 50 : 0,
  }));

const run = (change: Partial<PhaseInput>): PhaseInput => ({
  run: 'run-1',
  routine: 'failover',
  startedAt: 4_000,
  endedAt: 8_000,
  ending: 'done',
  endingText: null,
  verdict: null,
  ...change,
});
const drill = { startedAt: 0, endedAt: 20_000 };

describe('phases', () => {
  it('an outage counts from the last completed write, before the run began, to the first one within it', () => {
    const [phase] = phasesOf([run({})], seconds('wwww..?.wwww').slice(0, 10), drill);
    expect(phase).toMatchObject({ outageMs: 4_000, durationMs: 4_000, worstRpoMs: 400, lost: null });
  });

  it('each of two runs has the outage that it ended, and one that ended none has none', () => {
    const runs = [
      run({ run: 'b', startedAt: 12_000, endedAt: 15_000 }),
      run({ run: 'a' }),
      run({ run: 'c', startedAt: 16_000, endedAt: 17_000 }),
    ];
    const phases = phasesOf(runs, seconds('wwww..wwwwwww.wwwww'), drill);
    expect(phases.map(({ run: id, outageMs }) => [id, outageMs])).toEqual([
      ['a', 2_000],
      ['b', 1_000],
      ['c', null],
    ]);
  });

  it('work that had not begun does not count as an outage', () => {
    expect(phasesOf([run({})], seconds('......wwwwww'), drill)[0]?.outageMs).toBeNull();
  });

  it('a loss is told as its verdict told it, and what was never known is not made up', () => {
    const lost = { updates: 37, bytes: 1, seconds: 0.9, bound: 'exact' as const };
    const [phase] = phasesOf([run({ verdict: { kind: 'data-loss', lost } })], seconds('????????????'), drill);
    expect(phase).toMatchObject({ lost: { updates: 37, ms: 900 }, worstRpoMs: null });
  });

  it('a run that was still under way has no duration', () => {
    expect(phasesOf([run({ endedAt: null, ending: null })], [], drill)[0]?.durationMs).toBeNull();
  });
});
