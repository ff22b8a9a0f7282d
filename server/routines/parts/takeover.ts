/**
 * Failover (003 Fig. 6) and the planned switch-over of every chain whose log goes from I straight to R: they differ in
 * which systems there are beside, and in what protects R when the work restarts. Steps marked as ours close what the source
 * leaves open: the fence (S205), states other than duplex and failure-suspend, the image (S242), the verdict (S245), and
 * the restart of the work (S280, S285).
 */
import { expects, step, to } from '../graph-words.ts';
import type { RoutineGraph, RoutineStep } from '../step-graph.ts';
import { type Cast, hostWords, SUSPENDED, stoppedUntil } from './cast.ts';
import { detection, fence, orderlyStop } from './detect.ts';
import { drainHop } from './drain-hop.ts';
import { calledOff, restartAfterTakeover } from './restart.ts';
import { takeoverTexts, verdict } from './verdict.ts';

export interface TakeoverOfThree {
  arrangement: string;
  /** Systems fenced between R and P. */
  middle: readonly string[];
  /** Is turning the pair round (S260, S270) the default where nothing was lost? Elsewhere something protects R already. */
  reverses: boolean;
  /** What leaving S260 and S270 out means. */
  instead: string;
}

const FENCED = stoppedUntil('failover');

function castOf({ middle }: TakeoverOfThree): Cast {
  return { move: 'over', survivor: 'R', survivorHost: 'host-R', writer: 'P', writerHost: 'host-P', middle };
}

export function failoverOfThree(words: TakeoverOfThree): RoutineGraph {
  const cast = castOf(words);
  return {
    id: 'failover',
    arrangement: words.arrangement,
    title: 'Failover to host R',
    intent: 'failover',
    host: 'host-R',
    resident: false,
    meantFor: ['normal', 'degraded', 'stopped'],
    effects: [
      `A new generation is raised: ${cast.writer} refuses host writes from then on, even after it returns.`,
      'The pair between I and R is drained, then turned round if you choose so.',
      `The work is restarted on ${hostWords(cast.survivorHost)} if you choose so.`,
    ],
    first: 'S200',
    steps: [
      ...detection(cast, { watch: 'S200', confirm: 'S201', alive: 'S202', next: 'S205' }),
      ...takeoverSteps(words, null),
    ],
  };
}

export function switchOverOfThree(words: TakeoverOfThree, pairs: readonly string[]): RoutineGraph {
  const cast = castOf(words);
  return {
    id: 'switch-over',
    arrangement: words.arrangement,
    title: 'Planned switch-over to host R',
    intent: 'planned',
    host: 'host-R',
    resident: false,
    meantFor: ['normal'],
    effects: [
      `The work on ${hostWords(cast.writerHost)} is stopped; it is down until it is restarted on ${hostWords(cast.survivorHost)}.`,
      'A new generation is raised.',
    ],
    first: 'S180',
    steps: [
      ...orderlyStop(cast, { ready: 'S180', stop: 'S185', quiet: 'S190', next: 'S205' }, pairs),
      ...takeoverSteps(words, 'S290'),
      ...calledOff(cast, { role: 'S290', start: 'S295' }),
    ],
  };
}

/** From the fence to the restart. `giveBack` leads to the steps that call it off, where P is known to answer. */
function takeoverSteps(words: TakeoverOfThree, giveBack: string | null): RoutineStep[] {
  const cast = castOf(words);
  return [
    fence(cast, { fence: 'S205', next: 'S210', own: 'S242' }, 'P-I', FENCED),
    ...drainHop({
      pair: 'I-R',
      ids: {
        ask: 'S210',
        peer: 'S211',
        copying: 'S212',
        wait: 'S213',
        offer: 'S215',
        resync: 'S216',
        drain: 'S230',
        again: 'S240',
      },
      host: 'host-R',
      next: 'S242',
      toSurvivor: true,
      askIsOurs: false,
      formable: false,
      abortState: FENCED,
    }),
    ...verdict({
      cast,
      ids: { settle: 'S242', judge: 'S245', kept: 'S250', lost: 'S220', unknown: 'S225', role: 'S280' },
      feeding: 'I-R',
      protect: {
        id: 'reverse',
        label: 'Reverse the pair, then restart',
        consequence: 'R→I is formed first (S260, S270), so that the work on R is protected from its first write.',
        step: 'S260',
        instead: words.instead,
        byDefault: words.reverses,
      },
      giveBack,
      texts: takeoverTexts(cast, FENCED),
    }),
    ...turnRound(),
    ...restartAfterTakeover(cast, { role: 'S280', start: 'S285' }),
  ];
}

function turnRound(): RoutineStep[] {
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
  ];
}
