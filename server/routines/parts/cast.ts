/** Who plays which part where the work moves: the routines of every chain are written in these words. */
import type { HostName, PairName, SystemName } from '../../domain/names.ts';
import { parsePairName } from '../../domain/names.ts';
import type { PairState } from '../../domain/pair-states.ts';

export interface Cast {
  /** Away from where the work is at home, or back to it. */
  move: 'over' | 'back';
  /** System on which the work goes on, and its host, which runs the routine. */
  survivor: SystemName;
  survivorHost: HostName;
  /** System that took the host writes until now. */
  writer: SystemName;
  writerHost: HostName;
  /** The other systems, in the order in which they are fenced. */
  middle: readonly SystemName[];
}

export const SUSPENDED: readonly PairState[] = ['suspend', 'failure-suspend'];

/** The cast as the actions want it told. */
export function rolesOf({ survivor, middle, writer, writerHost }: Cast): Record<string, string> {
  return { survivor, middle: middle.join(' '), writer, writerHost };
}

/** `host-R` → `host R`. */
export function hostWords(host: HostName): string {
  return host.replace('-', ' ');
}

/** `I, J and R`. */
export function listWords(names: readonly string[]): string {
  return names.length < 2 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

/** `I-R` → `I→R`, or `I⇒R` where it is synchronous. */
export function arrow(pair: PairName, kind: 'sync' | 'async' = 'async'): string {
  return pair.replace('-', kind === 'sync' ? '⇒' : '→');
}

/** Both systems of a pair that a routine names. */
export function endsOfPair(pair: PairName): { source: SystemName; destination: SystemName } {
  const ends = parsePairName(pair);
  if (!ends) throw new Error(`${pair} is not the name of a pair`);
  return ends;
}

/** Where a run stands that was given up after the fence. */
export function stoppedUntil(routine: string): string {
  return `work stopped: a new generation is raised and nobody holds the host role; run ${routine} again to go on`;
}
