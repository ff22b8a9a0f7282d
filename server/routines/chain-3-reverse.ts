/**
 * Reverse operation of chain-3: reverse copy (003 Fig. 7, §[0089]–[0094]) and its resident control (Fig. 8,
 * §[0095]–[0100]). R→I never copies while I⇒P copies, and the other way round.
 */
import { ANY_STATE, end, expects, looksAt, step, to } from './graph-words.ts';
import { SUSPENDED } from './parts/cast.ts';
import { holdDownstream, holderOfReverse, type ReverseStart, reverseStart } from './parts/reverse-start.ts';
import type { RoutineGraph, RoutineStep } from './step-graph.ts';

const UNTOUCHED = 'nothing was changed: the work runs on host R';
const R_ONLY =
  'the work runs on host R; I and P hold older consistent data or are being copied onto, run reverse-copy again';

const START: ReverseStart = {
  ids: { holder: 'S291', faults: 'S292', spread: 'S293', compare: 'S294', overwrite: 'S297', next: 'S298' },
  host: 'host-R',
  system: 'R',
  otherHost: 'host-P',
  abortState: UNTOUCHED,
  needed: ['P', 'I', 'R'],
  demoted: ['I', 'P'],
  compared: ['P', 'I'],
};

function before(): RoutineStep[] {
  return [
    ...reverseStart(START),
    holdDownstream({
      id: 'S298',
      next: 'S300',
      host: 'host-R',
      pair: 'R-I',
      kind: 'async',
      downstream: 'I-P',
      downstreamKind: 'sync',
      abortState: R_ONLY,
    }),
  ];
}

export const REVERSE_COPY: RoutineGraph = {
  id: 'reverse-copy',
  arrangement: 'chain-3',
  title: 'Reverse copy from R',
  intent: 'maintenance',
  host: 'host-R',
  resident: false,
  meantFor: ['failed-over', 'reverse'],
  effects: ['P and I are overwritten with R’s data where they differ.'],
  first: 'S291',
  steps: [
    ...before(),
    step({
      id: 'S300',
      title: 'Form R→I',
      text: 'R forms the async pair to I, or turns the old one round, and copies until it is in duplex.',
      host: 'host-R',
      target: 'R',
      action: 'form-pair',
      parameters: { pair: 'R-I' },
      expects: [expects('R-I', ANY_STATE, 'duplex-pending', ['duplex'])],
      outcomes: {
        already: to('S310', 'The failover had brought it to duplex already.'),
        duplex: to('S310', 'R→I is in duplex.'),
        failed: end('failed', R_ONLY, 'The copy from R to I stopped by itself.'),
      },
      abortState: R_ONLY,
    }),
    step({
      id: 'S310',
      title: 'Drain R→I',
      text: 'R’s journal is copied to I up to the number frozen now; later writes on R only set bits.',
      host: 'host-R',
      target: 'R',
      action: 'drain',
      parameters: { pair: 'R-I' },
      expects: [expects('R-I', ['duplex'], 'suspending', SUSPENDED)],
      outcomes: { ended: to('S320', 'The drain has ended; how, is asked next.') },
      abortState: R_ONLY,
    }),
    step({
      id: 'S320',
      title: 'R→I in suspend?',
      text: 'Asks R how the drain ended.',
      host: 'host-R',
      target: 'R',
      action: 'ask-drained',
      parameters: { pair: 'R-I' },
      expects: [looksAt('R-I')],
      outcomes: {
        suspend: to('S330', 'I holds a consistent image and nothing flows into it.'),
        'failure-suspend': to('S345', 'The drain could not finish: P is left alone for now.'),
        changed: to('S345', 'Somebody else changed the pair meanwhile: P is left alone for now.'),
      },
      abortState: R_ONLY,
    }),
    step({
      id: 'S330',
      title: 'Form I⇒P',
      text: 'Host R has I, reached through R, form the sync pair to P, or turn the old one round, and copy until it is in duplex.',
      host: 'host-R',
      target: 'I',
      action: 'form-pair',
      parameters: { pair: 'I-P' },
      expects: [expects('I-P', ANY_STATE, 'initial-copying', ['duplex']), looksAt('R-I', ['suspend'])],
      outcomes: {
        duplex: to('S340', 'P equals I.'),
        already: to('S340', 'P equalled I already.'),
        failed: to('S345', 'The copy from I to P stopped by itself.'),
      },
      abortState: R_ONLY,
    }),
    step({
      id: 'S340',
      title: 'Suspend I⇒P, resync R→I',
      text: 'First the sync pair to suspend, then the async pair to duplex: never both copying.',
      host: 'host-R',
      target: 'R',
      action: 'split-then-resync',
      parameters: { split: 'I-P', resync: 'R-I' },
      expects: [expects('I-P', ['duplex'], null, ['suspend']), expects('R-I', SUSPENDED, 'duplex-pending', ['duplex'])],
      outcomes: {
        duplex: end(
          'done',
          'reverse operation: R→I in duplex, P a consistent copy; start reverse-copy-control',
          'R→I is in duplex again.',
        ),
        failed: end('failed', R_ONLY, 'P is a consistent copy, but R→I did not come back to duplex.'),
      },
      abortState: R_ONLY,
    }),
    step({
      id: 'S345',
      ours: true,
      title: 'Protect R again',
      text: 'P could not be brought up. The sync pair is suspended and R→I resynced, so that R is not left without a copy.',
      host: 'host-R',
      target: 'R',
      action: 'split-then-resync',
      parameters: { split: 'I-P', resync: 'R-I' },
      expects: [
        expects('I-P', ANY_STATE, null, ['absent', ...SUSPENDED]),
        expects('R-I', ANY_STATE, 'duplex-pending', ANY_STATE),
      ],
      outcomes: {
        duplex: end(
          'failed',
          'the work runs on host R with R→I in duplex; P is not yet a copy. Clear the fault, run reverse-copy again',
          'R→I is in duplex; P was not reached.',
        ),
        failed: end('failed', R_ONLY, 'Neither pair could be brought to duplex.'),
      },
      abortState: R_ONLY,
    }),
  ],
};

const CYCLE_ABORTED =
  'copy control ended in the middle of a cycle: one of R→I and I⇒P may be suspended; start it again to go on';

export const REVERSE_COPY_CONTROL: RoutineGraph = {
  id: 'reverse-copy-control',
  arrangement: 'chain-3',
  title: 'Reverse copy control',
  intent: 'maintenance',
  host: 'host-R',
  resident: true,
  meantFor: ['reverse'],
  effects: ['Runs until you end it; R→I and I⇒P copy in turn.'],
  first: 'S390',
  steps: [
    holderOfReverse(START, { holder: 'S390', next: 'S391' }),
    step({
      id: 'S391',
      ours: true,
      title: 'Reverse copy done?',
      text: 'Both pairs must stand in reverse direction.',
      host: 'host-R',
      target: 'R',
      action: 'check-reverse',
      parameters: { pairs: 'R-I I-P' },
      expects: [looksAt('R-I'), looksAt('I-P')],
      outcomes: {
        reverse: to('S400', 'Both pairs stand in reverse direction.'),
        'not-reverse': end('failed', UNTOUCHED, 'Run reverse-copy first.'),
      },
      abortState: UNTOUCHED,
    }),
    step({
      id: 'S400',
      title: 'Drain R→I',
      text: 'R’s journal is copied to I up to the number frozen now; later writes on R only set bits.',
      host: 'host-R',
      target: 'R',
      action: 'drain',
      parameters: { pair: 'R-I' },
      expects: [expects('R-I', ANY_STATE, 'suspending', ANY_STATE)],
      outcomes: { ended: to('S410', 'The drain has ended; how, is asked next.') },
      abortState: CYCLE_ABORTED,
    }),
    step({
      id: 'S410',
      title: 'R→I in suspend?',
      text: 'Asks R how the drain ended.',
      host: 'host-R',
      target: 'R',
      action: 'ask-drained',
      parameters: { pair: 'R-I' },
      expects: [looksAt('R-I')],
      outcomes: {
        suspend: to('S420', 'I holds a consistent image and nothing flows into it.'),
        'failure-suspend': to('S430', 'The drain could not finish: P is left alone in this cycle.'),
        changed: to('S430', 'The pair is elsewhere: P is left alone in this cycle.'),
      },
      abortState: CYCLE_ABORTED,
    }),
    step({
      id: 'S420',
      title: 'Resync I⇒P',
      text: 'I copies to P by difference until the pair is in duplex.',
      host: 'host-R',
      target: 'I',
      action: 'form-pair',
      parameters: { pair: 'I-P' },
      expects: [expects('I-P', SUSPENDED, 'duplex-pending', ['duplex'])],
      outcomes: {
        duplex: to('S430', 'P equals I.'),
        already: to('S430', 'P equalled I already.'),
        failed: to('S430', 'The copy stopped: P keeps its last consistent image, and the next cycle tries again.'),
      },
      abortState: CYCLE_ABORTED,
    }),
    step({
      id: 'S430',
      title: 'Suspend I⇒P, resync R→I',
      text: 'First the sync pair to suspend, then the async pair to duplex: never both copying.',
      host: 'host-R',
      target: 'R',
      action: 'split-then-resync',
      parameters: { split: 'I-P', resync: 'R-I' },
      expects: [expects('I-P', ANY_STATE, null, SUSPENDED), expects('R-I', ANY_STATE, 'duplex-pending', ANY_STATE)],
      outcomes: {
        duplex: to('S440', 'R→I is in duplex, P a consistent copy.'),
        failed: to('S440', 'R→I is not in duplex; the next cycle tries again.'),
      },
      abortState: CYCLE_ABORTED,
    }),
    step({
      id: 'S440',
      title: 'Repeat',
      text: 'Waits for the interval, or until R’s journal passes its level, then begins the next cycle; ends when the operator ends reverse operation.',
      host: 'host-R',
      target: 'R',
      action: 'await-cycle',
      parameters: { source: 'R' },
      outcomes: {
        again: to('S400', 'The next cycle begins.'),
        ended: end(
          'done',
          'copy control ended between two cycles: I⇒P suspended, P a consistent copy, R→I as the last cycle left it',
          'Ended by the operator.',
        ),
      },
      abortState: 'copy control ended between two cycles',
    }),
  ],
};
