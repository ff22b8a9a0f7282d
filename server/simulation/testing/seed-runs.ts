/** Plays stretches of seeds and says what failed, in words that reproduce it. */
import { generateSchedule } from '../generate.ts';
import { failedCheckers, playSchedule } from '../play.ts';

/** One line per failing seed of `first`…`last`: the seed, its checkers, and the first thing they said. */
export async function failingSeeds(first: number, last: number, arrangement = 'chain-3'): Promise<string[]> {
  const failing: string[] = [];
  for (let seed = first; seed <= last; seed += 1) {
    const { violations } = await playSchedule(generateSchedule(seed, arrangement));
    if (violations.length === 0) continue;
    failing.push(
      `switchback rehearse --arrangement ${arrangement} --seed ${seed}: ${failedCheckers(violations).join(', ')}: ${violations[0]?.text}`,
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
