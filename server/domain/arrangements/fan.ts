/**
 * Three data centres, two targets (US 7 143 254): 1 copies synchronously to 2, and 3 pulls the same numbered updates from 1
 * at intervals. When 1 is lost, 2 goes on and 3 resumes from it by update number. Reverse operation is the same with 1 and
 * 2 in each other's place; 3 has no host.
 */
import type { Arrangement } from '../arrangement.ts';

export const FAN: Arrangement = {
  id: 'fan',
  title: 'Fan: sync to a near site, and a far one that pulls the same updates from whoever works',
  systems: [
    { name: '1', site: 'production', role: 'first' },
    { name: '2', site: 'intermediate', role: 'second' },
    { name: '3', site: 'remote', role: 'third' },
  ],
  hosts: [
    { name: 'host-1', site: 'production', system: '1' },
    { name: 'host-2', site: 'intermediate', system: '2' },
  ],
  sites: ['production', 'intermediate', 'remote'],
  lines: [
    { name: '1-2', ends: ['1', '2'], defaultKm: 100, defaultPaths: 2 },
    { name: '1-3', ends: ['1', '3'], defaultKm: 1100, defaultPaths: 2 },
    { name: '2-3', ends: ['2', '3'], defaultKm: 1000, defaultPaths: 2 },
  ],
  normal: {
    holder: '1',
    pairs: [
      { source: '1', destination: '2', kind: 'sync' },
      { source: '1', destination: '3', kind: 'async' },
    ],
  },
  reverse: {
    holder: '2',
    pairs: [
      { source: '2', destination: '1', kind: 'sync' },
      { source: '2', destination: '3', kind: 'async' },
    ],
  },
  routines: ['return', 'takeover', 'swap'],
  moves: {
    form: 'return',
    takeover: 'takeover',
    planned: 'swap',
    protect: 'return',
    control: null,
    back: 'swap',
    retake: 'takeover',
  },
};
