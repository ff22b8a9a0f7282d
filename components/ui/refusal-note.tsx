import type { Refusal } from '../../server/domain/refusal.ts';
import { sentence } from '../format/sentence.ts';
import { messages } from '../messages/messages.ts';

/** A refusal as it came: what was refused and what would cure it. Nothing was changed. */
export function RefusalNote({ refusal }: { refusal: Pick<Refusal, 'message' | 'cure'> }) {
  return (
    <div className="rounded-md border border-failure px-3 py-2" data-testid="refusal">
      <p className="font-medium text-failure">{messages.common.refused(sentence(refusal.message))}</p>
      <p>{sentence(refusal.cure)}</p>
    </div>
  );
}
