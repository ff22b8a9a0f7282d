/**
 * Chain of four (003, fourth embodiment, Fig. 19 and 23): the log goes from I to J and on to R. Reverse operation is the
 * exact mirror image.
 */
import type { Arrangement, ArrangementOperation } from '../arrangement.ts';
import { FOUR_SYSTEMS, reverseOf } from './mirror.ts';

const NORMAL: ArrangementOperation = {
  holder: 'P',
  pairs: [
    { source: 'P', destination: 'I', kind: 'sync' },
    { source: 'I', destination: 'J', kind: 'async' },
    { source: 'J', destination: 'R', kind: 'async' },
  ],
};

export const CHAIN_4: Arrangement = {
  id: 'chain-4',
  title: 'Chain of four: the same scheme in both directions',
  systems: FOUR_SYSTEMS,
  hosts: [
    { name: 'host-P', site: 'production', system: 'P' },
    { name: 'host-R', site: 'remote', system: 'R' },
  ],
  sites: ['production', 'intermediate', 'remote-intermediate', 'remote'],
  lines: [
    { name: 'P-I', ends: ['P', 'I'], defaultKm: 100, defaultPaths: 2 },
    { name: 'I-J', ends: ['I', 'J'], defaultKm: 1000, defaultPaths: 2 },
    { name: 'J-R', ends: ['J', 'R'], defaultKm: 100, defaultPaths: 2 },
  ],
  normal: NORMAL,
  reverse: reverseOf(FOUR_SYSTEMS, NORMAL),
  routines: ['initial-copy', 'failover', 'switch-over', 'reverse-copy', 'failback', 'test-failover'],
  moves: {
    form: 'initial-copy',
    takeover: 'failover',
    planned: 'switch-over',
    protect: 'reverse-copy',
    control: null,
    back: 'failback',
  },
};
