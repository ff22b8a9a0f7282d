/**
 * What each action may answer and what it must be told. A step's outcomes are exactly its action's answers, so that no
 * state met at run time is without a meaning, and no outcome is drawn that can never come about.
 */
export interface ActionContract {
  outcomes: readonly string[];
  parameters: readonly string[];
  /** Does the action need a host to run it, and a system to be about? */
  host: boolean;
  target: boolean;
}

const PAIR_ANSWERS = [
  'duplex',
  'suspending',
  'suspend',
  'failure-suspend',
  'copying',
  'reversed',
  'simplex',
  'absent',
] as const;
const ROLES = ['survivor', 'middle', 'writer', 'writerHost'] as const;
const FORMED = ['already', 'duplex', 'failed'] as const;

function contract(outcomes: readonly string[], parameters: readonly string[], target = true): ActionContract {
  return { outcomes, parameters, host: true, target };
}

/** By action. Decision steps answer `ask`, and their outcomes are their options. */
export const ACTION_CONTRACTS: Readonly<Record<string, ActionContract>> = {
  announce: { outcomes: ['ask'], parameters: [], host: false, target: false },
  'ask-differences': contract(['found', 'none', 'stopped'], ['pair']),
  'ask-drained': contract(['suspend', 'failure-suspend', 'changed'], ['pair']),
  'ask-pair': contract(PAIR_ANSWERS, ['pair']),
  'ask-pair-if-answers': contract([...PAIR_ANSWERS, 'no-answer'], ['pair']),
  'ask-peer': contract(['answers', 'no-answer'], ['peer']),
  'await-cycle': contract(['again', 'ended'], ['source']),
  'await-quiet': contract(['quiet', 'not-quiet'], ['writer', 'survivor']),
  'begin-copy': contract(['already', 'begun'], ['pair'], false),
  'check-faults-cleared': contract(['cleared', 'not-cleared'], ['otherHost', 'systems'], false),
  'check-holder': contract(['holder', 'held-elsewhere', 'unfinished'], ['system']),
  'check-ready': contract(['ready', 'not-ready', 'already-here'], ['survivor', 'writer', 'writerHost'], false),
  'check-reverse': contract(['reverse', 'not-reverse'], ['pairs']),
  'check-test': contract(['ready', 'not-ready'], ['writer', 'pairs']),
  'check-work-stopped': contract(['already-here', 'stopped', 'lost', 'running'], ['otherHost']),
  'compare-images': contract(['none', 'newer-elsewhere'], ['base', 'others']),
  'delete-pair': contract(['deleted', 'absent'], ['pair']),
  'delete-pair-if-answers': contract(['deleted', 'absent', 'no-answer'], ['pair']),
  'discard-clone': contract(['discarded', 'no-answer'], []),
  drain: contract(['ended'], ['pair']),
  'end-test': contract(['ended', 'no-answer'], []),
  fence: contract(['fenced', 'not-fenced', 'own'], ROLES),
  'find-last-side': { outcomes: ['normal', 'reverse'], parameters: [], host: false, target: false },
  'find-side': { outcomes: ['normal', 'reverse', 'nobody'], parameters: [], host: false, target: false },
  'form-if-possible': contract(['already', 'duplex', 'copying', 'not-formed'], ['pair'], false),
  'form-pair': contract(FORMED, ['pair'], false),
  'give-host-role': contract(['promoted'], []),
  judge: contract(['no-data-loss', 'data-loss', 'unknown'], ROLES),
  'judge-resume': contract(['paired', 'first', 'none-needed', 'delta', 'differs', 'impossible', 'no-answer'], ['pair']),
  'judge-test': contract(['stated'], ['writer']),
  'make-clone': contract(['made', 'refused'], ['writer']),
  'prove-undisturbed': contract(['undisturbed', 'disturbed'], ['pairs']),
  'read-table': contract(['empty', 'marked', 'absent'], ['pair']),
  'repair-reverse': contract(['duplex', 'failed'], ['sync', 'pair'], false),
  'rest-pair': contract(['at-rest'], ['pair'], false),
  'resync-reversed': contract(['duplex', 'copying', 'not-resynced'], ['pair'], false),
  'resync-then-drain': contract(['suspend', 'failed'], ['pair'], false),
  'resync-then-split': contract(['suspend', 'failed'], ['pair'], false),
  reverse: contract(['reversed', 'not-reversed'], ['pair'], false),
  'settle-image': contract(['consistent', 'rolled-back', 'no-image'], ['pair']),
  'settle-image-if-answers': contract(['consistent', 'rolled-back', 'no-image'], ['pair']),
  'settle-mixed': contract(['consistent', 'mixed', 'rolled-back', 'no-image'], ['pair']),
  'split-downstream': contract(['not-needed', 'split'], ['pair', 'downstream'], false),
  'split-then-resync': contract(['duplex', 'failed'], ['split', 'resync'], false),
  'split-then-settle': contract(['consistent', 'rolled-back', 'no-image'], ['pair']),
  'spread-generation': contract(['spread'], ['systems', 'otherHost'], false),
  'start-test-host': contract(['started', 'no-ledger', 'not-started'], []),
  'start-work': contract(['started', 'no-ledger', 'not-started'], []),
  'stop-test-host': contract(['stopped', 'no-answer'], []),
  'stop-work': contract(['stopped', 'no-ledger', 'still-running'], []),
  'verify-test': contract(['verified', 'not-verified'], []),
  'wait-copy-end': contract(['duplex', 'failed'], ['pair']),
  'watch-heartbeat': contract(['failed', 'alive', 'already-here'], ['survivor', 'writerHost']),
  'work-on-clone': contract(['worked', 'not-worked'], []),
};
