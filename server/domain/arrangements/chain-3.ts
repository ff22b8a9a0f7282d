/** Chain of three (003, first embodiment, Fig. 1): reverse operation copies to I and to P in turn, never to both at once. */
import type { Arrangement } from '../arrangement.ts';

export const CHAIN_3: Arrangement = {
  id: 'chain-3',
  title: 'Chain of three: sync to a near site, async to a far one',
  systems: [
    { name: 'P', site: 'production', role: 'primary' },
    { name: 'I', site: 'intermediate', role: 'primary intermediate' },
    { name: 'R', site: 'remote', role: 'secondary' },
  ],
  hosts: [
    { name: 'host-P', site: 'production', system: 'P' },
    { name: 'host-R', site: 'remote', system: 'R' },
  ],
  sites: ['production', 'intermediate', 'remote'],
  lines: [
    { name: 'P-I', ends: ['P', 'I'], defaultKm: 100, defaultPaths: 2 },
    { name: 'I-R', ends: ['I', 'R'], defaultKm: 1000, defaultPaths: 2 },
  ],
  normal: {
    holder: 'P',
    pairs: [
      { source: 'P', destination: 'I', kind: 'sync' },
      { source: 'I', destination: 'R', kind: 'async' },
    ],
  },
  reverse: {
    holder: 'R',
    pairs: [
      { source: 'R', destination: 'I', kind: 'async' },
      { source: 'I', destination: 'P', kind: 'sync' },
    ],
  },
  routines: [
    'initial-copy',
    'failover',
    'switch-over',
    'reverse-copy',
    'reverse-copy-control',
    'failback',
    'test-failover',
  ],
  moves: {
    form: 'initial-copy',
    takeover: 'failover',
    planned: 'switch-over',
    protect: 'reverse-copy',
    control: 'reverse-copy-control',
    back: 'failback',
  },
};
