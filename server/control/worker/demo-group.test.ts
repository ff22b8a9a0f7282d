import { expect, test } from 'vitest';
import type { GroupStatus } from '../../domain/group-status.ts';
import { statusWith, unheardStatus, withDown } from '../testing/status.ts';
import { nextDemoStep } from './demo-group.ts';

const duplex = statusWith(['duplex', 'duplex']);
const split = statusWith(['suspend', 'duplex']);
const run = { run: 'r', routine: 'initial-copy', step: 'S100', status: 'running', changing: true };
const working: GroupStatus = {
  ...duplex,
  hosts: duplex.hosts.map((host) => ({
    ...host,
    work: {
      running: true,
      generation: 1,
      lastCompletedTransaction: 1,
      completedTransactions: 1,
      ratePerSecond: 20,
      stoppedReason: null,
    },
  })),
};

test.each<[string, GroupStatus | null, boolean, number, ReturnType<typeof nextDemoStep>]>([
  ['not heard of: wait', unheardStatus(), true, 0, 'wait'],
  ['a process not up yet: wait', withDown(statusWith(['absent', 'absent']), 'R'), true, 0, 'wait'],
  ['never formed: copy', statusWith(['absent', 'absent']), true, 0, 'copy'],
  ['a copy under way: wait', { ...split, activeRun: run }, true, 0, 'wait'],
  ['formed for the first time: start the work', duplex, true, 0, 'start-work'],
  ['formed and working: done', working, true, 0, 'done'],
  ['found suspended at a later start: copy by difference', split, false, 0, 'copy'],
  ['found in duplex at a later start: done, and the work is the host’s own affair', duplex, false, 0, 'done'],
  ['suspended by a fault that stands: left alone', split, false, 1, 'done'],
  ['failed over: never touched', { ...split, operation: 'failed-over' }, false, 0, 'done'],
  ['in reverse operation: never touched', { ...split, operation: 'reverse' }, false, 0, 'done'],
  ['a takeover left half done: never touched', { ...split, operation: 'stopped' }, false, 0, 'done'],
  [
    'a run that waits for somebody: left alone',
    { ...split, activeRun: { ...run, status: 'waiting-decision' } },
    false,
    0,
    'done',
  ],
  ['switched off: left alone', { ...split, powered: false }, false, 0, 'done'],
  ['an end that is silent: wait', statusWith(['unknown', 'duplex']), false, 0, 'wait'],
])('%s', (_name, status, formation, faults, step) => {
  expect(nextDemoStep(status, formation, faults)).toBe(step);
});
