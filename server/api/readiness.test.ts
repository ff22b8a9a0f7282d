import { expect, test } from 'vitest';
import { statusWith, unheardStatus } from '../control/testing/status.ts';
import { type ReadinessFacts, readiness } from './readiness.ts';

const base: ReadinessFacts = {
  demoMade: true,
  formationOwed: false,
  demo: statusWith(['duplex', 'duplex']),
  standingFaults: 0,
};
const run = { run: 'r', routine: 'failover', step: 'S210', status: 'waiting-decision', changing: true };

test.each<[string, Partial<ReadinessFacts>, boolean]>([
  ['in duplex/duplex', {}, true],
  ['not made yet', { demoMade: false, demo: null }, false],
  ['deleted by somebody', { demo: null }, true],
  ['not heard of yet', { demo: unheardStatus() }, false],
  ['copying', { demo: statusWith(['duplex', 'initial-copying']) }, false],
  ['in duplex, its work not started for the first time', { formationOwed: true }, false],
  [
    'stopped at a step of its first copy',
    {
      formationOwed: true,
      demo: statusWith(['absent', 'absent'], { activeRun: { ...run, status: 'stopped-at-step' } }),
    },
    false,
  ],
  ['failed over', { demo: statusWith(['unknown', 'duplex'], { operation: 'failed-over' }) }, true],
  ['in reverse operation', { demo: statusWith(['suspend', 'duplex'], { operation: 'reverse' }) }, true],
  ['switched off', { demo: statusWith(['unknown', 'unknown'], { powered: false }) }, true],
  ['suspended for no known reason', { demo: statusWith(['suspend', 'duplex']) }, false],
  ['suspended by a fault that stands', { demo: statusWith(['suspend', 'duplex']), standingFaults: 1 }, true],
  ['left at a decision', { demo: statusWith(['suspend', 'duplex'], { activeRun: run }) }, true],
  [
    'with a routine under way',
    { demo: statusWith(['suspend', 'duplex'], { activeRun: { ...run, status: 'running' } }) },
    false,
  ],
])('a demo %s', (_name, change, ready) => {
  const found = readiness({ ...base, ...change });
  expect(found.ready).toBe(ready);
  expect(found.text).toMatch(/demo/);
});
