/** Turns looks at a pair into the transitions it went through, for the step's record. */
import type { SystemName } from '../domain/names.ts';
import { pairKey } from '../domain/names.ts';
import type { PairKind, PairStateOrAbsent } from '../domain/pair-states.ts';
import { TRANSITIONS } from '../domain/pair-states.ts';
import type { PairFacts } from '../domain/storage-controller.ts';
import type { SeenPair } from './action-types.ts';
import type { StepRecord } from './step-graph.ts';

export type Transition = StepRecord['transitions'][number];

/** One step along a row of the table. Pairs formed as known equal are told apart, so that shortcut explains nothing else. */
function follows(kind: PairKind, from: PairStateOrAbsent, isEqual: boolean): PairStateOrAbsent[] {
  const rows = TRANSITIONS[kind].filter((row) => row.from === from && (row.on !== 'equal' || isEqual));
  return [...new Set(rows.map((row) => row.to))];
}

/**
 * States a pair must have gone through from `from` to `to`, both included: the shortest way through the transition table.
 * Null where the table knows no way without deleting the pair. `isEqual`: its contents were known equal, nothing was copied.
 */
export function wayBetween(
  kind: PairKind,
  from: PairStateOrAbsent,
  to: PairStateOrAbsent,
  isEqual = false,
): PairStateOrAbsent[] | null {
  let ways: PairStateOrAbsent[][] = [[from]];
  const reached = new Set<PairStateOrAbsent>([from]);
  if (from === to) return [from, to];
  while (ways.length > 0) {
    const longer: PairStateOrAbsent[][] = [];
    for (const way of ways) {
      for (const state of follows(kind, way.at(-1) ?? from, isEqual)) {
        if (state === to) return [...way, state];
        if (state === 'absent' || reached.has(state)) continue;
        reached.add(state);
        longer.push([...way, state]);
      }
    }
    ways = longer;
  }
  return null;
}

function isShortcut({ from, to }: Transition): boolean {
  return from === 'simplex' && to === 'duplex';
}

/** Collects the transitions of one step from what its observers see. Two ends that tell the same are counted once. */
export class TransitionLog {
  readonly list: Transition[] = [];
  /** Observers that have reported each entry of `list`. */
  private readonly tellers: Set<SystemName>[] = [];

  constructor(readonly seen: Record<string, SeenPair>) {}

  /** One look. Answers true where something had changed since the last look of this observer. */
  look(observer: SystemName, ends: { a: SystemName; b: SystemName }, pair: PairFacts | null, isEqual = false): boolean {
    const key = `${pairKey(ends.a, ends.b)}@${observer}`;
    const before = this.seen[key];
    const now: SeenPair = { name: pair?.name ?? before?.name ?? null, state: pair?.state ?? 'absent' };
    this.seen[key] = now;
    if (!before || !now.name || (before.state === now.state && before.name === now.name)) return false;
    const kind = pair?.definition.kind ?? null;
    // That a pair is gone is told once, whatever each end last had.
    const isGone = now.state === 'absent' && this.list.some((told) => told.pair === now.name && told.to === 'absent');
    if (isGone) return false;
    const wasEqual = isEqual || this.list.some((told) => told.pair === now.name && isShortcut(told));
    const states = kind ? wayBetween(kind, before.state, now.state, wasEqual) : null;
    const way = states ?? [before.state, now.state];
    for (let index = 1; index < way.length; index += 1) {
      const from = way[index - 1];
      const to = way[index];
      if (from && to) this.add(observer, { pair: now.name, from, to });
    }
    return true;
  }

  private add(observer: SystemName, transition: Transition): void {
    const told = this.list.findIndex(
      (known, index) =>
        known.pair === transition.pair &&
        known.from === transition.from &&
        known.to === transition.to &&
        !this.tellers[index]?.has(observer),
    );
    if (told >= 0) {
      this.tellers[told]?.add(observer);
      return;
    }
    this.list.push(transition);
    this.tellers.push(new Set([observer]));
  }
}
