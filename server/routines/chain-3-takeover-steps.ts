/**
 * The part that failover and switch-over of chain-3 share: from the fence (ours) over drain and verdict to the restart of
 * the work on host R (003 Fig. 6, S210–S270).
 */
import { ANY_STATE, decide, end, expects, looksAt, option, step, to } from './graph-words.ts';
import type { RoutineStep } from './step-graph.ts';

export const ROLES = { survivor: 'R', middle: 'I', writer: 'P', writerHost: 'host-P' };
const SUSPENDED = ['suspend', 'failure-suspend'] as const;

const FENCED = 'work stopped: a new generation is raised and nobody holds the host role; run failover again to go on';
export const WORKING = 'the work runs on host R';

/** From the fence to the restart; both routines share them. `back` is offered only where P is known to answer. */
export function takeoverSteps(back: boolean): RoutineStep[] {
  return [...fenceAndDrain(), ...judgement(), ...announcements(back), ...restart()];
}

function fenceAndDrain(): RoutineStep[] {
  return [
    step({
      id: 'S205',
      ours: true,
      title: 'Fence',
      text: 'Takes a new generation from the register and has it persisted at R, I, P and host P, in this order, where they answer. What each says in that same step is the evidence of the verdict.',
      host: 'host-R',
      target: 'R',
      action: 'fence',
      parameters: ROLES,
      expects: [expects('P-I', ANY_STATE, null, ANY_STATE)],
      outcomes: {
        fenced: to('S210', 'P is proven unable to complete another write.'),
        'not-fenced': to('S210', 'P may still complete writes; taking over will be a forced decision.'),
      },
      abortState: FENCED,
    }),
    step({
      id: 'S210',
      title: 'Ask for I→R',
      text: 'Asks R for the state of the pair I→R.',
      host: 'host-R',
      target: 'R',
      action: 'ask-pair',
      parameters: { pair: 'I-R' },
      expects: [looksAt('I-R')],
      outcomes: {
        duplex: to('S230', 'R follows I: drain what I still holds.'),
        suspending: to('S230', 'A drain is under way already: wait for its end.'),
        'failure-suspend': to('S211', 'The pair broke: the newest data may be missing at R.'),
        suspend: to('S211', 'The pair was split by instruction: R is behind on purpose.'),
        copying: to('S212', 'R is being copied onto: its image is part old, part new.'),
        reversed: to('S242', 'The pair stands as R→I already, from an earlier takeover: nothing is left to drain.'),
        simplex: to('S242', 'Nothing was ever copied to R by this pair.'),
        absent: to('S242', 'There is no pair: R holds what it held when it was deleted.'),
      },
      abortState: FENCED,
    }),
    step({
      id: 'S211',
      ours: true,
      title: 'Does I answer?',
      text: 'A suspended pair can be brought up to date first, if I can still be reached.',
      host: 'host-R',
      target: 'I',
      action: 'ask-peer',
      parameters: { peer: 'I' },
      outcomes: {
        answers: to('S215', 'I can still give what R lacks.'),
        'no-answer': to('S242', 'I is out of reach: R stays as it is.'),
      },
      abortState: FENCED,
    }),
    decide({
      id: 'S212',
      ours: true,
      title: 'R is being copied onto',
      text: 'The copy from I to R has not ended, so R’s image is not consistent yet.',
      question: 'Wait for the copy to end?',
      byDefault: 'wait',
      options: [
        option('wait', 'Wait for the copy', 'Newest data, later restart: R becomes consistent when the copy ends.', {
          step: 'S213',
        }),
        option('roll-back', 'Roll R back', 'Earlier restart, older data: R returns to its last consistent image.', {
          step: 'S242',
        }),
      ],
      abortState: FENCED,
    }),
    step({
      id: 'S213',
      ours: true,
      title: 'Wait for the copy',
      text: 'Waits until the copy from I to R has ended.',
      host: 'host-R',
      target: 'R',
      action: 'wait-copy-end',
      parameters: { pair: 'I-R' },
      expects: [expects('I-R', ['initial-copying', 'duplex-pending'], null, ['duplex', 'failure-suspend'])],
      outcomes: {
        duplex: to('S230', 'R follows I: drain what I still holds.'),
        failed: to('S242', 'The copy stopped: R must return to its last consistent image.'),
      },
      abortState: FENCED,
    }),
    decide({
      id: 'S215',
      ours: true,
      title: 'Bring R up to I first?',
      text: 'The pair I→R is suspended, but I answers.',
      question: 'Resync I→R and drain it before judging?',
      byDefault: 'resync',
      options: [
        option(
          'resync',
          'Resync and drain',
          'R receives what I holds. R keeps its present image until the copy has ended.',
          { step: 'S216' },
        ),
        option('as-is', 'Use R as it is', 'No waiting; what R lacks is not fetched.', { step: 'S242' }),
      ],
      abortState: FENCED,
    }),
    step({
      id: 'S216',
      ours: true,
      title: 'Resync and drain I→R',
      text: 'Resyncs the pair by difference to duplex, then drains it.',
      host: 'host-R',
      target: 'R',
      action: 'resync-then-drain',
      parameters: { pair: 'I-R' },
      expects: [expects('I-R', SUSPENDED, 'duplex-pending', SUSPENDED)],
      outcomes: {
        suspend: to('S242', 'R received everything I held.'),
        failed: to('S242', 'It broke again: R is taken as it stands, rolled back if need be.'),
      },
      abortState: FENCED,
    }),
    step({
      id: 'S230',
      title: 'Drain I→R',
      text: 'R retrieves all of I’s journal up to the number frozen at the fence, and applies it.',
      host: 'host-R',
      target: 'R',
      action: 'drain',
      parameters: { pair: 'I-R' },
      expects: [expects('I-R', ['duplex', 'suspending'], 'suspending', SUSPENDED)],
      outcomes: { ended: to('S240', 'The drain has ended; how, is asked next.') },
      abortState: FENCED,
    }),
    step({
      id: 'S240',
      title: 'Ask for I→R again',
      text: 'Asks R how the drain ended.',
      host: 'host-R',
      target: 'R',
      action: 'ask-drained',
      parameters: { pair: 'I-R' },
      expects: [looksAt('I-R')],
      outcomes: {
        suspend: to('S242', 'R applied everything I held.'),
        'failure-suspend': to('S211', 'The drain could not finish.'),
        changed: to('S242', 'Somebody else changed the pair meanwhile: R is judged as it stands.'),
      },
      abortState: FENCED,
    }),
  ];
}

function judgement(): RoutineStep[] {
  return [
    step({
      id: 'S242',
      ours: true,
      title: 'Settle R’s image',
      text: 'Makes sure that no pair flows into R and that its image is one the group really had; otherwise returns R to its last consistent image.',
      host: 'host-R',
      target: 'R',
      action: 'settle-image',
      parameters: { pair: 'I-R' },
      expects: [expects('I-R', ANY_STATE, null, ['absent', ...SUSPENDED])],
      outcomes: {
        consistent: to('S245', 'R’s image is consistent.'),
        'rolled-back': to('S245', 'R returned to its last consistent image.'),
        'no-image': end(
          'failed',
          'R never held a consistent image; nobody holds the host role. Restore I or P, then run failover again',
          'R cannot take over.',
        ),
      },
      abortState: FENCED,
    }),
    step({
      id: 'S245',
      ours: true,
      title: 'Judge',
      text: 'Draws the verdict from the fence’s evidence, the heartbeats and R’s number, and records it.',
      host: 'host-R',
      target: 'R',
      action: 'judge',
      parameters: ROLES,
      outcomes: {
        'no-data-loss': to('S250', 'Every completed write is proven to be on R.'),
        'data-loss': to('S220', 'At least one completed write is proven to be missing on R.'),
        unknown: to('S225', 'Neither is proven.'),
      },
      abortState: FENCED,
    }),
  ];
}

function announcements(back: boolean): RoutineStep[] {
  const giveBack = back
    ? [
        option(
          'return',
          'Give the role back to P',
          'The switch-over is called off: P takes host writes again, the work starts on host P.',
          { step: 'S290' },
        ),
      ]
    : [];
  const stay = option(
    'stay',
    'Do not restart',
    'The work stays stopped. Nobody holds the host role until failover is run again.',
    {
      ending: 'done',
      state:
        'work stopped by choice: R holds the data judged here, nobody holds the host role; run failover again to go on',
    },
  );
  const attest = option(
    'attest',
    'Restart on my word that the site is destroyed',
    'The verdict will say that the takeover rests on your word, and whose. It proves nothing about the data.',
    { step: 'S280' },
    { dangerous: true, attests: true },
  );
  const restartText =
    'Updates that R lacks are given up: reverse-copy will overwrite them wherever they still are. If P is not proven fenced, this is a forced takeover and two writers are possible.';
  return [
    decide({
      id: 'S250',
      title: 'Announce no data loss',
      text: 'R holds every write that was completed to a host.',
      question: 'Restart the work on host R?',
      byDefault: 'reverse',
      options: [
        option(
          'reverse',
          'Reverse the pair, then restart',
          'R→I is formed first (S260, S270), so that the work on R is protected from its first write.',
          { step: 'S260' },
        ),
        option('restart', 'Restart at once', 'S260 and S270 are left out: R works alone until reverse-copy is run.', {
          step: 'S280',
        }),
        stay,
        ...giveBack,
      ],
      abortState: FENCED,
    }),
    decide({
      id: 'S220',
      title: 'Announce data loss',
      text: 'R’s data is consistent but older than what was completed on P.',
      question: 'Restart the work on R’s older data?',
      byDefault: 'stay',
      options: [
        option('restart', 'Restart on older data', restartText, { step: 'S280' }, { dangerous: true }),
        attest,
        stay,
        ...giveBack,
      ],
      abortState: FENCED,
    }),
    decide({
      id: 'S225',
      ours: true,
      title: 'Announce: unknown',
      text: 'Whether R lacks completed writes cannot be told from the evidence at hand.',
      question: 'Restart the work on R all the same?',
      byDefault: 'stay',
      options: [
        option('restart', 'Restart without proof', restartText, { step: 'S280' }, { dangerous: true }),
        attest,
        stay,
        ...giveBack,
      ],
      abortState: FENCED,
    }),
  ];
}

function restart(): RoutineStep[] {
  return [
    step({
      id: 'S260',
      title: 'Reverse I→R',
      text: 'Turns the pair round to R→I. Both ends keep their bits.',
      host: 'host-R',
      target: 'R',
      action: 'reverse',
      parameters: { pair: 'R-I' },
      expects: [expects('R-I', SUSPENDED, null, SUSPENDED)],
      outcomes: {
        reversed: to('S270', 'The pair stands as R→I.'),
        'not-reversed': to('S280', 'Not possible now: R takes over alone.'),
      },
      abortState: FENCED,
    }),
    step({
      id: 'S270',
      title: 'Resync R→I',
      text: 'Copies by difference from R to I until the pair is in duplex.',
      host: 'host-R',
      target: 'R',
      action: 'resync-reversed',
      parameters: { pair: 'R-I' },
      expects: [expects('R-I', SUSPENDED, 'duplex-pending', ['duplex', 'duplex-pending', ...SUSPENDED])],
      outcomes: {
        duplex: to('S280', 'I follows R.'),
        copying: to('S280', 'The copy goes on by itself; the work need not wait for it.'),
        'not-resynced': to('S280', 'Not possible now: R takes over alone.'),
      },
      abortState: FENCED,
    }),
    step({
      id: 'S280',
      ours: true,
      title: 'Give R the host role',
      text: 'The register names R as holder of the generation; then R accepts host writes.',
      host: 'host-R',
      target: 'R',
      action: 'give-host-role',
      outcomes: { promoted: to('S285', 'R accepts host writes.') },
      abortState:
        'R may hold the host role already, the work is not started; start it with the ledger command, or run failover again',
    }),
    step({
      id: 'S285',
      ours: true,
      title: 'Start the work on host R',
      text: 'Starts the work application on host R.',
      host: 'host-R',
      target: 'R',
      action: 'start-work',
      outcomes: {
        started: end('done', WORKING, 'The work runs on host R.'),
        'no-ledger': end(
          'done',
          'R accepts host writes; attach your application to it',
          'This group has no work application of ours.',
        ),
        'not-started': end(
          'failed',
          'R holds the host role, but the work on host R did not start; see its reason, then start it',
          'Host R did not start the work.',
        ),
      },
      abortState: 'R holds the host role, the work is not started; start it with the ledger command',
    }),
  ];
}
