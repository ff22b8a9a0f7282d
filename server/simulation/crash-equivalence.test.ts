/** The driver of every routine is killed after its n-th call, for each n; the story ends as if it had not been. */
import { describe, expect, it } from 'vitest';
import { ARRANGEMENTS, type Arrangement } from '../domain/arrangement.ts';
import { crashEquivalence } from './checkers/crash-equivalence.ts';
import { generateSchedule } from './generate.ts';
import type { MutantName } from './mutants.ts';
import { playSchedule } from './play.ts';
import type { Schedule } from './schedule.ts';

const CALLS = [1, 2, 4, 7, 11, 16, 22] as const;

/** The holder's site is lost for good; nothing else disturbs the story. */
function calm({ id }: Arrangement, seed: number): Schedule {
  const schedule = generateSchedule(seed, id);
  return {
    ...schedule,
    survivable: true,
    settings: { ...schedule.settings, fence: 'status', rateFarBytesPerSecond: null, ledger: false },
    faults: [
      {
        phase: 'disaster',
        afterMs: 0,
        fault: { kind: 'site-loss', site: 'production', power: false, returnAfterMs: null },
      },
    ],
    story: { ...schedule.story, kind: 'failover', controlCycles: 0, controlKills: [] },
  };
}

async function deviations(arrangement: Arrangement, seed: number, mutants: ReadonlySet<MutantName>): Promise<string[]> {
  const { takeover, protect, back, form } = arrangement.moves;
  const undisturbed = calm(arrangement, seed);
  const reference = await playSchedule(undisturbed, mutants);
  const found: string[] = [];
  for (const routine of [takeover, protect, back, form]) {
    for (const calls of CALLS) {
      const killed = { ...undisturbed, story: { ...undisturbed.story, controlKills: [{ routine, calls, slowMs: 0 }] } };
      const outcome = await playSchedule(killed, mutants);
      const violations = [...outcome.violations, ...crashEquivalence(reference.played.history, outcome.played.history)];
      found.push(
        ...violations.map(({ checker, text }) => `${routine}, killed after call ${calls}: ${checker}: ${text}`),
      );
    }
  }
  return found;
}

describe('a killed driver', () => {
  it.each(ARRANGEMENTS.map((arrangement) => [arrangement.id, arrangement] as const))(
    'changes nothing of how the story of %s ends',
    async (_id, arrangement) => {
      expect(await deviations(arrangement, 1, new Set())).toEqual([]);
    },
  );

  it('is told apart from one that takes a second generation', async () => {
    const [arrangement] = ARRANGEMENTS;
    if (!arrangement) throw new Error('there is no arrangement');
    const found = await deviations(arrangement, 1, new Set<MutantName>(['generation-raised-twice-on-resume']));
    expect(found.some((line) => line.includes('crash-equivalence'))).toBe(true);
  });
});
