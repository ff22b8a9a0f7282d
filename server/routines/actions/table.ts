/** The actions steps may name. A routine file of another arrangement adds its own beside these. */
import type { ActionTable } from '../action-types.ts';
import { askDrained, askPair, askPairIfAnswers, askPeer, drain, waitCopyEnd } from './ask-pair.ts';
import {
  awaitCycle,
  awaitQuiet,
  checkFaultsCleared,
  checkHolder,
  checkReady,
  checkReverse,
  compareImages,
  spreadGeneration,
  watchHeartbeat,
} from './checks.ts';
import { fenceStep } from './fence.ts';
import { deletePair, formPairStep, restPair, resyncThenSplit, splitDownstream, splitThenResync } from './form-pair.ts';
import { announce, judge, settleImage, settleImageIfAnswers, splitThenSettle } from './judge.ts';
import { repairReverse, resyncThenDrain } from './repair.ts';
import {
  checkWorkStopped,
  formIfPossible,
  giveHostRole,
  resyncReversed,
  reverse,
  startWork,
  stopWork,
} from './takeover.ts';

export const ACTIONS: ActionTable = {
  announce,
  'ask-drained': askDrained,
  'ask-pair': askPair,
  'ask-pair-if-answers': askPairIfAnswers,
  'ask-peer': askPeer,
  'await-cycle': awaitCycle,
  'await-quiet': awaitQuiet,
  'check-faults-cleared': checkFaultsCleared,
  'check-holder': checkHolder,
  'check-ready': checkReady,
  'check-reverse': checkReverse,
  'check-work-stopped': checkWorkStopped,
  'compare-images': compareImages,
  'delete-pair': deletePair,
  drain,
  fence: fenceStep,
  'form-if-possible': formIfPossible,
  'form-pair': formPairStep,
  'give-host-role': giveHostRole,
  judge,
  'repair-reverse': repairReverse,
  'rest-pair': restPair,
  'resync-reversed': resyncReversed,
  'resync-then-drain': resyncThenDrain,
  'resync-then-split': resyncThenSplit,
  reverse,
  'settle-image': settleImage,
  'settle-image-if-answers': settleImageIfAnswers,
  'split-downstream': splitDownstream,
  'split-then-resync': splitThenResync,
  'split-then-settle': splitThenSettle,
  'spread-generation': spreadGeneration,
  'start-work': startWork,
  'stop-work': stopWork,
  'wait-copy-end': waitCopyEnd,
  'watch-heartbeat': watchHeartbeat,
};
