/** Runbooks screen. */
const OUTCOMES: Record<string, string> = {
  passed: 'passed',
  failed: 'failed',
  aborted: 'aborted',
  incomplete: 'incomplete',
};

export const runbooks = {
  title: 'Runbooks',
  intro:
    'A runbook drives this dashboard like an operator, on the real processes, faults included. What it did and saw is filmed, written down and sealed as evidence.',
  library: 'Library',
  libraryNone: (arrangement: string) => `There is no runbook for ${arrangement} yet.`,
  libraryNoneText: 'An engineer writes one in e2e/runbooks.',
  chapters: (titles: readonly string[]) => titles.join(' → '),
  record: 'Record',
  recordOf: (title: string) => `Record ${title}`,
  recordConsequence: (title: string, group: string) =>
    `“${title}” is run on ${group} now: it injects the faults it names into the real processes, and leaves the group in normal operation if all goes well.`,
  recordAct: (title: string) => `Record “${title}”`,
  busy: {
    reason: 'A drill of this group is being recorded.',
    cure: 'Wait until it is sealed, or stop it.',
  },
  underWay: 'Being recorded',
  sealing: 'Ended; the report is written and sealed.',
  notBegun: 'The browser is being started.',
  chapterNow: (chapter: string) => `Chapter: ${chapter}`,
  seen: (count: number) => `${count} steps so far`,
  stop: 'Stop and seal as aborted',
  drills: 'Recorded drills',
  drillsNone: 'No drill of this group was recorded yet.',
  columns: { bundle: 'Bundle', outcome: 'Outcome', started: 'Recorded', took: 'Took', by: 'By', seal: 'Seal' },
  outcome: (outcome: string) => OUTCOMES[outcome] ?? outcome,
  stoppedAt: (where: string) => `stopped at: ${where}`,
  report: 'Report',
  reportOf: (bundle: string) => `Report of ${bundle}`,
  archive: 'Archive',
  archiveOf: (bundle: string) => `Archive of ${bundle}`,
  verify: 'Verify',
  verifyOf: (bundle: string) => `Verify ${bundle}`,
  verifying: 'Verifying…',
  intact: 'Every byte is what was sealed, and the chain of the group is whole.',
  changed: 'It is not what was sealed:',
  readFailed: 'The runbooks could not be read.',
};
