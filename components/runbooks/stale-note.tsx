import { messages } from '../messages/messages.ts';

const { runbooks: text } = messages;

/** Why a proof no longer holds; nothing where it does. */
export function StaleNote({ reasons }: { reasons: readonly string[] }) {
  if (reasons.length === 0) return null;
  return (
    <span className="text-sm text-suspend">
      <span className="font-medium">{text.stale}</span>: {reasons.join('; ')}
    </span>
  );
}
