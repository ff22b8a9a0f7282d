/**
 * The routines of chain-3-direct (003, second embodiment): initial copy, failover and switch-over as chain-3; reverse copy
 * straight from R to P over a line of their own (Fig. 12), and a failback that resyncs no sync pair (Fig. 13).
 */
import { FORWARD_PAIRS } from './chain-3-forward.ts';
import { ANY_STATE, expects, step, to } from './graph-words.ts';
import { failbackByDrain } from './parts/failback-by-drain.ts';
import { initialCopy } from './parts/initial-copy.ts';
import { formStep, restStep, reverseStart } from './parts/reverse-start.ts';
import { failoverOfThree, switchOverOfThree, type TakeoverOfThree } from './parts/takeover.ts';
import { testFailover } from './parts/test-failover.ts';
import type { RoutineGraph } from './step-graph.ts';

const ARRANGEMENT = 'chain-3-direct';
const TAKEOVER: TakeoverOfThree = {
  arrangement: ARRANGEMENT,
  middle: ['I'],
  reverses: true,
  instead: 'S260 and S270 are left out: R works alone until reverse-copy copies to P.',
};

const UNTOUCHED = 'nothing was changed: the work runs on host R';
const R_ONLY =
  'the work runs on host R without a copy; P holds older consistent data or is being copied onto, run reverse-copy again';

const REVERSE_COPY: RoutineGraph = {
  id: 'reverse-copy',
  arrangement: ARRANGEMENT,
  title: 'Reverse copy from R straight to P',
  intent: 'maintenance',
  host: 'host-R',
  resident: false,
  meantFor: ['failed-over', 'reverse'],
  effects: [
    'The pair between R and I is deleted: I is not needed in reverse operation.',
    'P is overwritten with R’s data where it differs.',
  ],
  first: 'S591',
  steps: [
    ...reverseStart({
      ids: { holder: 'S591', faults: 'S592', spread: 'S593', compare: 'S594', overwrite: 'S597', next: 'S598' },
      host: 'host-R',
      system: 'R',
      otherHost: 'host-P',
      abortState: UNTOUCHED,
      // I need not be back (1a).
      needed: ['P', 'R'],
      demoted: ['P'],
      compared: ['P'],
    }),
    restStep({
      id: 'S598',
      next: 'S600',
      host: 'host-R',
      pair: 'P-I',
      why: 'reverse operation has no use for it, and P must be free to take host writes when the work comes back.',
      abortState: UNTOUCHED,
    }),
    step({
      id: 'S600',
      title: 'Delete the pair of R and I',
      text: 'Deletes the pair between R and I, whichever its direction. Where I does not answer it drops its end when it hears.',
      host: 'host-R',
      target: 'R',
      action: 'delete-pair',
      parameters: { pair: 'R-I' },
      expects: [expects('R-I', ANY_STATE, null, ['absent'])],
      outcomes: {
        deleted: to('S610', 'R and I are no longer paired.'),
        absent: to('S610', 'R and I were not paired.'),
      },
      abortState: R_ONLY,
    }),
    formStep({
      id: 'S610',
      host: 'host-R',
      pair: 'R-P',
      kind: 'async',
      text: 'R forms the async pair to P over their own line; formation copy, by difference where an earlier pair has kept one.',
      next: { state: 'reverse operation: R→P in duplex, P a consistent copy that follows R' },
      failed: {
        state: R_ONLY,
        text: 'The copy from R to P stopped by itself. Clear the fault and run reverse-copy again.',
      },
    }),
  ],
};

const FAILBACK = failbackByDrain({
  arrangement: ARRANGEMENT,
  middle: ['I'],
  feeding: 'R-P',
  watched: 'R-P',
  ids: {
    before: { stopped: 'S680', ask: 'S681', stop: 'S682', fence: 'S690' },
    hop: {
      ask: 'S700',
      peer: 'S701',
      copying: 'S702',
      wait: 'S703',
      offer: 'S705',
      resync: 'S706',
      drain: 'S710',
      again: 'S720',
    },
    says: { settle: 'S722', judge: 'S725', kept: 'S730', lost: 'S740', unknown: 'S745' },
    restart: { role: 'S780', start: 'S785' },
    giveBack: { role: 'S790', start: 'S795' },
  },
});

const [SYNC, ASYNC] = FORWARD_PAIRS;

export const CHAIN_3_DIRECT_ROUTINES: readonly RoutineGraph[] = [
  // S600 deleted I→R; what R holds may still be a place to go on from.
  initialCopy({ arrangement: ARRANGEMENT, compared: ['I', 'R'], pairs: [SYNC, { ...ASYNC, byNumber: true }] }),
  failoverOfThree(TAKEOVER),
  switchOverOfThree(TAKEOVER, ['P-I', 'I-R']),
  REVERSE_COPY,
  FAILBACK,
  testFailover(ARRANGEMENT),
];
