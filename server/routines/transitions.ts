/** Turns looks at a pair into the transitions it went through, for the step's record. */
import type { PairName, SystemName } from '../domain/names.ts';
import { pairKey } from '../domain/names.ts';
import type { PairKind, PairStateOrAbsent } from '../domain/pair-states.ts';
import { isLawful, TRANSITIONS } from '../domain/pair-states.ts';
import type { PairFacts } from '../domain/storage-controller.ts';
import type { SeenPair } from './action-types.ts';
import type { StepRecord } from './step-graph.ts';

export type Transition = StepRecord['transitions'][number];

/**
 * States a pair must have gone through from `from` to `to`, both included: the shortest way through the transition table,
 * by `via` where that is no longer. Null where the table knows no way without deleting the pair.
 */
export function wayBetween(
  kind: PairKind,
  from: PairStateOrAbsent,
  to: PairStateOrAbsent,
  via: PairStateOrAbsent | null,
): PairStateOrAbsent[] | null {
  if (isLawful(kind, from, to)) return [from, to];
  let ways: PairStateOrAbsent[][] = [[from]];
  const reached = new Set<PairStateOrAbsent>([from]);
  while (ways.length > 0) {
    const arrived = ways.filter((way) => isLawful(kind, way.at(-1) ?? from, to)).map((way) => [...way, to]);
    const best = arrived.find((way) => via !== null && way.includes(via)) ?? arrived[0];
    if (best) return best;
    ways = ways.flatMap((way) => stepsFrom(kind, way, reached));
    for (const way of ways) reached.add(way.at(-1) ?? from);
  }
  return null;
}

function stepsFrom(
  kind: PairKind,
  way: PairStateOrAbsent[],
  reached: ReadonlySet<PairStateOrAbsent>,
): PairStateOrAbsent[][] {
  const last = way.at(-1);
  const next = new Set(
    TRANSITIONS[kind].filter((row) => row.from === last && row.to !== 'absent').map((row) => row.to),
  );
  return [...next].filter((state) => !reached.has(state)).map((state) => [...way, state]);
}

/** Collects the transitions of one step from what its observers see. Two ends that tell the same are counted once. */
export class TransitionLog {
  readonly list: Transition[] = [];
  /** Observers that have reported each entry of `list`. */
  private readonly tellers: Set<SystemName>[] = [];

  constructor(
    readonly seen: Record<string, SeenPair>,
    private readonly via: (pair: PairName) => PairStateOrAbsent | null,
  ) {}

  /** One look. Answers true where something had changed since the last look of this observer. */
  look(observer: SystemName, ends: { a: SystemName; b: SystemName }, pair: PairFacts | null): boolean {
    const key = `${pairKey(ends.a, ends.b)}@${observer}`;
    const before = this.seen[key];
    const now: SeenPair = { name: pair?.name ?? before?.name ?? null, state: pair?.state ?? 'absent' };
    this.seen[key] = now;
    if (!before || !now.name || (before.state === now.state && before.name === now.name)) return false;
    const kind = pair?.definition.kind ?? null;
    const states = kind ? wayBetween(kind, before.state, now.state, this.via(now.name)) : null;
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
