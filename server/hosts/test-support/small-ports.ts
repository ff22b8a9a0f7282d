/** The remaining ports, for tests. */
import type { Entropy, Log, LogLevel } from '../../domain/ports.ts';

/** The same seed gives the same values. */
export function seededEntropy(seed: number): Entropy {
  let state = seed >>> 0;
  const fraction = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  return { fraction, bytes: (count) => Uint8Array.from({ length: count }, () => Math.floor(fraction() * 256)) };
}

export interface LogLine {
  level: LogLevel;
  message: string;
  facts: Record<string, unknown>;
}

/** Keeps what is logged. */
export function keptLog(): Log & { lines: LogLine[] } {
  const lines: LogLine[] = [];
  return { lines, write: (level, message, facts) => void lines.push({ level, message, facts: facts ?? {} }) };
}
