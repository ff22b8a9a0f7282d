/**
 * What a screen reader is told of events. Transitions are coalesced per group: one sentence in three seconds, ten a minute,
 * then a count. Gauges are never announced. Pure: time is an argument.
 */
import { messages } from '../messages/messages.ts';

const SPACING_MS = 3000;
const MINUTE_MS = 60_000;
const PER_MINUTE = 10;

export interface Announcer {
  /** Newest text per group that has not been said yet. */
  waiting: ReadonlyMap<string, string>;
  /** When sentences were said, within the last minute. */
  saidAt: readonly number[];
  /** Transitions passed over since the limit was reached. */
  passedOver: number;
}

export const SILENT: Announcer = { waiting: new Map(), saidAt: [], passedOver: 0 };

/** Notes that something happened in `group`; a newer text replaces one not yet said. */
export function hear(announcer: Announcer, group: string, text: string, now: number): Announcer {
  const recent = announcer.saidAt.filter((at) => now - at < MINUTE_MS);
  if (recent.length >= PER_MINUTE) return { ...announcer, passedOver: announcer.passedOver + 1 };
  return { ...announcer, waiting: new Map(announcer.waiting).set(group, text) };
}

/** The sentence to say at `now`, or null, and what remains. */
export function speakNext(announcer: Announcer, now: number): { say: string | null; rest: Announcer } {
  const saidAt = announcer.saidAt.filter((at) => now - at < MINUTE_MS);
  const last = saidAt.at(-1);
  if (last !== undefined && now - last < SPACING_MS) return { say: null, rest: { ...announcer, saidAt } };
  if (announcer.passedOver > 0 && saidAt.length < PER_MINUTE) {
    return {
      say: messages.shell.more(announcer.passedOver),
      rest: { ...announcer, saidAt: [...saidAt, now], passedOver: 0 },
    };
  }
  const first = [...announcer.waiting][0];
  if (!first || saidAt.length >= PER_MINUTE) return { say: null, rest: { ...announcer, saidAt } };
  const waiting = new Map(announcer.waiting);
  waiting.delete(first[0]);
  return {
    say: messages.shell.announceState(first[0], first[1]),
    rest: { ...announcer, waiting, saidAt: [...saidAt, now] },
  };
}
