/**
 * The routines of chain-4-bypass (003, third embodiment) and of its variation with backup: initial copy, failover and
 * switch-over as chain-3; reverse copy from R over J to P (Fig. 15) and failback from there (Fig. 17). The variation (Fig. 18)
 * keeps the system that is left out up to date, so that reverse operation begins with a short resync.
 */
import { FORWARD_PAIRS } from './chain-3-forward.ts';
import { failbackByDrain } from './parts/failback-by-drain.ts';
import { type ForwardPair, initialCopy } from './parts/initial-copy.ts';
import { formStep, holdDownstream, restStep, reverseStart } from './parts/reverse-start.ts';
import { failoverOfThree, switchOverOfThree, type TakeoverOfThree } from './parts/takeover.ts';
import { testFailover } from './parts/test-failover.ts';
import type { RoutineGraph, RoutineStep } from './step-graph.ts';

const UNTOUCHED = 'nothing was changed: the work runs on host R';
const R_ONLY =
  'the work runs on host R; J and P hold older consistent data or are being copied onto, run reverse-copy again';
const NOT_P = 'the work runs on host R, R⇒J in duplex; P is not yet a copy. Clear the fault, run reverse-copy again';

function reverseCopy(arrangement: string, hasBackup: boolean): RoutineGraph {
  return {
    id: 'reverse-copy',
    arrangement,
    title: 'Reverse copy from R over J to P',
    intent: 'maintenance',
    host: 'host-R',
    resident: false,
    meantFor: ['failed-over', 'reverse'],
    effects: [
      hasBackup
        ? 'J follows R already: only what R wrote since is copied before R⇒J is synchronous.'
        : 'J, and then P, are overwritten with R’s data where they differ.',
      'I is left out in reverse operation: its pair with R is suspended.',
    ],
    first: 'S791',
    steps: [
      ...reverseStart({
        ids: { holder: 'S791', faults: 'S792', spread: 'S793', compare: 'S794', overwrite: 'S795', next: 'S796' },
        host: 'host-R',
        system: 'R',
        otherHost: 'host-P',
        abortState: UNTOUCHED,
        needed: ['P', 'I', 'J', 'R'],
        demoted: ['P', 'I', 'J'],
        compared: ['P', 'J'],
      }),
      restStep({
        id: 'S796',
        next: 'S798',
        host: 'host-R',
        pair: 'P-I',
        why: 'reverse operation has no use for it as it stands, and P must be free to take host writes when the work comes back.',
        abortState: UNTOUCHED,
      }),
      restStep({
        id: 'S798',
        next: 'S799',
        host: 'host-R',
        pair: 'R-I',
        // S260 may have left it flowing.
        why: 'I is left out in reverse operation.',
        abortState: UNTOUCHED,
      }),
      holdDownstream({
        id: 'S799',
        next: 'S800',
        host: 'host-R',
        pair: 'R-J',
        kind: 'sync',
        downstream: 'J-P',
        downstreamKind: 'async',
        abortState: R_ONLY,
      }),
      formStep({
        id: 'S800',
        host: 'host-R',
        pair: 'R-J',
        kind: 'sync',
        text: hasBackup
          ? 'R→J becomes the sync pair R⇒J: drained, turned, and resynced by what R wrote meanwhile. J held R’s data already, so nothing else is copied.'
          : 'R forms the sync pair with J; formation copy, by difference where an earlier pair has kept one.',
        next: hasBackup ? 'S805' : 'S810',
        failed: {
          state: R_ONLY,
          text: 'The copy from R to J stopped by itself. Clear the fault and run reverse-copy again.',
        },
        ...(hasBackup ? { during: 'duplex-pending' as const } : {}),
      }),
      ...(hasBackup ? [holdInner()] : []),
      formStep({
        id: 'S810',
        host: 'host-R',
        pair: 'J-P',
        kind: 'async',
        text: 'Host R has J, reached through R, form the async pair with P; formation copy, by difference where the bitmaps allow it.',
        next: hasBackup ? 'S820' : { state: 'reverse operation: R⇒J and J→P in duplex' },
        failed: { state: NOT_P, text: 'The copy from J to P stopped by itself.' },
        beside: [['R-J', ['duplex']]],
      }),
      ...(hasBackup ? [formInner()] : []),
    ],
  };
}

function holdInner(): RoutineStep {
  return holdDownstream({
    id: 'S805',
    next: 'S810',
    host: 'host-R',
    pair: 'J-P',
    kind: 'async',
    downstream: 'P-I',
    downstreamKind: 'async',
    abortState: NOT_P,
  });
}

/** The mirror image of R→J in normal operation (003 §[0139]). */
function formInner(): RoutineStep {
  return formStep({
    id: 'S820',
    ours: true,
    host: 'host-R',
    pair: 'P-I',
    kind: 'async',
    text: 'Host R has P, reached through J, form the async pair with I, so that I is up to date when the work comes back.',
    next: { state: 'reverse operation: R⇒J, J→P and P→I in duplex' },
    failed: {
      state:
        'the work runs on host R, R⇒J and J→P in duplex; I is not yet a copy. Clear the fault, run reverse-copy again',
      text: 'The copy from P to I stopped by itself.',
    },
    beside: [['J-P', ['duplex']]],
  });
}

const failback = (arrangement: string) =>
  failbackByDrain({
    arrangement,
    middle: ['J', 'I'],
    feeding: 'J-P',
    watched: 'R-J',
    ids: {
      before: { stopped: 'S880', ask: 'S881', stop: 'S882', fence: 'S890' },
      hop: {
        ask: 'S900',
        peer: 'S901',
        copying: 'S902',
        wait: 'S903',
        offer: 'S905',
        resync: 'S906',
        drain: 'S910',
        again: 'S920',
      },
      says: { settle: 'S922', judge: 'S925', kept: 'S930', lost: 'S970', unknown: 'S975' },
      restart: { role: 'S980', start: 'S985' },
      giveBack: { role: 'S990', start: 'S995' },
    },
  });

const takeoverOf = (arrangement: string, hasBackup: boolean): TakeoverOfThree => ({
  arrangement,
  middle: ['I', 'J'],
  reverses: !hasBackup,
  instead: hasBackup
    ? 'S260 and S270 are left out: J goes on following R.'
    : 'S260 and S270 are left out: R works alone until reverse-copy copies to J.',
});

const [SYNC, ASYNC] = FORWARD_PAIRS;
/** J is idle in normal operation: what reverse operation left of its pair with R rests. */
const WITHOUT_J: readonly ForwardPair[] = [SYNC, { ...ASYNC, rest: { id: 'S107', pair: 'R-J' } }];

export const CHAIN_4_BYPASS_ROUTINES: readonly RoutineGraph[] = [
  initialCopy({ arrangement: 'chain-4-bypass', compared: ['I', 'R'], pairs: WITHOUT_J }),
  failoverOfThree(takeoverOf('chain-4-bypass', false)),
  switchOverOfThree(takeoverOf('chain-4-bypass', false), ['P-I', 'I-R']),
  reverseCopy('chain-4-bypass', false),
  failback('chain-4-bypass'),
  testFailover('chain-4-bypass'),
];

const WITH_BACKUP: readonly ForwardPair[] = [
  {
    ...SYNC,
    text: 'P forms the sync pair with I; P→I of reverse operation is taken down for it. Formation copy, by difference where the bitmaps allow it.',
  },
  { ...ASYNC, hold: { id: 'S105', downstream: 'R-J', kind: 'async' } },
  {
    id: 'S120',
    ours: true,
    pair: 'R-J',
    kind: 'async',
    text: 'Host P has R, reached through I, form the async pair with J, so that J is up to date when reverse operation begins.',
    hold: null,
  },
];

export const CHAIN_4_BYPASS_BACKUP_ROUTINES: readonly RoutineGraph[] = [
  initialCopy({ arrangement: 'chain-4-bypass-backup', compared: ['I', 'R', 'J'], pairs: WITH_BACKUP }),
  failoverOfThree(takeoverOf('chain-4-bypass-backup', true)),
  switchOverOfThree(takeoverOf('chain-4-bypass-backup', true), ['P-I', 'I-R', 'R-J']),
  reverseCopy('chain-4-bypass-backup', true),
  failback('chain-4-bypass-backup'),
  testFailover('chain-4-bypass-backup'),
];
