/**
 * Failback of chain-3 to host P (003 Fig. 9, §[0101]–[0107]). Ours: the precondition (S480–S482), the fence (S490), the
 * repair for every broken state (S501–S506), the guards against copying an inconsistent image over a good one (S545,
 * S565), the verdict (S535), and the named decisions where data would be given up.
 */
import { ANY_STATE, decide, end, expects, looksAt, option, step, to } from './graph-words.ts';
import { type Cast, SUSPENDED } from './parts/cast.ts';
import { fence } from './parts/detect.ts';
import { restartAfterFailback } from './parts/restart.ts';
import { AT_HOME, beforeReturn, STOPPED } from './parts/return.ts';
import { announcements, failbackTexts, judge } from './parts/verdict.ts';
import type { RoutineGraph, RoutineStep } from './step-graph.ts';

const CAST: Cast = {
  move: 'back',
  survivor: 'P',
  survivorHost: 'host-P',
  writer: 'R',
  writerHost: 'host-R',
  middle: ['I'],
};
const SAYS = {
  cast: CAST,
  ids: { settle: 'S565', judge: 'S535', kept: 'S540', lost: 'S570', unknown: 'S575', role: 'S580' },
  texts: failbackTexts(CAST, STOPPED, 'R or I'),
};

function drainToMiddle(): RoutineStep[] {
  return [
    step({
      id: 'S500',
      title: 'Ask for R→I',
      text: 'Asks I for the state of the pair R→I.',
      host: 'host-P',
      target: 'I',
      action: 'ask-pair-if-answers',
      parameters: { pair: 'R-I' },
      expects: [looksAt('R-I')],
      outcomes: {
        duplex: to('S510', 'I follows R: drain what R still holds.'),
        suspending: to('S510', 'A drain is under way already: wait for its end.'),
        suspend: to('S501', 'The pair is suspended: R’s later writes are not on I.'),
        'failure-suspend': to('S501', 'The pair broke: R’s later writes are not on I.'),
        copying: to('S502', 'I is being copied onto: its image is part old, part new.'),
        reversed: to('S501', 'The pair still stands as I→R: nothing of R’s work is on I.'),
        simplex: to('S501', 'Nothing was ever copied to I by this pair.'),
        absent: to('S501', 'There is no pair: nothing of R’s work is on I.'),
        'no-answer': to('S565', 'I does not answer: P has only what it holds.'),
      },
      abortState: STOPPED,
    }),
    step({
      id: 'S501',
      ours: true,
      title: 'Does R answer?',
      text: 'While R can be reached the pair can be repaired, and nothing need be given up.',
      host: 'host-P',
      target: 'R',
      action: 'ask-peer',
      parameters: { peer: 'R' },
      outcomes: {
        answers: to('S505', 'R can still give what I lacks.'),
        'no-answer': to('S545', 'R is out of reach: go on with what I holds.'),
      },
      abortState: STOPPED,
    }),
    step({
      id: 'S502',
      ours: true,
      title: 'Wait for the copy',
      text: 'Waits until the copy from R to I has ended.',
      host: 'host-P',
      target: 'I',
      action: 'wait-copy-end',
      parameters: { pair: 'R-I' },
      expects: [expects('R-I', ['initial-copying', 'duplex-pending'], null, ['duplex', 'failure-suspend'])],
      outcomes: {
        duplex: to('S510', 'I follows R: drain what R still holds.'),
        failed: to('S501', 'The copy stopped by itself.'),
      },
      abortState: STOPPED,
    }),
    decide({
      id: 'S505',
      ours: true,
      title: 'Repair R→I first?',
      text: 'The pair does not follow R, but R answers.',
      question: 'Repair the pair, so that nothing is given up?',
      byDefault: 'repair',
      options: [
        option(
          'repair',
          'Repair the pair',
          'P is first brought up to I’s image, then I to R’s; then the failback goes on as usual.',
          { step: 'S506' },
        ),
        option('as-is', 'Go on with what I holds', 'What only R holds does not come to P.', { step: 'S545' }),
      ],
      abortState: STOPPED,
    }),
    step({
      id: 'S506',
      ours: true,
      title: 'Repair R→I',
      text: 'Resyncs I⇒P and suspends it, then brings R→I to duplex.',
      host: 'host-P',
      target: 'I',
      action: 'repair-reverse',
      parameters: { sync: 'I-P', pair: 'R-I' },
      expects: [
        expects('I-P', ANY_STATE, 'duplex-pending', ['absent', ...SUSPENDED]),
        expects('R-I', ANY_STATE, 'duplex-pending', ['duplex']),
      ],
      outcomes: {
        duplex: to('S510', 'I follows R again.'),
        failed: to('S545', 'The repair did not succeed: go on with what I holds.'),
      },
      abortState: STOPPED,
    }),
    step({
      id: 'S510',
      title: 'Drain R→I',
      text: 'I retrieves all of R’s journal and applies it.',
      host: 'host-P',
      target: 'I',
      action: 'drain',
      parameters: { pair: 'R-I' },
      expects: [expects('R-I', ['duplex', 'suspending'], 'suspending', SUSPENDED)],
      outcomes: { ended: to('S520', 'The drain has ended; how, is asked next.') },
      abortState: STOPPED,
    }),
    step({
      id: 'S520',
      title: 'Ask for R→I again',
      text: 'Asks I how the drain ended.',
      host: 'host-P',
      target: 'I',
      action: 'ask-drained',
      parameters: { pair: 'R-I' },
      expects: [looksAt('R-I')],
      outcomes: {
        suspend: to('S530', 'I applied everything R held.'),
        'failure-suspend': to('S545', 'The drain could not finish.'),
        changed: to('S545', 'Somebody else changed the pair meanwhile.'),
      },
      abortState: STOPPED,
    }),
  ];
}

function copyToSurvivor(): RoutineStep[] {
  return [
    step({
      id: 'S530',
      title: 'Resync I⇒P, then suspend',
      text: 'I copies to P by difference to duplex; then the pair is suspended, which opens P for its host.',
      host: 'host-P',
      target: 'I',
      action: 'resync-then-split',
      parameters: { pair: 'I-P' },
      expects: [expects('I-P', ANY_STATE, 'duplex-pending', ['suspend'])],
      outcomes: {
        suspend: to('S535', 'P equals I.'),
        failed: to('S565', 'The copy stopped: P must return to its last consistent image.'),
      },
      abortState: STOPPED,
    }),
    step({
      id: 'S545',
      ours: true,
      title: 'Settle I’s image',
      text: 'Only a consistent image may be copied over P’s. Nothing may flow into I any more; where its image is part old, part new, I returns to its last consistent one.',
      host: 'host-P',
      target: 'I',
      action: 'settle-image-if-answers',
      parameters: { pair: 'R-I' },
      expects: [expects('R-I', ANY_STATE, null, ['absent', ...SUSPENDED])],
      outcomes: {
        consistent: to('S550', 'I’s image is consistent.'),
        'rolled-back': to('S550', 'I returned to its last consistent image.'),
        'no-image': to('S565', 'I has no image worth copying: P stays as it is.'),
      },
      abortState: STOPPED,
    }),
    step({
      id: 'S550',
      title: 'Resync I⇒P',
      text: 'I copies to P by difference, although R’s last writes did not reach I.',
      host: 'host-P',
      target: 'I',
      action: 'form-pair',
      parameters: { pair: 'I-P' },
      expects: [expects('I-P', ANY_STATE, 'duplex-pending', ['duplex'])],
      outcomes: {
        duplex: to('S560', 'P equals I.'),
        already: to('S560', 'P equalled I already.'),
        failed: to('S565', 'The copy stopped: P must return to its last consistent image.'),
      },
      abortState: STOPPED,
    }),
    step({
      id: 'S560',
      title: 'Suspend I⇒P',
      text: 'Suspends the sync pair and sees to it that P’s image is consistent; that opens P for its host.',
      host: 'host-P',
      target: 'P',
      action: 'split-then-settle',
      parameters: { pair: 'I-P' },
      expects: [expects('I-P', ANY_STATE, null, SUSPENDED)],
      outcomes: {
        consistent: to('S535', 'P is open and consistent.'),
        'rolled-back': to('S535', 'The pair broke before it was suspended: P returned to its last consistent image.'),
        'no-image': end('failed', STOPPED, 'P holds no consistent image.'),
      },
      abortState: STOPPED,
    }),
    step({
      id: 'S565',
      ours: true,
      title: 'Settle P’s image',
      text: 'Nothing may flow into P any more; where its image is part old, part new, P returns to its last consistent one.',
      host: 'host-P',
      target: 'P',
      action: 'settle-image',
      parameters: { pair: 'I-P' },
      expects: [expects('I-P', ANY_STATE, null, ['absent', ...SUSPENDED])],
      outcomes: {
        consistent: to('S535', 'P’s image is consistent.'),
        'rolled-back': to('S535', 'P returned to its last consistent image.'),
        'no-image': end('failed', STOPPED, 'P holds no consistent image: it cannot take the work back.'),
      },
      abortState: STOPPED,
    }),
  ];
}

export const FAILBACK: RoutineGraph = {
  id: 'failback',
  arrangement: 'chain-3',
  title: 'Failback to host P',
  intent: 'planned',
  host: 'host-P',
  resident: false,
  meantFor: ['reverse', 'failed-over'],
  effects: [
    'The work has to be stopped on host R; it is down until it is restarted on host P.',
    'A new generation is raised.',
  ],
  first: 'S480',
  steps: [
    ...beforeReturn(CAST, { stopped: 'S480', ask: 'S481', stop: 'S482', fence: 'S490' }),
    fence(CAST, { fence: 'S490', next: 'S500', own: 'S565' }, 'I-P', STOPPED),
    ...drainToMiddle(),
    ...copyToSurvivor(),
    judge(SAYS),
    ...announcements({ ...SAYS, protect: null, giveBack: 'S590' }),
    ...restartAfterFailback({
      ids: { role: 'S580', start: 'S585' },
      system: 'P',
      host: 'host-P',
      ending: 'done',
      state: AT_HOME,
    }),
    ...restartAfterFailback({
      ids: { role: 'S590', start: 'S595' },
      system: 'R',
      host: 'host-R',
      ending: 'aborted',
      state: 'failback called off, R holds the host role; run reverse-copy to protect it',
    }),
  ],
};
