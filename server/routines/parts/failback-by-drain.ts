/**
 * Failback where one async pair ends at P itself (003 Fig. 13, §[0116]–[0121]; Fig. 17, §[0131]–[0136]): drain it, judge,
 * restart. No sync pair has to be resynced. It works with R and host R lost as well, from what the system before P holds.
 */
import type { PairName, SystemName } from '../../domain/names.ts';
import type { RoutineGraph } from '../step-graph.ts';
import { type Cast, endsOfPair, hostWords } from './cast.ts';
import { fence } from './detect.ts';
import { drainHop, type HopWords } from './drain-hop.ts';
import { restartAfterFailback } from './restart.ts';
import { AT_HOME, beforeReturn, STOPPED } from './return.ts';
import { failbackTexts, verdict } from './verdict.ts';

export interface FailbackByDrain {
  arrangement: string;
  middle: readonly SystemName[];
  /** The pair that ends at P. */
  feeding: PairName;
  /** The pair the fence shows. */
  watched: PairName;
  ids: {
    before: { stopped: string; ask: string; stop: string; fence: string };
    hop: HopWords['ids'];
    says: { settle: string; judge: string; kept: string; lost: string; unknown: string };
    restart: { role: string; start: string };
    giveBack: { role: string; start: string };
  };
}

export function failbackByDrain(words: FailbackByDrain): RoutineGraph {
  const { arrangement, feeding, ids } = words;
  const cast: Cast = {
    move: 'back',
    survivor: 'P',
    survivorHost: 'host-P',
    writer: 'R',
    writerHost: 'host-R',
    middle: words.middle,
  };
  const { source } = endsOfPair(feeding);
  return {
    id: 'failback',
    arrangement,
    title: 'Failback to host P',
    intent: 'planned',
    host: 'host-P',
    resident: false,
    meantFor: ['reverse', 'failed-over', 'stopped'],
    effects: [
      `The work has to be stopped on ${hostWords(cast.writerHost)}; it is down until it is restarted on host P.`,
      'A new generation is raised.',
      'No sync pair is resynced before the restart: P goes on from what the drain brings it.',
    ],
    first: ids.before.stopped,
    steps: [
      ...beforeReturn(cast, ids.before),
      fence(cast, { fence: ids.before.fence, next: ids.hop.ask, own: ids.says.settle }, words.watched, STOPPED),
      ...drainHop({
        pair: feeding,
        ids: ids.hop,
        host: 'host-P',
        next: ids.says.settle,
        toSurvivor: true,
        askIsOurs: false,
        formable: true,
        abortState: STOPPED,
      }),
      ...verdict({
        cast,
        ids: { ...ids.says, role: ids.restart.role },
        feeding,
        protect: null,
        giveBack: ids.giveBack.role,
        texts: failbackTexts(cast, STOPPED, source === 'R' ? 'R' : `R or ${source}`),
      }),
      ...restartAfterFailback({ ids: ids.restart, system: 'P', host: 'host-P', ending: 'done', state: AT_HOME }),
      ...restartAfterFailback({
        ids: ids.giveBack,
        system: 'R',
        host: 'host-R',
        ending: 'aborted',
        state: 'failback called off, R holds the host role; run reverse-copy to protect it',
      }),
    ],
  };
}
