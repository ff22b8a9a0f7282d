import { describe, expect, it } from 'vitest';
import { chosenFrom, formatResults, isGood } from './nightly-runs.mjs';

const library = [
  { name: 'line-cut', arrangement: 'chain-3', title: 'A cut line' },
  { name: 'twin-cycle', arrangement: 'twin', title: 'Twin' },
];
const passed = {
  runbook: 'line-cut',
  group: 'line-cut-11200300-1',
  tookMs: 61_500,
  outcome: 'passed',
  stoppedAt: null,
  reason: null,
  bundle: 'line-cut-11200300-1-0001-line-cut',
  intact: true,
  phases: [{ routine: 'initial-copy', ending: 'done', durationMs: 1_200, outageMs: null, lost: null, worstRpoMs: 80 }],
};
const failed = {
  ...passed,
  runbook: 'twin-cycle',
  outcome: 'failed',
  stoppedAt: 'Step B3020',
  reason: 'Step B3020: expected “done”',
  intact: null,
  bundle: null,
  phases: [
    {
      routine: 'takeover',
      ending: null,
      durationMs: null,
      outageMs: 4_000,
      lost: { updates: 7, ms: 350 },
      worstRpoMs: null,
    },
  ],
};

describe('the nightly', () => {
  it('takes all, or those that are named, and refuses a name that is none', () => {
    expect(chosenFrom(library, undefined)).toEqual(library);
    expect(chosenFrom(library, 'twin-cycle, line-cut')).toEqual(library);
    expect(chosenFrom(library, 'twin-cycle')).toEqual([library[1]]);
    expect(() => chosenFrom(library, 'twin-cycle,triplet')).toThrow(
      'There is no runbook triplet. There are: line-cut, twin-cycle',
    );
  });

  it('is content with what passed and is proven, and with nothing less', () => {
    expect(isGood(passed)).toBe(true);
    expect(isGood({ ...passed, intact: false })).toBe(false);
    expect(isGood({ ...passed, intact: null })).toBe(false);
    expect(isGood({ ...passed, outcome: 'incomplete' })).toBe(false);
  });

  it('prints outcome, duration and bundle of each, where one stopped, and what each phase achieved', () => {
    expect(formatResults([passed, failed])).toBe(
      [
        'runbook     outcome  took      bundle is  bundle',
        'line-cut    passed   1:01 min  proven     line-cut-11200300-1-0001-line-cut',
        'twin-cycle  failed   1:01 min  –          –',
        '',
        'twin-cycle (group line-cut-11200300-1) stopped at: Step B3020. Step B3020: expected “done”',
        '',
        'runbook     routine       ended      took   RTO: work stood still  RPO: lost         exposed at most',
        'line-cut    initial-copy  done       1.2 s  –                      –                 0.1 s',
        'twin-cycle  takeover      under way  –      4.0 s                  7 updates, 0.3 s  –',
        '',
      ].join('\n'),
    );
  });
});
