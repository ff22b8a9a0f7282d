import { describe, expect, it } from 'vitest';
import { addUp, countPlaywright, countVitest } from './test-counts.mjs';

describe('counts', () => {
  it('takes what the runners report', () => {
    expect(countVitest({ numPassedTests: 7, numFailedTests: 2 }, 1)).toEqual({ passed: 7, failed: 2 });
    expect(countPlaywright({ stats: { expected: 3, unexpected: 0, flaky: 0 } }, 0)).toEqual({ passed: 3, failed: 0 });
  });

  it('counts a file that did not load as a failure, though no test failed', () => {
    expect(countVitest({ numPassedTests: 7, numFailedTests: 0 }, 1)).toEqual({ passed: 7, failed: 1 });
  });

  it('counts a runner that broke off or ran nothing as a failure', () => {
    expect(countVitest(null, 0)).toEqual({ passed: 0, failed: 1 });
    expect(countPlaywright({ stats: { expected: 0, unexpected: 0, flaky: 0 } }, 0)).toEqual({ passed: 0, failed: 1 });
  });

  it('counts a test that passed only when tried again as failed', () => {
    expect(countPlaywright({ stats: { expected: 3, unexpected: 0, flaky: 1 } }, 0)).toEqual({ passed: 3, failed: 1 });
  });

  it('adds up', () => {
    expect(
      addUp([
        { passed: 1, failed: 0 },
        { passed: 2, failed: 3 },
      ]),
    ).toEqual({ passed: 3, failed: 3 });
  });
});
