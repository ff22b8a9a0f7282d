/**
 * Chain of four in which each direction leaves one intermediate system out (003, third embodiment, Fig. 14 and 16), and its
 * variation that copies on to that system as well (Fig. 18). All systems share one line; a switching device before each
 * intermediate system hands in what is addressed to it and passes on the rest.
 */
import type { Arrangement, ArrangementOperation } from '../arrangement.ts';
import { CHAIN_4 } from './chain-4.ts';
import { FOUR_SYSTEMS, reverseOf } from './mirror.ts';

const NORMAL: ArrangementOperation = {
  holder: 'P',
  pairs: [
    { source: 'P', destination: 'I', kind: 'sync' },
    { source: 'I', destination: 'R', kind: 'async' },
  ],
};

export const CHAIN_4_BYPASS: Arrangement = {
  ...CHAIN_4,
  id: 'chain-4-bypass',
  title: 'Chain of four with bypass: each direction leaves one intermediate site out',
  switches: [
    { name: 'switch-I', site: 'intermediate', system: 'I', role: 'switching device 300I' },
    { name: 'switch-J', site: 'remote-intermediate', system: 'J', role: 'switching device 300J' },
  ],
  normal: NORMAL,
  reverse: reverseOf(FOUR_SYSTEMS, NORMAL),
};

const NORMAL_WITH_BACKUP: ArrangementOperation = {
  ...NORMAL,
  pairs: [...NORMAL.pairs, { source: 'R', destination: 'J', kind: 'async' }],
};

export const CHAIN_4_BYPASS_BACKUP: Arrangement = {
  ...CHAIN_4_BYPASS,
  id: 'chain-4-bypass-backup',
  title: 'Chain of four with bypass and backup: the system left out is kept up to date all the same',
  normal: NORMAL_WITH_BACKUP,
  reverse: reverseOf(FOUR_SYSTEMS, NORMAL_WITH_BACKUP),
};
