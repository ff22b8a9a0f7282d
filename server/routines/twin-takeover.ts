/**
 * Takeover of twin sites (004 B1000–B1030): the backup notices that the master is down and takes over with its table, in which
 * every host write is marked from then on. Ours: the fence, draining what a living master still holds, the image and the
 * verdict, all before the SWAP request.
 */
import { ANY_STATE, expects, looksAt, step, to } from './graph-words.ts';
import { type Cast, SUSPENDED, stoppedUntil } from './parts/cast.ts';
import { detection, fence } from './parts/detect.ts';
import { drainHop } from './parts/drain-hop.ts';
import { restart } from './parts/restart.ts';
import { takeoverTexts, type VerdictTexts, verdict } from './parts/verdict.ts';
import type { RoutineGraph, RoutineStep } from './step-graph.ts';

const FENCED = stoppedUntil('takeover');
const FORWARD = 'M-B1';
const BACKWARD = 'B1-M';

export interface TwinShape {
  arrangement: string;
  mode: 'merge' | 'no-merge' | 'sync';
  /** Backups beyond the first, which have no host. */
  others: readonly string[];
}

export function castOver({ others }: TwinShape): Cast {
  return { move: 'over', survivor: 'B1', survivorHost: 'host-B1', writer: 'M', writerHost: 'host-M', middle: others };
}

function textsOf(cast: Cast, { mode }: TwinShape): VerdictTexts {
  const fate = mode === 'no-merge' ? 'they stay on M as they are' : 'resync overwrites them on M';
  return {
    ...takeoverTexts(cast, FENCED),
    routine: 'takeover',
    restartConsequence: 'B1 works in state SWAP: every track it writes is marked, until resync copies those to M.',
    givenUp: `Updates that M completed and B1 never received are given up: when M returns, ${fate}. If M is not proven fenced, this is a forced takeover and two writers are possible.`,
    stayConsequence: 'The work stays stopped. Nobody holds the host role until takeover is run again.',
    stayState:
      'work stopped by choice: B1 holds the data judged here, nobody holds the host role; run takeover again to go on',
    noImageState: 'B1 never held a consistent image; nobody holds the host role. Restore M, then run takeover again',
  };
}

/** A synchronous pair holds no log that could be drained. */
function drained({ mode }: TwinShape): RoutineStep[] {
  if (mode === 'sync') return [];
  return drainHop({
    pair: FORWARD,
    ids: {
      ask: 'B1101',
      peer: 'B1102',
      copying: 'B1103',
      wait: 'B1104',
      offer: 'B1105',
      resync: 'B1106',
      drain: 'B1107',
      again: 'B1108',
    },
    host: 'host-B1',
    next: 'B1111',
    toSurvivor: true,
    askIsOurs: true,
    formable: false,
    abortState: FENCED,
  }).map((each) => ({ ...each, ours: true }));
}

function swap(): RoutineStep[] {
  const [role, start] = restart({
    ids: { role: 'B1030', start: 'B1035' },
    system: 'B1',
    host: 'host-B1',
    ending: 'done',
    states: {
      running: 'the work runs on host B1, state SWAP',
      noLedger: 'B1 accepts host writes, state SWAP; attach your application to it',
      notStarted: 'B1 holds the host role, but the work on host B1 did not start; see its reason, then start it',
      roleAborted:
        'B1 may hold the host role already, the work is not started; start it with the ledger command, or run takeover again',
    },
    texts: {
      role: 'State SWAP',
      start: 'Starts the work application on host B1.',
      running: 'The work runs on host B1.',
      notStarted: 'Host B1 did not start the work.',
    },
  });
  if (!role || !start) throw new Error('a restart has two steps');
  return [
    step({
      id: 'B1010',
      title: 'SWAP request',
      text: 'Host B1 asks B1 to take over: the pair is turned to B1→M at this end, so that nothing goes to M and every change is marked here.',
      host: 'host-B1',
      target: 'B1',
      action: 'reverse',
      parameters: { pair: BACKWARD, kind: 'async' },
      expects: [expects(BACKWARD, ANY_STATE, null, [...SUSPENDED, 'absent'])],
      outcomes: {
        reversed: to('B1020', 'The pair stands as B1→M, suspended.'),
        'not-reversed': to('B1020', 'There is no pair to turn: B1 takes over without a table.'),
      },
      abortState: FENCED,
    }),
    step({
      id: 'B1020',
      title: 'Clear table 2',
      text: 'A table that comes from the normal state was cleared when the pair entered duplex. Bits set since then stand for true differences, after a second failure for instance, and stay.',
      host: 'host-B1',
      target: 'B1',
      action: 'read-table',
      parameters: { pair: BACKWARD },
      expects: [looksAt(BACKWARD)],
      outcomes: {
        empty: to('B1030', 'Table 2 is clear.'),
        marked: to('B1030', 'The pair was not in its normal state: live bits stay.'),
        absent: to('B1030', 'B1 has no pair with M.'),
      },
      abortState: FENCED,
    }),
    {
      ...role,
      ours: false,
      text: 'The register names B1 as holder of the generation; then B1 accepts host writes. Each sets the bit of its track in table 2 before it is stored and completed (B2000 to B2080).',
    },
    start,
  ];
}

export function takeover(shape: TwinShape): RoutineGraph {
  const cast = castOver(shape);
  const first = shape.mode === 'sync' ? 'B1111' : 'B1101';
  return {
    id: 'takeover',
    arrangement: shape.arrangement,
    title: 'Takeover by host B1',
    intent: 'failover',
    host: 'host-B1',
    resident: false,
    meantFor: ['normal', 'degraded', 'stopped'],
    effects: [
      'A new generation is raised: M refuses host writes from then on, even after it returns.',
      'The pair between M and B1 is turned; B1 marks every track it writes.',
      'The work is restarted on host B1 if you choose so.',
    ],
    first: 'B1000',
    steps: [
      ...detection(cast, { watch: 'B1000', confirm: 'B1001', alive: 'B1002', next: 'B1003' }, 'resync and switch-back'),
      fence(cast, { fence: 'B1003', next: first, own: 'B1111' }, FORWARD, FENCED),
      ...drained(shape),
      ...verdict({
        cast,
        ids: {
          settle: 'B1111',
          judge: 'B1112',
          kept: 'B1113',
          lost: 'B1114',
          unknown: 'B1115',
          role: 'B1010',
        },
        feeding: FORWARD,
        protect: null,
        giveBack: null,
        texts: textsOf(cast, shape),
      }).map((each) => ({ ...each, ours: true })),
      ...swap(),
    ],
  };
}
