/**
 * Chain of three with a line of its own between the far ends (003, second embodiment, Fig. 10 and 11): reverse operation
 * copies from R straight to P over that line, so that I is not needed and no copy control runs.
 */
import type { Arrangement } from '../arrangement.ts';
import { CHAIN_3 } from './chain-3.ts';

export const CHAIN_3_DIRECT: Arrangement = {
  ...CHAIN_3,
  id: 'chain-3-direct',
  title: 'Chain of three with a direct line back: the far site copies straight to production',
  // The source calls the third one S5.
  lines: [...CHAIN_3.lines, { name: 'P-R', ends: ['P', 'R'], defaultKm: 1100, defaultPaths: 2 }],
  reverse: { holder: 'R', pairs: [{ source: 'R', destination: 'P', kind: 'async' }] },
  routines: ['initial-copy', 'failover', 'switch-over', 'reverse-copy', 'failback', 'test-failover'],
  moves: { ...CHAIN_3.moves, control: null },
};
