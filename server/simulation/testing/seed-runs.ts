/** Plays stretches of seeds and says what failed, in words that reproduce it. */
import { ALL_ARRANGEMENTS, ARRANGEMENTS } from '../../domain/arrangement.ts';
import type { Transport } from '../../domain/storage-controller.ts';
import { generateSchedule } from '../generate.ts';
import { failedCheckers, playSchedule } from '../play.ts';

/** Seeds of each arrangement that the tests play, from 1 on. `switchback rehearse` plays any others, and as many as wanted. */
const SEEDS_PER_ARRANGEMENT = 60;
/** The same stories with the other transport, under the same checkers. */
const SNAPSHOT_SEEDS = 20;
/** Seeds of one test. */
const STRETCH = 20;

/** One line per failing seed of `first`…`last`: the seed, its checkers, and the first thing they said. */
export async function failingSeeds(
  first: number,
  last: number,
  arrangement: string,
  transport: Transport,
): Promise<string[]> {
  const failing: string[] = [];
  for (let seed = first; seed <= last; seed += 1) {
    const { violations } = await playSchedule(generateSchedule(seed, arrangement, transport));
    if (violations.length === 0) continue;
    failing.push(
      `switchback rehearse --arrangement ${arrangement} --transport ${transport} --seed ${seed}: ${failedCheckers(violations).join(', ')}: ${violations[0]?.text}`,
    );
  }
  return failing;
}

/** `[1, 25], [26, 50], …`: stretches of `size` from `first` to `last`. */
export function stretches(first: number, last: number, size: number): [number, number][] {
  const found: [number, number][] = [];
  for (let from = first; from <= last; from += size) found.push([from, Math.min(last, from + size - 1)]);
  return found;
}

/** Every `parts`-th stretch of the seeds of all arrangements, from the `part`-th on: a file each, so that cores share them. */
export function shareOfSeeds(part: number, parts: number): Stretch[] {
  const all = [
    ...ALL_ARRANGEMENTS.flatMap(({ id }) => stretchesOf(id, 'journal', SEEDS_PER_ARRANGEMENT)),
    ...ARRANGEMENTS.flatMap(({ id }) => stretchesOf(id, 'difference-snapshot', SNAPSHOT_SEEDS)),
  ];
  return all.filter((_, index) => index % parts === part);
}

type Stretch = [arrangement: string, transport: Transport, first: number, last: number];

function stretchesOf(arrangement: string, transport: Transport, last: number): Stretch[] {
  return stretches(1, last, STRETCH).map(([from, to]): Stretch => [arrangement, transport, from, to]);
}
