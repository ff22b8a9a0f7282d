/** How long a host waits for the answer to an instruction it relays. */
import type { StorageInstruction } from '../domain/storage-controller.ts';

/** Several hops over long lines and a few durable writes. */
export const DEFAULT_REPLY_MS = 10_000;

/** Instructions that wait by themselves are given their time, and the usual time on top. */
export function replyTimeoutMs(instruction: StorageInstruction): number {
  const ownMs =
    instruction.verb === 'wait-pair'
      ? instruction.timeoutMs
      : instruction.verb === 'drain'
        ? instruction.deadlineMs
        : 0;
  // Not checked here yet (storage does), so it may be anything.
  return DEFAULT_REPLY_MS + (Number.isFinite(ownMs) && ownMs > 0 ? ownMs : 0);
}
