// How many tests of each runner passed and failed, by its own report.

/** @typedef {{ passed: number, failed: number }} Counts */

/**
 * A runner that ended badly has at least one failure, also when no test has: a file that does not load holds no tests. And one that ran
 * nothing has failed: a report without tests proves nothing.
 * @param {Counts} counts
 * @param {number} status the runner's exit status
 * @returns {Counts}
 */
function judged({ passed, failed }, status) {
  const bad = status !== 0 || passed === 0;
  return { passed, failed: bad ? Math.max(1, failed) : failed };
}

/**
 * @param {{ numPassedTests: number, numFailedTests: number } | null} report vitest's JSON report, `null` where it wrote none
 * @param {number} status
 */
export function countVitest(report, status) {
  return judged({ passed: report?.numPassedTests ?? 0, failed: report?.numFailedTests ?? 0 }, status);
}

/**
 * @param {{ stats: { expected: number, unexpected: number, flaky: number } } | null} report Playwright's JSON report, or `null`
 * @param {number} status
 */
export function countPlaywright(report, status) {
  const { expected = 0, unexpected = 0, flaky = 0 } = report?.stats ?? {};
  return judged({ passed: expected, failed: unexpected + flaky }, status);
}

/**
 * @param {Counts[]} counts
 * @returns {Counts}
 */
export function addUp(counts) {
  return counts.reduce((sum, { passed, failed }) => ({ passed: sum.passed + passed, failed: sum.failed + failed }), {
    passed: 0,
    failed: 0,
  });
}
