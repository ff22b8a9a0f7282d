import { describe, expect, it } from 'vitest';
import { aftermathOf, type StandingFacts, type StandingRun } from './aftermath.ts';

const NORMAL: StandingFacts = {
  group: 'demo',
  status: { operation: 'normal', summary: 'Normal operation.', powered: true, alarms: [] },
  openRun: null,
  faults: [],
  drillStartedAt: 1_000,
};
const FAULT = { id: 'f1', text: 'site production is lost', target: 'production', startedAt: 2_000 };
const run = (status: string, refusal: StandingRun['refusal'] = null): StandingRun => ({
  run: 'r17',
  routine: 'failover',
  step: 'S260',
  status,
  refusal,
});
const left = (change: Partial<StandingFacts>) => aftermathOf({ ...NORMAL, ...change });
const ways = (change: Partial<StandingFacts>) =>
  left(change).goOn.map(({ text, command }) => `${text} [${command ?? '–'}]`);

describe('how a drill left its group', () => {
  it('normal operation, with nothing open: nothing is to be done', () => {
    expect(left({})).toMatchObject({ whole: true, goOn: [], summary: 'Normal operation.' });
  });

  it.each([
    ['waiting-decision', 'waits at S260 for a decision', 'npx switchback run show r17'],
    ['paused', 'is paused before S260', 'npx switchback run resume r17'],
    ['stopped-at-step', 'has stopped at S260', 'npx switchback run retry r17'],
    ['running', 'goes on by itself, it is at S260: only its recording has ended', 'npx switchback run show r17'],
  ])('an open run that is %s says how it goes on', (status, words, command) => {
    const [way] = left({ openRun: run(status) }).goOn;
    expect(way?.text).toContain(words);
    expect(way?.command).toBe(command);
  });

  it('a stopped step says what it was refused with, and its cure', () => {
    const refusal = { message: 'R does not answer.', cure: 'Restart R.' };
    expect(ways({ openRun: run('stopped-at-step', refusal) })[0]).toContain('S260: R does not answer. Restart R.');
  });

  it('the run comes before the faults; a fault of the drill is told from one that stood before', () => {
    const old = { ...FAULT, id: 'f0', startedAt: 500 };
    expect(ways({ openRun: run('paused'), faults: [old, FAULT] })).toEqual([
      'failover is paused before S260: let it go on. [npx switchback run resume r17]',
      'A fault is still injected, which stood before the drill began: site production is lost. Clear it. [npx switchback fault clear f0]',
      'A fault is still injected: site production is lost. Clear it. [npx switchback fault clear f1]',
    ]);
  });

  it('alarms say what answers them, with the routine that does', () => {
    const alarm = { id: 'a', severity: 'minor' as const, text: 'I-R is suspend.', since: 0 };
    const alarms = [
      { ...alarm, response: 'Run initial-copy.', routine: 'initial-copy' },
      { ...alarm, response: 'Look at the line.', routine: null },
    ];
    const status = { operation: 'degraded' as const, summary: 'Degraded.', powered: true, alarms };
    expect(ways({ status })).toEqual([
      'I-R is suspend. Run initial-copy. [npx switchback run initial-copy --group demo]',
      'I-R is suspend. Look at the line. [–]',
    ]);
    // What an alarm advises may not be started beside a run.
    expect(left({ status, openRun: run('running') }).goOn).toHaveLength(1);
  });

  it('never leaves an operator without a word where the group is not in normal operation', () => {
    for (const operation of ['degraded', 'failed-over', 'reverse', 'forming', 'stopped', 'unknown'] as const) {
      const found = left({ status: { ...NORMAL.status, operation } });
      expect(found.whole).toBe(false);
      expect(found.goOn[0]?.text).toContain('is not in normal operation');
    }
    expect(ways({ status: { ...NORMAL.status, operation: 'stopped', powered: false } })).toEqual([
      'Group demo is switched off: switch it on from its Topology screen. [–]',
    ]);
  });
});
