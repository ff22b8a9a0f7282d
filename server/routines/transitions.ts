/** Turns looks at a pair into the transitions it went through, for the step's record. */
import type { PairName, SystemName } from '../domain/names.ts';
import { pairKey } from '../domain/names.ts';
import type { PairKind, PairStateOrAbsent } from '../domain/pair-states.ts';
import { TRANSITIONS } from '../domain/pair-states.ts';
import type { PairFacts } from '../domain/storage-controller.ts';
import type { SeenEnd, SeenPair } from './action-types.ts';
import type { Transition } from './step-graph.ts';

/** Transitions kept of a pair, so that an end that is asked rarely finds those told by the other. */
const KEPT_TRANSITIONS = 32;

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
  if (from === to) return [from];
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

/**
 * Collects the transitions of one step from what its observers see. What the ends of a pair went through is one story, told
 * by whoever is asked first: an end asked later, in this step or another, adds only what is new. A reversal changes the
 * pair's name and no state, so it is none.
 */
export class TransitionLog {
  readonly list: Transition[] = [];

  /** `seen` is carried from step to step and is written to. */
  constructor(readonly seen: Record<string, SeenPair>) {}

  /** One look. Answers true where it brought something new. */
  look(observer: SystemName, ends: { a: SystemName; b: SystemName }, pair: PairFacts | null, isEqual = false): boolean {
    const key = pairKey(ends.a, ends.b);
    const story = this.seen[key] ?? { told: [], dropped: 0, ends: {} };
    this.seen[key] = story;
    const before = story.ends[observer] ?? null;
    const name = pair?.name ?? before?.name ?? null;
    const now: SeenEnd = {
      name,
      state: pair?.state ?? 'absent',
      version: pair?.version ?? 0,
      changedAt: pair?.changedAt ?? 0,
      upTo: before?.upTo ?? endOf(story),
    };
    story.ends[observer] = now;
    if (!name || (before && isSame(before, now))) return false;
    const formedEqual = isEqual || story.told.some((told) => told.pair === name && isShortcut(told));
    const wayTo = (from: PairStateOrAbsent): Way => wayOf(pair, from, now.state, formedEqual);
    const place = before ? placeOf(story, before, now) : null;
    const way = before ? newWay(story, before, now, place, wayTo) : firstWay(story, observer, now, wayTo);
    this.tell(story, name, way);
    if (place !== null) now.upTo = place;
    else if (!before || way.length > 1) now.upTo = endOf(story);
    return way.length > 1;
  }

  private tell(story: SeenPair, pair: PairName, way: Way): void {
    for (let index = 1; index < way.length; index += 1) {
      const from = way[index - 1];
      const to = way[index];
      if (!from || !to) continue;
      this.list.push({ pair, from, to });
      story.told.push({ pair, from, to });
    }
    const excess = Math.max(0, story.told.length - KEPT_TRANSITIONS);
    story.told.splice(0, excess);
    story.dropped += excess;
  }
}

type Way = readonly PairStateOrAbsent[];

/** Number of transitions ever told of a pair: where an end stands that knows them all. */
function endOf(story: SeenPair): number {
  return story.dropped + story.told.length;
}

/** What was told of a pair since an end was last asked. */
function aheadOf(story: SeenPair, end: SeenEnd): Transition[] {
  return story.told.slice(Math.max(0, end.upTo - story.dropped));
}

/** Versions begin anew with the pair, so the time of the change is looked at too. */
function isSame(before: SeenEnd, now: SeenEnd): boolean {
  return (
    before.name === now.name &&
    before.state === now.state &&
    before.version === now.version &&
    before.changedAt === now.changedAt
  );
}

/** Shortest way to where the pair is; where the table knows none, the two states by themselves. */
function wayOf(pair: PairFacts | null, from: PairStateOrAbsent, to: PairStateOrAbsent, isEqual: boolean): Way {
  return (pair && wayBetween(pair.definition.kind, from, to, isEqual)) ?? [from, to];
}

/** Up to where in the story this end has come; null where its state is not among what was told since. */
function placeOf(story: SeenPair, before: SeenEnd, now: SeenEnd): number | null {
  const ahead = aheadOf(story, before);
  const changes = Math.max(0, now.version - before.version);
  let best: number | null = null;
  for (let place = 1; place <= ahead.length; place += 1) {
    if (ahead[place - 1]?.to !== now.state) continue;
    // A pair may have been in one state twice: the end is where its own count of changes says.
    if (best === null || Math.abs(place - changes) <= Math.abs(best - changes)) best = place;
  }
  return best === null ? null : endOf(story) - ahead.length + best;
}

/** What is new at an end that was asked before, from wherever in the story it is nearest. */
function newWay(
  story: SeenPair,
  before: SeenEnd,
  now: SeenEnd,
  place: number | null,
  wayTo: (from: PairStateOrAbsent) => Way,
): Way {
  if (place !== null || before.state === now.state) return [now.state];
  const starts = [before.state, ...aheadOf(story, before).map(({ to }) => to)];
  return starts.map(wayTo).reduce((best, way) => (way.length <= best.length ? way : best));
}

/** What is new at an end that was never asked: what goes beyond all that the other end has told. */
function firstWay(story: SeenPair, observer: SystemName, now: SeenEnd, wayTo: (from: PairStateOrAbsent) => Way): Way {
  const others = Object.entries(story.ends).flatMap(([end, { state }]) => (end === observer ? [] : [state]));
  const known = [...others, ...story.told.flatMap(({ from, to }) => [from, to])];
  const last = story.told.at(-1)?.to ?? others[0];
  return last === undefined || known.includes(now.state) ? [now.state] : wayTo(last);
}
