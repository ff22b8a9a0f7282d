import type { Refusal } from '../../server/domain/refusal.ts';
import { messages } from '../messages/messages.ts';

function isRefusal(value: unknown): value is Refusal {
  return typeof value === 'object' && value !== null && 'message' in value && 'cure' in value && 'code' in value;
}

/** The refusal an error of the API carries; an error without one did not come from the API, so the way to it is at fault. */
export function refusalOfError(error: unknown): Refusal {
  if (typeof error === 'object' && error !== null && 'data' in error) {
    const { data } = error;
    if (typeof data === 'object' && data !== null && 'refusal' in data && isRefusal(data.refusal)) return data.refusal;
  }
  const message = error instanceof Error ? error.message : String(error);
  return { code: 'unreachable', message: messages.common.unreachable(message), cure: messages.common.unreachableCure };
}
