/**
 * Switch back of twin sites (004 B4000–B4070): the work on the backup stops, what is left is copied, the pair returns to its
 * normal state and control to host M. Ours: the fence, states other than COPY, the image and the verdict. It works with B1
 * and host B1 lost as well, from what M holds.
 */
import { ANY_STATE, decide, end, expects, option, step, to } from './graph-words.ts';
import { type Cast, SUSPENDED, stoppedUntil } from './parts/cast.ts';
import { fence } from './parts/detect.ts';
import { drainHop } from './parts/drain-hop.ts';
import { restart, restartAfterFailback } from './parts/restart.ts';
import { beforeReturn } from './parts/return.ts';
import { announcements, failbackTexts, judge, type VerdictTexts, verdict } from './parts/verdict.ts';
import type { RoutineGraph, RoutineStep } from './step-graph.ts';
import type { TwinShape } from './twin-takeover.ts';

const STOPPED = stoppedUntil('switch-back');
const AT_HOME = 'M holds the host role; run pair-recovery to return to normal operation';
const PAIR = 'B1-M';

function castBack({ others }: TwinShape): Cast {
  return { move: 'back', survivor: 'M', survivorHost: 'host-M', writer: 'B1', writerHost: 'host-B1', middle: others };
}

function textsOf(cast: Cast): VerdictTexts {
  return {
    ...failbackTexts(cast, STOPPED, 'B1'),
    routine: 'switch-back',
    restartConsequence: 'M takes host writes; pair-recovery then returns to normal operation, by difference.',
    givenUp:
      'Updates that only B1 holds are given up: pair-recovery will ask before it overwrites them. If B1 is not proven fenced, this is forced and two writers are possible.',
    stayConsequence: 'The work stays stopped. Nobody holds the host role until switch-back or takeover is run again.',
    giveBackConsequence: 'Switch-back is called off: B1 takes host writes again, the work starts on host B1.',
  };
}

/** DELPAIR: what the job has not sent yet is sent, and then nothing more. */
function remaining({ mode }: TwinShape): RoutineStep[] {
  const leave: Record<string, string> = mode === 'no-merge' ? { leave: 'own' } : {};
  const steps = drainHop({
    pair: PAIR,
    ids: {
      ask: 'B4002',
      peer: 'B4003',
      copying: 'B4004',
      wait: 'B4005',
      offer: 'B4006',
      resync: 'B4007',
      drain: 'B4010',
      again: 'B4030',
    },
    host: 'host-M',
    next: 'B4050',
    toSurvivor: true,
    askIsOurs: true,
    formable: true,
    abortState: STOPPED,
  });
  const words: Record<string, Partial<RoutineStep>> = {
    B4007: { parameters: { pair: PAIR, kind: 'async', ...leave } },
    B4010: {
      title: 'DELPAIR request',
      text: 'The pair is to end: everything that B1 still holds for M is searched and sent (B4020, B4040), up to the number frozen at the fence.',
    },
    B4030: { title: 'Found?', text: 'Asks M whether anything was left that could not be sent.' },
  };
  return steps.map((each) => ({ ...each, ...words[each.id] }));
}

function normalState(): RoutineStep {
  return step({
    id: 'B4050',
    title: 'State normal',
    text: 'The pair is turned back to M→B1, suspended; both ends go on marking what changes until pair recovery.',
    host: 'host-M',
    target: 'M',
    action: 'reverse',
    parameters: { pair: 'M-B1', kind: 'async' },
    expects: [expects('M-B1', ANY_STATE, null, [...SUSPENDED, 'absent'])],
    outcomes: {
      reversed: to('B4051', 'The pair stands as M→B1.'),
      'not-reversed': to('B4051', 'There is no pair to turn now.'),
    },
    abortState: STOPPED,
  });
}

/** No-merge: M’s image mixes its own unsent updates with B1’s, and whoever goes on from it says so. */
function acceptance(shape: TwinShape): RoutineStep[] {
  const cast = castBack(shape);
  return [
    step({
      id: 'B4051',
      ours: true,
      title: 'Settle M’s image',
      text: 'Makes sure that no pair flows into M, and tells whether M holds one image of the group or its own unsent updates among B1’s.',
      host: 'host-M',
      target: 'M',
      action: 'settle-mixed',
      parameters: { pair: PAIR },
      expects: [expects(PAIR, ANY_STATE, null, ['absent', ...SUSPENDED])],
      outcomes: {
        consistent: to('B4052', 'M’s image is consistent.'),
        mixed: to('B4053', 'M holds its own unsent updates among B1’s.'),
        'rolled-back': to('B4052', 'M returned to its last consistent image.'),
        'no-image': end('failed', STOPPED, 'M holds no consistent image: it cannot take the work back.'),
      },
      abortState: STOPPED,
    }),
    decide({
      id: 'B4053',
      ours: true,
      title: 'Accept mixed image?',
      text: 'Mode no-merge: in the tracks named, M holds what it had written itself and B1 never received; in all others, what B1 sent.',
      question: 'Go on from this image?',
      byDefault: 'accept',
      options: [
        option(
          'accept',
          'Accept M’s image',
          'M goes on from it, and pair recovery carries the tracks named to B1, so that both end equal. An application whose data spans tracks may find it damaged.',
          { step: 'B4052' },
        ),
        option('stay', 'Leave the work stopped', 'M’s image is not accepted; nobody holds the host role.', {
          ending: 'done',
          state: 'work stopped by choice: M’s mixed image was not accepted; run takeover to go on with B1',
        }),
      ],
      abortState: STOPPED,
    }),
    { ...judge(saysOf(cast)), parameters: { ...judge(saysOf(cast)).parameters, accepts: 'mixed' } },
    ...announcements({ ...saysOf(cast), protect: null, giveBack: 'B4091' }),
  ];
}

const saysOf = (cast: Cast) => ({
  cast,
  ids: { settle: 'B4051', judge: 'B4052', kept: 'B4060', lost: 'B4061', unknown: 'B4062', role: 'B4070' },
  texts: textsOf(cast),
});

function control({ mode }: TwinShape): RoutineStep[] {
  const [role, start] = restart({
    ids: { role: 'B4070', start: 'B4075' },
    system: 'M',
    host: 'host-M',
    ending: 'done',
    states: {
      running: `${AT_HOME}, work running`,
      noLedger: `${AT_HOME}; attach your application to M`,
      notStarted: 'M holds the host role, but the work did not start; see its reason, then start it',
      roleAborted: 'M may hold the host role already, the work is not started; start it with the ledger command',
    },
    texts: {
      role: 'Control to host M',
      start: 'Starts the work application on host M.',
      running: 'The work runs.',
      notStarted: 'The work did not start.',
    },
  });
  if (!role || !start) throw new Error('a restart has two steps');
  return [{ ...role, ours: false, parameters: mode === 'no-merge' ? { accepts: 'mixed' } : {} }, start];
}

export function switchBack(shape: TwinShape): RoutineGraph {
  const cast = castBack(shape);
  return {
    id: 'switch-back',
    arrangement: shape.arrangement,
    title: 'Switch back to host M',
    intent: 'planned',
    host: 'host-M',
    resident: false,
    meantFor: ['reverse', 'failed-over', 'stopped'],
    effects: [
      'The work has to be stopped on host B1; it is down until it is restarted on host M.',
      'A new generation is raised.',
      'Only what is left to be sent is copied.',
    ],
    first: 'B3990',
    steps: [
      ...beforeReturn(
        cast,
        { stopped: 'B3990', ask: 'B3991', stop: 'B4000', fence: 'B4001' },
        { routine: 'Switch back', atHome: AT_HOME },
        false,
      ),
      fence(cast, { fence: 'B4001', next: 'B4002', own: 'B4051' }, PAIR, STOPPED),
      ...remaining(shape),
      normalState(),
      ...(shape.mode === 'no-merge'
        ? acceptance(shape)
        : verdict({ ...saysOf(cast), feeding: PAIR, protect: null, giveBack: 'B4091' })),
      ...control(shape),
      ...restartAfterFailback({
        ids: { role: 'B4091', start: 'B4096' },
        system: 'B1',
        host: 'host-B1',
        ending: 'aborted',
        state: 'switch-back called off, B1 holds the host role; run resync to protect it',
      }),
    ],
  };
}
