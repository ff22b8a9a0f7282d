/** What a seeded defect needs of an arrangement to show at all, read off the arrangement. */
import type { Arrangement } from '../domain/arrangement.ts';
import { findRoutine, testOf } from '../routines/find-routine.ts';
import { Stage } from './stage.ts';

export type Need =
  | 'sync-pair'
  | 'async-pair'
  | 'changed-at-both-ends'
  | 'pulled-beside-sync'
  | 'drain-at-takeover'
  | 'copy-in-turn'
  | 'updates-left'
  | 'copy-on-the-way-back'
  | 'test-failover';

export const NEEDS: Readonly<Record<Need, { fits: (arrangement: Arrangement) => boolean; otherwise: string }>> = {
  'sync-pair': {
    fits: (arrangement) => new Stage(arrangement).first.kind === 'sync',
    otherwise: 'In normal operation the holder copies nothing synchronously.',
  },
  'async-pair': {
    fits: ({ normal }) => normal.pairs.some(({ kind }) => kind === 'async'),
    otherwise: 'In normal operation nothing is copied asynchronously.',
  },
  'changed-at-both-ends': {
    fits: (arrangement) => isTurnedRound(arrangement) || keepsPairs(arrangement),
    otherwise: 'A pair is changed at its source only, or deleted before it is used again.',
  },
  'pulled-beside-sync': {
    fits: (arrangement) => {
      const { first, third } = new Stage(arrangement);
      return first.kind === 'sync' && third !== null;
    },
    otherwise: 'Nobody pulls from the holder what it copies synchronously to another.',
  },
  'drain-at-takeover': {
    fits: (arrangement) => {
      const { feed, holder } = new Stage(arrangement);
      return feed.source !== holder;
    },
    otherwise: 'The heir is fed by the holder alone: once that is lost, nothing is left to drain.',
  },
  'copy-in-turn': {
    fits: ({ moves }) => moves.control !== null,
    otherwise: 'No system is copied to and copies on in turn.',
  },
  'updates-left': {
    fits: ({ variation }) => variation?.mode === 'no-merge',
    otherwise: 'What the old holder had not sent is never left where it is.',
  },
  'copy-on-the-way-back': {
    fits: ({ id, moves }) => findRoutine(id, moves.back).steps.some(({ action }) => action === 'resync-then-split'),
    otherwise: 'The way back drains what flows already, and copies nothing while nobody holds the role.',
  },
  'test-failover': {
    fits: ({ id }) => testOf(id) !== null,
    otherwise: 'It has no test failover.',
  },
};

/** Does a pair of normal operation serve in reverse operation, with source and destination in each other's place? */
function isTurnedRound({ normal, reverse }: Arrangement): boolean {
  return normal.pairs.some(({ source, destination }) =>
    reverse.pairs.some((pair) => pair.source === destination && pair.destination === source),
  );
}

/** Are pairs that reverse operation has no use for kept until they are needed again? */
function keepsPairs({ id, moves }: Arrangement): boolean {
  return findRoutine(id, moves.protect).steps.every(({ action }) => action !== 'delete-pair');
}
