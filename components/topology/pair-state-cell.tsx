'use client';

import type { PairStatus } from '../../server/domain/group-status.ts';
import { formatShare } from '../format/numbers.ts';
import { formatAge } from '../format/time.ts';
import { useServerNow } from '../live/live-provider.tsx';
import { messages } from '../messages/messages.ts';
import { PairStateWord } from '../pair-state/pair-state-word.tsx';
import { copyShare, endsOf } from './derive.ts';

const { topology: text } = messages;

/** The state, what each end says where they differ, and the last known one where it is unknown. */
export function PairStateCell({ pair }: { pair: PairStatus }) {
  const ends = endsOf(pair);
  const now = useServerNow();
  return (
    <span className="flex flex-col">
      <span>
        <PairStateWord state={pair.state} share={copyShare(pair)} />
        {copyShare(pair) === null ? null : <span className="num"> {formatShare(copyShare(pair))}</span>}
      </span>
      {ends.agree ? null : (
        <span className="text-sm font-medium text-suspend">
          {text.endsDisagree}: {text.endsAre(messages.states.word(ends.source), messages.states.word(ends.destination))}
        </span>
      )}
      {pair.state === 'unknown' && pair.lastKnown ? (
        <span className="num text-sm text-muted">
          {pair.reason};{' '}
          {text.lastKnown(messages.states.word(pair.lastKnown.state), formatAge(now - pair.lastKnown.at))}
        </span>
      ) : null}
    </span>
  );
}
