/** Failover of chain-3 (003 Fig. 6, §[0080]–[0088]) and its planned switch-over. */
import { failoverOfThree, switchOverOfThree, type TakeoverOfThree } from './parts/takeover.ts';

const TAKEOVER: TakeoverOfThree = {
  arrangement: 'chain-3',
  middle: ['I'],
  reverses: true,
  instead: 'S260 and S270 are left out: R works alone until reverse-copy is run.',
};

export const FAILOVER = failoverOfThree(TAKEOVER);
export const SWITCH_OVER = switchOverOfThree(TAKEOVER, ['P-I', 'I-R']);
