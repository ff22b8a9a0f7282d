/**
 * Failover of chain-3 (003 Fig. 6, §[0080]–[0088]) and the planned switch-over, which stops the work on host P first and
 * then goes the same way. Steps marked as ours close what the source leaves open: the fence (S205), states other than
 * duplex and failure-suspend, the image (S242), the verdict (S245), and the restart of the work (S280, S285).
 */
import { ROLES, takeoverSteps, WORKING } from './chain-3-takeover-steps.ts';
import { decide, end, looksAt, option, step, to } from './graph-words.ts';
import type { RoutineGraph, RoutineStep } from './step-graph.ts';

const UNTOUCHED = 'nothing was changed: the work is where it was';

/** Only the planned routine can offer them: its P is known to answer. */
function calledOff(): RoutineStep[] {
  return [
    step({
      id: 'S290',
      ours: true,
      title: 'Give the role back to P',
      text: 'The register names P as holder of the generation; then P accepts host writes again.',
      host: 'host-P',
      target: 'P',
      action: 'give-host-role',
      outcomes: { promoted: to('S295', 'P accepts host writes.') },
      abortState: 'work stopped: nobody holds the host role; run failover to go on',
    }),
    step({
      id: 'S295',
      ours: true,
      title: 'Start the work on host P',
      text: 'Starts the work application on host P again.',
      host: 'host-P',
      target: 'P',
      action: 'start-work',
      outcomes: {
        started: end(
          'aborted',
          'called off: the work runs on host P, its pairs are suspended; run initial-copy',
          'The work runs on host P again.',
        ),
        'no-ledger': end(
          'aborted',
          'called off: P accepts host writes, its pairs are suspended; run initial-copy',
          'This group has no work application of ours.',
        ),
        'not-started': end(
          'failed',
          'called off: P holds the host role, but the work on host P did not start',
          'Host P did not start the work.',
        ),
      },
      abortState: 'P holds the host role, the work is not started; start it with the ledger command',
    }),
  ];
}

export const FAILOVER: RoutineGraph = {
  id: 'failover',
  arrangement: 'chain-3',
  title: 'Failover to host R',
  intent: 'failover',
  host: 'host-R',
  resident: false,
  first: 'S200',
  steps: [
    step({
      id: 'S200',
      title: 'Detect the failure',
      text: 'Looks at the heartbeats of host P as host R and the monitoring host hear them: has host P or storage P failed?',
      host: 'host-R',
      target: 'P',
      action: 'watch-heartbeat',
      parameters: ROLES,
      outcomes: {
        failed: to('S201', 'Nobody hears host P, or it says that storage P has failed.'),
        alive: to('S202', 'Host P and storage P are still heard.'),
        'already-here': end('done', WORKING, 'R takes host writes already; there is nothing to fail over.'),
      },
      abortState: UNTOUCHED,
    }),
    decide({
      id: 'S201',
      ours: true,
      title: 'Confirm the failure',
      text: 'Heartbeats alone cannot tell a dead site from a cut line.',
      question: 'Is the production site really down?',
      byDefault: 'confirm',
      options: [
        option(
          'confirm',
          'It is down: fail over',
          'P is shut out by a new generation; the work will restart on host R.',
          { step: 'S205' },
        ),
        option('stop', 'It is not: stop here', 'Nothing is changed.', { ending: 'aborted', state: UNTOUCHED }),
      ],
      abortState: UNTOUCHED,
    }),
    decide({
      id: 'S202',
      ours: true,
      title: 'Production is still heard',
      text: 'Host P answers and its storage works. To move the work in peace, use switch-over.',
      question: 'Fail over although production is heard?',
      byDefault: 'stop',
      options: [
        option(
          'go-on',
          'Fail over all the same',
          'The work on host P is cut off at once by the fence, in the middle of what it does.',
          { step: 'S205' },
          { dangerous: true },
        ),
        option('stop', 'Stop here', 'Nothing is changed.', { ending: 'aborted', state: UNTOUCHED }),
      ],
      abortState: UNTOUCHED,
    }),
    ...takeoverSteps(false),
  ],
};

export const SWITCH_OVER: RoutineGraph = {
  id: 'switch-over',
  arrangement: 'chain-3',
  title: 'Planned switch-over to host R',
  intent: 'planned',
  host: 'host-R',
  resident: false,
  first: 'S180',
  steps: [
    step({
      id: 'S180',
      ours: true,
      title: 'Ready for a planned switch-over?',
      text: 'Planned, no disaster: both pairs must be in duplex, and P, I, R, both hosts and the monitoring host must answer.',
      host: 'host-R',
      action: 'check-ready',
      parameters: ROLES,
      expects: [looksAt('P-I', ['duplex']), looksAt('I-R', ['duplex'])],
      outcomes: {
        ready: to('S185', 'Everything stands as it should.'),
        'not-ready': end(
          'failed',
          UNTOUCHED,
          'A planned switch-over needs everything in order; for a disaster use failover.',
        ),
        'already-here': end('done', WORKING, 'R takes host writes already; there is nothing to switch over.'),
      },
      abortState: UNTOUCHED,
    }),
    step({
      id: 'S185',
      ours: true,
      title: 'Stop the work on host P',
      text: 'Planned: the work on host P is stopped in an orderly way.',
      host: 'host-P',
      target: 'P',
      action: 'stop-work',
      outcomes: {
        stopped: to('S190', 'The work on host P is stopped.'),
        'no-ledger': to('S190', 'No work of ours to stop; the fence shuts outside clients out.'),
        'still-running': end('failed', UNTOUCHED, 'Host P did not stop its work.'),
      },
      abortState: 'the work on host P is stopped, nothing else was changed; start it with the ledger command',
    }),
    step({
      id: 'S190',
      ours: true,
      title: 'Wait until all is copied',
      text: 'Waits until P has nothing under way and R has applied everything.',
      host: 'host-R',
      target: 'R',
      action: 'await-quiet',
      parameters: ROLES,
      outcomes: {
        quiet: to('S205', 'P is quiet and R has applied everything.'),
        'not-quiet': to('S205', 'Clients go on writing to P, or R lags: the fence and the drain settle it.'),
      },
      abortState: 'the work on host P is stopped, nothing else was changed; start it with the ledger command',
    }),
    ...takeoverSteps(true),
    ...calledOff(),
  ],
};
