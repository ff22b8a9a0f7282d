/** Scenes of a test on a clone: each outcome of its steps, brought about just before the step is entered. */
import type { FakeTest } from './fake-clone.ts';
import type { Letter } from './fake-systems.ts';
import type { FakeHostName } from './fake-world.ts';
import type { Make, Makes } from './scene-parts.ts';
import { told } from './scene-parts.ts';

const none: Make = () => undefined;

const trouble =
  (what: FakeTest['trouble']): Make =>
  ({ world }, step) =>
    void Object.assign(world.hosts[step.host as FakeHostName].test, { trouble: what });

const hostDown: Make = ({ world }, step) => void Object.assign(world.hosts[step.host as FakeHostName], { up: false });

const ledger =
  (enabled: boolean): Make =>
  ({ definition }) => {
    definition.ledger.enabled = enabled;
  };

const firstPair: Make = ({ world }, step) => world.setPair(told(step, 'pairs').split(' ')[0] ?? '', 'failure-suspend');

export const TEST_SCENES: Readonly<Record<string, Makes>> = {
  'check-test': { ready: none, 'not-ready': firstPair },
  'make-clone': {
    made: none,
    refused: ({ world }, step) => void Object.assign(world.systems[step.target as Letter], { refusesClone: true }),
  },
  'start-test-host': {
    started: ledger(true),
    'no-ledger': ledger(false),
    'not-started': (scene, step) => {
      ledger(true)(scene, step);
      trouble('no-recovery')(scene, step);
    },
  },
  'verify-test': { verified: none, 'not-verified': trouble('damaged') },
  'work-on-clone': { worked: none, 'not-worked': trouble('no-work') },
  'judge-test': { stated: none },
  'stop-test-host': { stopped: none, 'no-answer': hostDown },
  'discard-clone': {
    discarded: ({ world }, step) => void Object.assign(world.hosts[step.host as FakeHostName], { up: true }),
    'no-answer': hostDown,
  },
  'prove-undisturbed': { undisturbed: none, disturbed: firstPair },
  'end-test': { ended: none, 'no-answer': hostDown },
};
