/** The routines of chain-4 (003, fourth embodiment), in the order an operator meets them. */
import { type MoveOfFour, moveOfFour } from './chain-4-move.ts';
import { type Cast, stoppedUntil } from './parts/cast.ts';
import { detection, orderlyStop } from './parts/detect.ts';
import type { HopWords } from './parts/drain-hop.ts';
import { initialCopy } from './parts/initial-copy.ts';
import { calledOff, restartAfterFailback, restartAfterTakeover } from './parts/restart.ts';
import { AT_HOME, beforeReturn, STOPPED } from './parts/return.ts';
import { formStep, holdDownstream, reverseStart } from './parts/reverse-start.ts';
import { testFailover } from './parts/test-failover.ts';
import { failbackTexts, takeoverTexts } from './parts/verdict.ts';
import type { RoutineGraph, RoutineStep } from './step-graph.ts';

const ARRANGEMENT = 'chain-4';
const OVER: Cast = {
  move: 'over',
  survivor: 'R',
  survivorHost: 'host-R',
  writer: 'P',
  writerHost: 'host-P',
  middle: ['J', 'I'],
};
const BACK: Cast = {
  move: 'back',
  survivor: 'P',
  survivorHost: 'host-P',
  writer: 'R',
  writerHost: 'host-R',
  middle: ['I', 'J'],
};

/** Ids of one hop: our looks before the drain are numbered from `first`, the sources' own ids are given. */
function hopIds(first: number, drain: string, again: string): HopWords['ids'] {
  const [ask, peer, copying, wait, offer, resync] = [0, 1, 2, 3, 4, 5].map((step) => `S${first + step}`);
  return {
    ask: ask ?? '',
    peer: peer ?? '',
    copying: copying ?? '',
    wait: wait ?? '',
    offer: offer ?? '',
    resync: resync ?? '',
    drain,
    again,
  };
}

const FENCED = stoppedUntil('failover');

const over = (giveBack: string | null): MoveOfFour => ({
  cast: OVER,
  ids: {
    fence: 'S1003',
    near: hopIds(1004, 'S1010', 'S1020'),
    far: hopIds(1024, 'S1030', 'S1040'),
    says: { settle: 'S1042', judge: 'S1045', kept: 'S1050', lost: 'S1080', unknown: 'S1085' },
    delete: 'S1060',
    form: 'S1070',
    role: 'S1086',
  },
  guarded: 'P-I',
  hops: ['I-J', 'J-R'],
  giveBack,
  texts: takeoverTexts(OVER, FENCED),
});

function takeover(giveBack: string | null): RoutineStep[] {
  return [...moveOfFour(over(giveBack)), ...restartAfterTakeover(OVER, { role: 'S1086', start: 'S1088' })];
}

const FAILOVER: RoutineGraph = {
  id: 'failover',
  arrangement: ARRANGEMENT,
  title: 'Failover to host R',
  intent: 'failover',
  host: 'host-R',
  resident: false,
  meantFor: ['normal', 'degraded', 'stopped'],
  effects: [
    'A new generation is raised: P refuses host writes from then on, even after it returns.',
    'I→J and then J→R are drained; the pair between J and R is then formed anew as R⇒J if you choose so.',
    'The work is restarted on host R if you choose so.',
  ],
  first: 'S1000',
  steps: [...detection(OVER, { watch: 'S1000', confirm: 'S1001', alive: 'S1002', next: 'S1003' }), ...takeover(null)],
};

const SWITCH_OVER: RoutineGraph = {
  id: 'switch-over',
  arrangement: ARRANGEMENT,
  title: 'Planned switch-over to host R',
  intent: 'planned',
  host: 'host-R',
  resident: false,
  meantFor: ['normal'],
  effects: [
    'The work on host P is stopped; it is down until it is restarted on host R.',
    'A new generation is raised.',
  ],
  first: 'S990',
  steps: [
    ...orderlyStop(OVER, { ready: 'S990', stop: 'S993', quiet: 'S996', next: 'S1003' }, ['P-I', 'I-J', 'J-R']),
    ...takeover('S1090'),
    ...calledOff(OVER, { role: 'S1090', start: 'S1091' }),
  ],
};

const UNTOUCHED = 'nothing was changed: the work runs on host R';
const R_ONLY =
  'the work runs on host R; the systems behind it hold older consistent data or are being copied onto, run reverse-copy again';

const REVERSE_COPY: RoutineGraph = {
  id: 'reverse-copy',
  arrangement: ARRANGEMENT,
  title: 'Reverse copy from R over J and I to P',
  intent: 'maintenance',
  host: 'host-R',
  resident: false,
  meantFor: ['failed-over', 'reverse'],
  effects: ['J, I and P are overwritten with R’s data where they differ.'],
  first: 'S1092',
  steps: [
    ...reverseStart({
      ids: { holder: 'S1092', faults: 'S1093', spread: 'S1094', compare: 'S1095', overwrite: 'S1096', next: 'S1097' },
      host: 'host-R',
      system: 'R',
      otherHost: 'host-P',
      abortState: UNTOUCHED,
      needed: ['P', 'I', 'J', 'R'],
      demoted: ['P', 'I', 'J'],
      compared: ['P', 'I', 'J'],
    }),
    holdDownstream({
      id: 'S1097',
      next: 'S1098',
      host: 'host-R',
      pair: 'R-J',
      kind: 'sync',
      downstream: 'J-I',
      downstreamKind: 'async',
      abortState: R_ONLY,
    }),
    formStep({
      id: 'S1098',
      ours: true,
      host: 'host-R',
      pair: 'R-J',
      kind: 'sync',
      text: 'The sync pair of R and J, where the failover left it out or it broke since; by difference where the bitmaps allow it.',
      next: 'S1099',
      failed: {
        state: R_ONLY,
        text: 'The copy from R to J stopped by itself. Clear the fault and run reverse-copy again.',
      },
    }),
    holdDownstream({
      id: 'S1099',
      next: 'S1100',
      host: 'host-R',
      pair: 'J-I',
      kind: 'async',
      downstream: 'I-P',
      downstreamKind: 'async',
      abortState: R_ONLY,
    }),
    formStep({
      id: 'S1100',
      host: 'host-R',
      pair: 'J-I',
      kind: 'async',
      text: 'Turns I→J round to J→I and resyncs it by difference.',
      next: 'S1110',
      failed: {
        state: R_ONLY,
        text: 'The copy from J to I stopped by itself. Clear the fault and run reverse-copy again.',
      },
      beside: [['R-J', ['duplex']]],
      during: 'duplex-pending',
    }),
    formStep({
      id: 'S1110',
      host: 'host-R',
      pair: 'I-P',
      kind: 'async',
      text: 'Host R has I, reached through J, form the async pair with P, or turn the old one into it; formation copy, by difference where the bitmaps allow it.',
      next: { state: 'reverse operation: R⇒J, J→I and I→P in duplex' },
      failed: {
        state:
          'the work runs on host R, R⇒J and J→I in duplex; P is not yet a copy. Clear the fault, run reverse-copy again',
        text: 'The copy from I to P stopped by itself.',
      },
      beside: [['J-I', ['duplex']]],
    }),
  ],
};

const back: MoveOfFour = {
  cast: BACK,
  ids: {
    fence: 'S1193',
    near: hopIds(1194, 'S1200', 'S1210'),
    far: hopIds(1214, 'S1220', 'S1230'),
    says: { settle: 'S1232', judge: 'S1235', kept: 'S1240', lost: 'S1270', unknown: 'S1275' },
    delete: 'S1250',
    form: 'S1260',
    role: 'S1280',
  },
  guarded: 'R-J',
  hops: ['J-I', 'I-P'],
  giveBack: 'S1290',
  texts: failbackTexts(BACK, STOPPED, 'R, J or I'),
};

const FAILBACK: RoutineGraph = {
  id: 'failback',
  arrangement: ARRANGEMENT,
  title: 'Failback to host P',
  intent: 'planned',
  host: 'host-P',
  resident: false,
  meantFor: ['reverse', 'failed-over', 'stopped'],
  effects: [
    'The work has to be stopped on host R; it is down until it is restarted on host P.',
    'A new generation is raised.',
    'J→I and then I→P are drained; the pair between I and P is then formed anew as P⇒I if you choose so.',
  ],
  first: 'S1180',
  steps: [
    ...beforeReturn(BACK, { stopped: 'S1180', ask: 'S1181', stop: 'S1182', fence: 'S1193' }),
    ...moveOfFour(back),
    ...restartAfterFailback({
      ids: { role: 'S1280', start: 'S1285' },
      system: 'P',
      host: 'host-P',
      ending: 'done',
      state: AT_HOME,
    }),
    ...restartAfterFailback({
      ids: { role: 'S1290', start: 'S1295' },
      system: 'R',
      host: 'host-R',
      ending: 'aborted',
      state: 'failback called off, R holds the host role; run reverse-copy to protect it',
    }),
  ],
};

export const CHAIN_4_ROUTINES: readonly RoutineGraph[] = [
  initialCopy({
    arrangement: ARRANGEMENT,
    compared: ['I', 'J', 'R'],
    pairs: [
      {
        id: 'S100',
        pair: 'P-I',
        kind: 'sync',
        text: 'P forms the sync pair with I; formation copy, by difference where the bitmaps allow it.',
        hold: { id: 'S095', downstream: 'I-J', kind: 'async' },
      },
      {
        id: 'S110',
        pair: 'I-J',
        kind: 'async',
        text: 'Host P has I, reached through P, form the async pair with J; formation copy, by difference where the bitmaps allow it.',
        hold: { id: 'S105', downstream: 'J-R', kind: 'async' },
      },
      {
        id: 'S120',
        pair: 'J-R',
        kind: 'async',
        text: 'Host P has J, reached through I, form the async pair with R; formation copy, by difference where the bitmaps allow it.',
        hold: null,
      },
    ],
  }),
  FAILOVER,
  SWITCH_OVER,
  REVERSE_COPY,
  FAILBACK,
  testFailover(ARRANGEMENT),
];
