/** What a run's record tells of its pairs, taken as one story from its first step to its last. */
import { pairKey, parsePairName } from '../../domain/names.ts';
import type { PairStateOrAbsent } from '../../domain/pair-states.ts';
import type { RunView } from '../step-graph.ts';

/** Every place where a transition does not begin where the one before it has ended, or is none; empty as it should be. */
export function gapsIn(view: RunView): string[] {
  const states = new Map<string, PairStateOrAbsent>();
  return view.steps.flatMap(({ id, transitions }) =>
    transitions.flatMap(({ pair, from, to }) => {
      const ends = parsePairName(pair);
      const key = ends ? pairKey(ends.source, ends.destination) : pair;
      const before = states.get(key) ?? from;
      states.set(key, to);
      return before === from && from !== to ? [] : [`${id}: ${pair} was in ${before}, and goes from ${from} to ${to}`];
    }),
  );
}
